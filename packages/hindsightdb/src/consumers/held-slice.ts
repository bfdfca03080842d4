/**
 * A slice in the hands of its holder. Everything that is recorded for it goes through here, one write after the other, each
 * on the condition that the entry is still as this holder wrote it. So whoever was deposed records nothing.
 */

import { conflictError, HindsightError, isHindsightError } from '../core/errors.ts';
import type { PartitionPlace } from '../core/checkpoint.ts';
import type { Engine, KeyedWrite, SqlStatement } from '../store/engine-types.ts';
import { checkpointOf } from '../store/places.ts';
import { decodeSlice, encodeSlice, freshSlice, lasts, type SliceEntry } from './slice-entry.ts';
import { sliceKey } from './consumer-keys.ts';

/** What a slice is held with. */
export interface HolderSettings {
  readonly name: string;
  /** The member that holds it. */
  readonly member: string;
  readonly leaseMs: number;
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Where the entry lies. */
  readonly home: Engine;
  /** The log that is followed, whose places the checkpoint names. */
  readonly log: Engine;
}

/** What is recorded with the entry. */
export interface SliceCommit {
  /** The new place; absent: the slice stays where it is. */
  readonly places?: readonly PartitionPlace[];
  readonly keyedWrites?: readonly KeyedWrite[];
  readonly statements?: readonly SqlStatement[];
}

/** Tries to take a slice. Undefined when somebody else holds it, or was faster. */
export async function takeSlice(settings: HolderSettings, slice: number): Promise<HeldSlice | undefined> {
  const { name, home, member, leaseMs, now } = settings;
  const key = sliceKey(name, slice);
  const found = await home.keyedGet(key);
  const before = found === undefined ? freshSlice : decodeSlice(key, found.value);
  if (before.holder !== null && before.holder !== member && lasts(before.expiresAt, now())) return undefined;
  const entry: SliceEntry = {
    ...before,
    token: before.token + 1,
    holder: member,
    expiresAt: now() + leaseMs * 1000,
    writes: 0,
  };
  const write = { key, value: encodeSlice(entry), expectedRevision: found?.revision ?? 0 };
  if ((await home.keyedWrite([write])).length > 0) return undefined;
  const written = await home.keyedGet(key);
  const isOwn = written !== undefined && written.value === write.value;
  return isOwn ? new HeldSlice(settings, slice, { entry, revision: written.revision }) : undefined;
}

/** A slice that this process holds, as far as it knows. */
export class HeldSlice {
  readonly slice: number;
  readonly #settings: HolderSettings;
  readonly #key: string;
  readonly #lost = new AbortController();
  #entry: SliceEntry;
  #revision: number;
  /** The last write, which the next one waits for. */
  #writing: Promise<unknown> = Promise.resolve();

  /** Use `takeSlice`. */
  constructor(
    settings: HolderSettings,
    slice: number,
    taken: { readonly entry: SliceEntry; readonly revision: number },
  ) {
    this.#settings = settings;
    this.slice = slice;
    this.#key = sliceKey(settings.name, slice);
    this.#entry = taken.entry;
    this.#revision = taken.revision;
  }

  /** The entry as it was written last. */
  get entry(): SliceEntry {
    return this.#entry;
  }

  /** Aborted when the slice was lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Records, and renews the lease. Throws `FENCED` when the slice belongs to somebody else by now, and a `ConflictError` when
   * a revision that the writes expect is not the present one; then nothing was recorded.
   */
  commit(commit: SliceCommit): Promise<void> {
    return this.#serially(() => this.#commit(commit));
  }

  async #commit({ places, keyedWrites = [], statements = [] }: SliceCommit): Promise<void> {
    const { log, leaseMs, now } = this.#settings;
    await this.#write(
      {
        ...this.#entry,
        ...(places !== undefined && { checkpoint: checkpointOf(log, places) }),
        expiresAt: now() + leaseMs * 1000,
        writes: this.#entry.writes + 1,
      },
      keyedWrites,
      statements,
    );
  }

  /** Looks whether the slice is still this holder's, so that an intervention is noticed before anything is recorded. */
  async check(): Promise<void> {
    await this.#serially(async () => {
      if (this.#lost.signal.aborted) return;
      const found = await this.#settings.home.keyedGet(this.#key);
      if (found?.revision !== this.#revision) this.#lose();
    });
  }

  /** Renews the lease unless that happened in the last third of it. */
  async renew(): Promise<void> {
    const { leaseMs, now } = this.#settings;
    const isFresh = (): boolean => this.#entry.expiresAt - now() > (leaseMs * 1000 * 2) / 3;
    if (isFresh()) return;
    await this.#serially(async () => {
      if (!isFresh()) await this.#commit({});
    });
  }

  /** Gives the slice back, so that others need not wait for the lease to end. Does nothing when it was lost. */
  async release(): Promise<void> {
    await this.#serially(async () => {
      if (this.#lost.signal.aborted) return;
      await this.#write({ ...this.#entry, holder: null, expiresAt: 0, writes: this.#entry.writes + 1 }, [], []);
      this.#lost.abort();
    }).catch((error: unknown) => {
      if (!isHindsightError(error, 'FENCED')) throw error;
    });
  }

  /** Takes the entry away: the consumer was removed while it was taken. */
  async remove(): Promise<void> {
    await this.#serially(async () => {
      this.#lost.abort();
      await this.#settings.home.keyedWrite([{ key: this.#key, value: null, expectedRevision: this.#revision }]);
    });
  }

  async #write(
    entry: SliceEntry,
    keyedWrites: readonly KeyedWrite[],
    statements: readonly SqlStatement[],
  ): Promise<void> {
    if (this.#lost.signal.aborted) throw this.#fenced();
    const { home } = this.#settings;
    const own = { key: this.#key, value: encodeSlice(entry), expectedRevision: this.#revision };
    const writes = [own, ...keyedWrites];
    try {
      const conflicts =
        statements.length === 0
          ? await home.keyedWrite(writes)
          : await requiredSql(home).write({ keyedWrites: writes, statements });
      if (conflicts.some((conflict) => conflict.kind === 'keyedStore' && conflict.key === this.#key))
        throw this.#lose();
      if (conflicts.length > 0) throw conflictError(conflicts);
    } catch (error) {
      // Whether it was written, the entry tells: nobody else writes this very text.
      if (!isHindsightError(error, 'OUTCOME_UNKNOWN') || (await home.keyedGet(this.#key))?.value !== own.value)
        throw error;
    }
    const written = await home.keyedGet(this.#key);
    this.#entry = entry;
    // Taken over in the meantime: what was recorded stands, and is the last.
    if (written?.value !== own.value) this.#lose();
    else this.#revision = written.revision;
  }

  #lose(): HindsightError {
    this.#lost.abort();
    return this.#fenced();
  }

  #fenced(): HindsightError {
    const { name } = this.#settings;
    return new HindsightError(
      'FENCED',
      `Slice ${this.slice} of consumer ${name} is held by somebody else by now; nothing of this was recorded.`,
      { details: { name, slice: this.slice } },
    );
  }

  #serially<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#writing.then(work, work);
    this.#writing = next.catch(() => undefined);
    return next;
  }
}

function requiredSql(home: Engine): NonNullable<Engine['sql']> {
  if (home.sql !== undefined) return home.sql;
  throw new HindsightError('UNSUPPORTED', `The ${home.capabilities.engine} engine has no SQL.`);
}
