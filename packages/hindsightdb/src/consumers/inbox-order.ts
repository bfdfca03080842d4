/** Taking messages in the order of their source's numbers, and letting go those that wait. */

import { HindsightError } from '../core/errors.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import {
  endOfSequence,
  memoryKey,
  placeOfWaitingKey,
  sequenceKey,
  waitingKey,
  waitingPrefix,
  type SequencePlace,
} from './inbox-keys.ts';
import {
  decodeWaiting,
  isMissed,
  missingOf,
  passed,
  readSequence,
  withoutMissed,
  withoutMissing,
  withWaiting,
  type SequenceRange,
  type SequenceState,
  type StoredSequence,
} from './inbox-sequence.ts';
import type { EncodedMessage, InboxWriter, Taken } from './inbox-writer.ts';

/** What an ordered inbox works with. */
export interface OrderSettings {
  readonly inbox: string;
  readonly engine: Engine;
  readonly writer: InboxWriter;
  readonly firstSequence: number;
  readonly waitingMax: number;
  readonly gapMicros: number;
  /** Microseconds since 1970. */
  readonly now: () => number;
  readonly onGap: (gap: InboxGap) => void;
}

/** Messages that were waited for long enough. */
export interface InboxGap {
  readonly source: string;
  readonly key: string;
  /** The numbers that are missing, both included. They are still taken when they come. */
  readonly missing: SequenceRange;
}

/** What became of a message in its sequence. */
export type TakenInOrder =
  | Exclude<Taken, { readonly kind: 'changed' }>
  /** It came after it was given up, and was taken all the same. */
  | { readonly kind: 'late'; readonly taken: Exclude<Taken, { readonly kind: 'changed' }> }
  | { readonly kind: 'waiting'; readonly missing: SequenceRange };

/** A message that waited and was let go. */
export interface LetGo {
  readonly id: string;
  readonly sequence: number;
  readonly taken: Exclude<Taken, { readonly kind: 'changed' }>;
}

/** How often is begun anew when other processes change the same sequence. */
const triesMax = 1000;

/** Takes the messages of every sequence of an inbox. */
export class InboxOrder {
  readonly #settings: OrderSettings;

  constructor(settings: OrderSettings) {
    this.#settings = settings;
  }

  /** Takes a message in its turn, or keeps it until then. Throws `INBOX_FULL` when too many wait. */
  async take(place: SequencePlace, sequence: number, message: EncodedMessage): Promise<TakenInOrder> {
    return await this.#untilUnchanged(async () => {
      const known = await this.#settings.writer.known(message);
      if (known !== undefined) return known;
      const stored = await this.#read(place);
      const { state } = stored;
      // Its number came before, under another id, or so long ago that the id is forgotten.
      if (state.waiting.some((each) => each.sequence === sequence)) return { kind: 'duplicate', result: undefined };
      if (sequence > state.next) return await this.#keep({ place, sequence, message }, stored);
      if (sequence === state.next)
        return await this.#settings.writer.take(message, this.#beside(place, stored, passed(state, sequence)));
      if (!isMissed(state, sequence)) return { kind: 'duplicate', result: undefined };
      const beside = this.#beside(place, stored, withoutMissed(state, sequence));
      const taken = await this.#settings.writer.take(message, beside);
      return taken.kind === 'changed' ? taken : { kind: 'late', taken };
    });
  }

  /**
   * Lets go what waits and whose turn it is, in order, and gives up what was waited for long enough. Throws what refuses the
   * append of one that waited: it then stays the first in its sequence.
   */
  async letGo(place: SequencePlace): Promise<readonly LetGo[]> {
    const all: LetGo[] = [];
    for (;;) {
      const one = await this.#untilUnchanged(async () => await this.#letGoFirst(place));
      if (one.kind === 'none') return all;
      if (one.kind === 'letGo') all.push(one.message);
    }
  }

  /** Lets go what waits in any sequence. */
  async letGoAll(): Promise<void> {
    const prefix = waitingPrefix(this.#settings.inbox);
    for (let after: string | undefined; ;) {
      const [entry] = await this.#settings.engine.keyedScan({
        prefix,
        limit: 1,
        ...(after !== undefined && { after }),
      });
      if (entry === undefined) return;
      await this.letGo(placeOfWaitingKey(entry.key));
      after = endOfSequence(entry.key);
    }
  }

  /** Gives up what is missing, or drops the message whose turn it is and whose append is refused. */
  async skip(place: SequencePlace): Promise<void> {
    const { inbox, onGap } = this.#settings;
    await this.#untilUnchanged(async () => {
      const stored = await this.#read(place);
      const { state } = stored;
      const missing = missingOf(state);
      const [first] = state.waiting;
      if (first === undefined) return { kind: 'none' };
      const next = missing === undefined ? passed(state, first.sequence) : withoutMissing(state, missing);
      const waiting = { key: waitingKey(inbox, place, first.sequence), value: null };
      const { keyedWrites } = this.#beside(place, stored, next);
      const writes = missing === undefined ? [...keyedWrites, waiting] : keyedWrites;
      if ((await this.#settings.engine.keyedWrite(writes)).length > 0) return { kind: 'changed' };
      if (missing !== undefined) onGap({ ...place, missing });
      return { kind: 'none' };
    });
  }

  async #keep(
    {
      place,
      sequence,
      message,
    }: { readonly place: SequencePlace; readonly sequence: number; readonly message: EncodedMessage },
    stored: StoredSequence,
  ): Promise<TakenInOrder | { readonly kind: 'changed' }> {
    const { inbox, waitingMax, now, writer } = this.#settings;
    const { state } = stored;
    if (state.waiting.length >= waitingMax) throw this.#full(place, state);
    const next = withWaiting(state, { sequence, at: now() });
    const { id, streams } = message;
    const value = JSON.stringify({ id, streams: streams.map(({ streamId, encoded }) => ({ streamId, encoded })) });
    const { keyedWrites } = this.#beside(place, stored, next);
    const waiting = { key: waitingKey(inbox, place, sequence), value };
    const kept = await writer.keep(message, [...keyedWrites, waiting]);
    if (kept.kind !== 'ignored') return kept;
    return { kind: 'waiting', missing: missingOf(next) ?? { from: state.next, to: sequence - 1 } };
  }

  async #letGoFirst(
    place: SequencePlace,
  ): Promise<{ readonly kind: 'none' | 'changed' | 'gap' } | { readonly kind: 'letGo'; readonly message: LetGo }> {
    const { inbox, engine, gapMicros, now, onGap, writer } = this.#settings;
    const stored = await this.#read(place);
    const { state } = stored;
    const [first] = state.waiting;
    if (first === undefined) return { kind: 'none' };
    const missing = missingOf(state);
    if (missing !== undefined) {
      const since = Math.min(...state.waiting.map(({ at }) => at));
      if (now() - since < gapMicros) return { kind: 'none' };
      const { keyedWrites } = this.#beside(place, stored, withoutMissing(state, missing));
      if ((await engine.keyedWrite(keyedWrites)).length > 0) return { kind: 'changed' };
      onGap({ ...place, missing });
      return { kind: 'gap' };
    }
    const key = waitingKey(inbox, place, first.sequence);
    const entry = await engine.keyedGet(key);
    // Somebody else has let it go since the state was read.
    if (entry === undefined) return { kind: 'changed' };
    const { id, streams } = decodeWaiting(entry);
    const memory = await engine.keyedGet(memoryKey(inbox, place.source, id));
    const keyedWrites = [
      ...this.#beside(place, stored, passed(state, first.sequence)).keyedWrites,
      { key, value: null },
    ];
    const message = { source: place.source, id, streams };
    const taken = await writer.take(message, { keyedWrites, memoryRevision: memory?.revision ?? 0 });
    if (taken.kind === 'changed') return taken;
    if (taken.kind === 'duplicate' && (await engine.keyedWrite(keyedWrites)).length > 0) return { kind: 'changed' };
    return { kind: 'letGo', message: { id, sequence: first.sequence, taken } };
  }

  async #read(place: SequencePlace): Promise<StoredSequence> {
    const { engine, inbox, firstSequence } = this.#settings;
    return await readSequence(engine, { inbox, place, firstSequence });
  }

  #beside(
    place: SequencePlace,
    { revision }: StoredSequence,
    state: SequenceState,
  ): { readonly keyedWrites: readonly KeyedWrite[] } {
    const key = sequenceKey(this.#settings.inbox, place);
    return { keyedWrites: [{ key, value: JSON.stringify(state), expectedRevision: revision }] };
  }

  /** Does it again as long as somebody else changes the sequence in between. */
  async #untilUnchanged<Outcome extends { readonly kind: string }>(
    work: () => Promise<Outcome>,
  ): Promise<Exclude<Outcome, { readonly kind: 'changed' }>> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const outcome = await work();
      // What is left of the union without that kind, the compiler cannot see of a type parameter.
      if (outcome.kind !== 'changed') return outcome as Exclude<Outcome, { readonly kind: 'changed' }>;
    }
    throw new HindsightError('OVERLOADED', 'Others change the sequence all the time; nothing was written.');
  }

  #full({ source, key }: SequencePlace, state: SequenceState): HindsightError {
    const { inbox, waitingMax } = this.#settings;
    const missing = missingOf(state);
    return new HindsightError(
      'INBOX_FULL',
      `The inbox ${inbox} holds ${waitingMax} messages of ${JSON.stringify(source)} that wait for number ${state.next}, and takes no more. Nothing of this one was written; deliver it again later.`,
      { details: { inbox, source, key, missing } },
    );
  }
}
