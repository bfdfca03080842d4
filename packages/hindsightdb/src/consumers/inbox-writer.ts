/** Writing what a message leads to, together with the memory of the message: one decision, taken once. */

import type { ExpectedVersion } from '../core/condition.ts';
import { argumentError, isHindsightError } from '../core/errors.ts';
import { prepareAppend, resultOf, userAppend } from '../store/append.ts';
import type { AppendRequest, AppendResult, InternalAppend, NewEvent } from '../store/append.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { Store } from '../store/store.ts';
import { memoryKey } from './inbox-keys.ts';
import type { InboxLane } from './inbox-lane.ts';
import { decodeRemembered, encodeRemembered, firstAnswer, rememberedOf, type Remembered } from './inbox-memory.ts';

/** What tells a message from all others. */
export interface MessageId {
  readonly source: string;
  readonly id: string;
}

/** What a message leads to, encoded; without streams: nothing. */
export interface EncodedMessage extends MessageId {
  readonly streams: readonly EncodedStream[];
  readonly append?: Pick<InternalAppend, 'condition' | 'signal'>;
}

/** The events of one stream, encoded. */
export interface EncodedStream {
  readonly streamId: string;
  readonly encoded: readonly NewEvent[];
  readonly expectedVersion?: ExpectedVersion;
}

/** What became of a message. */
export type Taken =
  | { readonly kind: 'appended'; readonly result: AppendResult }
  | { readonly kind: 'ignored' }
  /** It was received before; `result` is its first answer, where it had one. */
  | { readonly kind: 'duplicate'; readonly result: AppendResult | undefined }
  /** Something else that was written with it is not as expected any more; nothing was written. */
  | { readonly kind: 'changed' };

/** What is written beside. */
export interface Beside {
  readonly keyedWrites?: readonly KeyedWrite[];
  /** The revision of the message's memory, for one that waited. Default 0: it is new. */
  readonly memoryRevision?: number;
}

/** Writes messages of one inbox. */
export class InboxWriter {
  readonly #store: Store;
  readonly #inbox: string;
  readonly #lane: InboxLane;

  constructor(store: Store, inbox: string, lane: InboxLane) {
    this.#store = store;
    this.#inbox = inbox;
    this.#lane = lane;
  }

  /** What a message that was received before was answered; undefined for one that is new. */
  async known({ source, id }: MessageId): Promise<(Taken & { readonly kind: 'duplicate' }) | undefined> {
    const { engine } = this.#store.context;
    const entry = await engine.keyedGet(memoryKey(this.#inbox, source, id));
    if (entry === undefined) return undefined;
    return { kind: 'duplicate', result: await firstAnswer(engine, decodeRemembered(entry)) };
  }

  /** Checks and encodes what a message leads to. */
  async encode({ source, id }: MessageId, request: AppendRequest | undefined): Promise<EncodedMessage> {
    if (request === undefined) return { source, id, streams: [] };
    const { key, keyRetentionMs, metadata, ...append } = userAppend(request);
    if (key !== undefined || keyRetentionMs !== undefined)
      throw argumentError(
        'INVALID_ARGUMENT',
        'An append of an inbox has no key: it is known by the source and the id.',
      );
    const named = { ...append, metadata: { source, causationId: id, ...metadata } };
    const { batch } = await prepareAppend(this.#store.context, named);
    return {
      source,
      id,
      streams: batch.streams.map(({ streamId, events: encoded, expectedVersion }) => ({
        streamId,
        encoded,
        expectedVersion,
      })),
      append: {
        ...(append.condition !== undefined && { condition: append.condition }),
        ...(append.signal !== undefined && { signal: append.signal }),
      },
    };
  }

  /** Takes a message, unless it was received before. Throws what refuses its append. */
  async take(message: EncodedMessage, beside: Beside = {}): Promise<Taken> {
    const remembered: Remembered =
      message.streams.length === 0
        ? { state: 'ignored' }
        : await rememberedOf(this.#store.context.engine, message.streams);
    return await this.#write(message, remembered, beside);
  }

  /** Remembers a message that comes early, with what keeps it. */
  async keep(message: EncodedMessage, keyedWrites: readonly KeyedWrite[]): Promise<Taken> {
    return await this.#write(
      { source: message.source, id: message.id, streams: [] },
      { state: 'waiting' },
      { keyedWrites },
    );
  }

  async #write(message: EncodedMessage, remembered: Remembered, beside: Beside): Promise<Taken> {
    const { keyedWrites = [], memoryRevision = 0 } = beside;
    const key = memoryKey(this.#inbox, message.source, message.id);
    const memory = { key, value: encodeRemembered(remembered), expectedRevision: memoryRevision };
    // One that waited has its place among the messages since it came.
    const place = memoryRevision === 0 ? this.#lane.next(key) : undefined;
    const inLane = place === undefined ? [] : [{ key: place.key, value: place.value }];
    try {
      const taken = await this.#commit(message, { memory, keyedWrites: [memory, ...inLane, ...keyedWrites] });
      const isWritten = taken.kind === 'appended' || taken.kind === 'ignored';
      if (!isWritten && place !== undefined) this.#lane.release(place.number);
      return taken;
    } catch (error) {
      // Where it may have been written, its number is taken.
      if (place !== undefined && !isHindsightError(error, 'OUTCOME_UNKNOWN')) this.#lane.release(place.number);
      throw error;
    }
  }

  async #commit(
    message: EncodedMessage,
    { memory, keyedWrites }: { readonly memory: KeyedWrite; readonly keyedWrites: readonly KeyedWrite[] },
  ): Promise<Taken> {
    const { engine } = this.#store.context;
    const { streams, append } = message;
    const answer =
      streams.length === 0
        ? { kind: 'conflict' as const, conflicts: await engine.keyedWrite(keyedWrites) }
        : await this.#store.appendInternal({ ...append, streams, isReservedAllowed: false, keyedWrites });
    if (answer.kind === 'appended') return { kind: 'appended', result: resultOf(engine, answer) };
    if (answer.kind === 'duplicate') return { kind: 'duplicate', result: resultOf(engine, answer) };
    if (answer.kind !== 'conflict') throw notReached(answer);
    if (answer.conflicts.length === 0) return { kind: 'ignored' };
    const isOf = (write: KeyedWrite): boolean =>
      answer.conflicts.some((conflict) => conflict.kind === 'keyedStore' && conflict.key === write.key);
    if (isOf(memory)) return memory.expectedRevision === 0 ? await this.#firstOf(message) : { kind: 'changed' };
    if (keyedWrites.some(isOf)) return { kind: 'changed' };
    return { kind: 'appended', result: resultOf(engine, answer) };
  }

  async #firstOf(message: MessageId): Promise<Taken> {
    return (await this.known(message)) ?? { kind: 'changed' };
  }
}

function notReached(answer: { readonly kind: string }): Error {
  return new Error(`An append without a key was answered ${answer.kind}.`);
}
