/**
 * An entity folded step by step, stopping at each version that is asked for. Its stream is read once, as long as the versions
 * do not go back.
 */

import type { Decider } from '../core/decider.ts';
import type { Event, RecordedEvent } from '../core/event.ts';
import { foldEvents, initialStateOf } from '../core/fold.ts';
import { reasonOf } from '../core/text.ts';
import { decodeStored, recordedAs, upcastAll } from '../store/decode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { readStreamPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';

/** That a state or events cannot be had: because of the code that is tried, or because of what is stored. */
export type Unknown =
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'undecidable'; readonly reason: string };

/** A state, or why there is none. */
export type KnownState = { readonly kind: 'state'; readonly state: unknown } | Unknown;

/** The events behind a version, or why they cannot be had. */
export type KnownEvents = { readonly kind: 'events'; readonly events: readonly RecordedEvent[] } | Unknown;

/** One entity under one decider. */
export class EntityReplay {
  readonly #context: StoreContext;
  readonly #decider: Decider<unknown, unknown, Event>;
  readonly #streamId: string;
  readonly #signal: AbortSignal;
  #state: unknown;
  /** What the state includes. */
  #version = 0;
  /** Read and not folded yet. */
  #ahead: readonly RecordedEvent[] = [];
  #readTo = 0;
  /** From which version on nothing can be read, and why. */
  #end: { readonly version: number; readonly why: Unknown } | undefined;
  /** From which version on nothing can be folded, and why. */
  #unfolded: { readonly version: number; readonly why: Unknown } | undefined;
  /** The first version that the settings of the stream show. */
  #firstShown = 1;
  #isBegun = false;

  constructor(
    context: StoreContext,
    decider: Decider<unknown, unknown, Event>,
    { streamId, signal }: { readonly streamId: string; readonly signal: AbortSignal },
  ) {
    this.#context = context;
    this.#decider = decider;
    this.#streamId = streamId;
    this.#signal = signal;
  }

  /** The state that a version of the stream has. */
  async stateAt(version: number): Promise<KnownState> {
    try {
      if (!this.#isBegun || version < this.#version) this.#begin();
    } catch (error) {
      return { kind: 'failed', error };
    }
    const why = version === 0 ? undefined : await this.#readThrough(version);
    if (why !== undefined) return why;
    if (this.#unfolded !== undefined && version >= this.#unfolded.version) return this.#unfolded.why;
    const folded = this.#ahead.filter((event) => event.version <= version);
    try {
      this.#state = foldEvents(this.#decider, this.#state, recordedAs<Event>(folded));
    } catch (error) {
      this.#unfolded = { version, why: { kind: 'failed', error } };
      return this.#unfolded.why;
    }
    this.#version = version;
    this.#ahead = this.#ahead.filter((event) => event.version > version);
    return { kind: 'state', state: this.#state };
  }

  /** Goes on to a version without folding, for decisions that rest on other events than those of the entity. */
  passTo(version: number): void {
    if (version < this.#version) this.#rewind();
    this.#version = version;
    this.#ahead = this.#ahead.filter((event) => event.version > version);
  }

  /** So many events behind the version whose state was asked for last, as this code reads them. */
  async eventsBehind(version: number, count: number): Promise<KnownEvents> {
    const last = version + count;
    const why = count === 0 ? undefined : await this.#readThrough(last);
    if (why !== undefined) return why;
    if (count > 0 && version + 1 < this.#firstShown) return hidden;
    return { kind: 'events', events: this.#ahead.filter((event) => event.version > version && event.version <= last) };
  }

  #begin(): void {
    this.#state = initialStateOf(this.#decider);
    this.#isBegun = true;
    this.#rewind();
  }

  #rewind(): void {
    this.#version = 0;
    this.#ahead = [];
    this.#readTo = 0;
    this.#end = undefined;
    this.#unfolded = undefined;
    this.#firstShown = 1;
  }

  async #readThrough(version: number): Promise<Unknown | undefined> {
    while (this.#readTo < version && this.#end === undefined) {
      const isRead = await this.#readOn(version);
      if (!isRead) return hidden;
    }
    if (this.#end !== undefined && version >= this.#end.version) return this.#end.why;
    return version < this.#firstShown ? hidden : undefined;
  }

  /** Reads pages until one holds the version. False where the stream shows nothing more. */
  async #readOn(version: number): Promise<boolean> {
    let isRead = false;
    const from = { fromVersion: this.#readTo + 1, signal: this.#signal };
    for await (const { events } of readStreamPages(this.#context, this.#streamId, from)()) {
      const [first] = events;
      if (first === undefined) continue;
      if (this.#readTo === 0 && first.version > 1) await this.#noteHidden(first);
      isRead = true;
      await this.#take(events);
      if (this.#end !== undefined || this.#readTo >= version) return true;
    }
    return isRead;
  }

  /** What count and age hide was there when the commands were decided, and is not cut where a state begins. */
  async #noteHidden({ version }: StoredEvent): Promise<void> {
    const { settings } = await this.#context.engine.streamInfo(this.#streamId);
    this.#firstShown = version;
    if (settings?.truncateBefore !== version) this.#end = { version: 0, why: hidden };
  }

  async #take(stored: readonly StoredEvent[]): Promise<void> {
    const read = await this.#decoded(stored);
    this.#ahead = this.#ahead.length === 0 ? read : [...this.#ahead, ...read];
    this.#readTo = stored.at(-1)?.version ?? this.#readTo;
  }

  /** Up to the first event that cannot be read, which is remembered. */
  async #decoded(stored: readonly StoredEvent[]): Promise<readonly RecordedEvent[]> {
    let decoded: readonly RecordedEvent[];
    try {
      decoded = await decodeStored(this.#context, stored);
    } catch (error) {
      const why = { kind: 'undecidable', reason: `Its events cannot be read: ${reasonOf(error)}` } as const;
      return await this.#oneByOne(stored, why);
    }
    try {
      return upcastAll(this.#context, decoded);
    } catch (error) {
      return await this.#oneByOne(stored, { kind: 'failed', error });
    }
  }

  async #oneByOne(stored: readonly StoredEvent[], why: Unknown): Promise<readonly RecordedEvent[]> {
    const [first] = stored;
    if (first === undefined) return [];
    if (stored.length === 1) {
      this.#end ??= { version: first.version, why };
      return [];
    }
    const read: RecordedEvent[] = [];
    for (const event of stored) {
      read.push(...(await this.#decoded([event])));
      if (this.#end !== undefined) break;
    }
    return read;
  }
}

const hidden: Unknown = {
  kind: 'undecidable',
  reason: 'The settings of its stream hide events that the state is made of.',
};
