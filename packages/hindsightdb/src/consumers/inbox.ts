/**
 * The inbox: events that arrive from elsewhere, each taken once however often it is delivered, and in the order of its source
 * where that numbers them.
 */

import { argumentError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import { assertName, describe } from '../core/text.ts';
import type { AppendRequest, AppendResult } from '../store/append.ts';
import { assertFunction, assertKeyedName, assertObject, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { Store } from '../store/store.ts';
import { InboxLane } from './inbox-lane.ts';
import { InboxOrder, type InboxGap, type TakenInOrder } from './inbox-order.ts';
import type { SequenceRange } from './inbox-sequence.ts';
import { InboxWriter, type EncodedMessage } from './inbox-writer.ts';

/** What arrived, as far as an inbox needs to know it. */
export interface InboxMessage {
  /** Where it comes from: a queue, a topic, a partner. */
  readonly source: string;
  /** What the source calls it: the same on every delivery. */
  readonly id: string;
  /** To which entity of the source it belongs, where its numbers count for each entity by itself. */
  readonly key?: string;
  /** Its number, which grows by one from message to message of the source, or of the key. */
  readonly sequence?: number;
}

/** What a message leads to: an append, or undefined for nothing. */
export type InboxRequest<Input extends Event = Event> =
  | AppendRequest<Input>
  | ((message: InboxMessage) => AppendRequest<Input> | undefined | Promise<AppendRequest<Input> | undefined>);

/** What an inbox is opened with. */
export interface InboxOptions {
  /** Letters, digits and `._@-`. What was received is remembered under this name. */
  readonly name: string;
  /** For how long and how many messages are remembered: one is forgotten when it is older, or when so many came behind it. */
  readonly remember?: {
    /** Default 7 days. */
    readonly forMs?: number;
    /** Default 1,000,000. */
    readonly idsMax?: number;
  };
  /** Whether messages are taken as they arrive, or in the order of their numbers. Default `'arrival'`. */
  readonly order?: 'arrival' | 'sequence';
  /** How long a missing number is waited for, in milliseconds. Default 60,000. */
  readonly gapMs?: number;
  /** The number of the first message of a source or key. Default 1. */
  readonly firstSequence?: number;
  /** How many messages of a source or key may wait. Default 1,000; then further ones are refused with `INBOX_FULL`. */
  readonly waitingMax?: number;
  /** Told of numbers that were waited for long enough. */
  readonly onGap?: (gap: InboxGap) => void;
  /** Told of an error in the background, such as a message that waited and cannot be appended. */
  readonly onError?: (error: unknown) => void;
}

/** What became of a message. */
export type Received =
  | {
      readonly kind: 'appended';
      readonly result: AppendResult;
      /** It came after it had been given up, behind others that should have followed it. */
      readonly isLate?: true;
    }
  /** It led to no events. */
  | { readonly kind: 'ignored' }
  /** It was received before, and nothing was written. `result` is its first answer, as far as that is known by now. */
  | { readonly kind: 'duplicate'; readonly result: AppendResult | undefined }
  /** It came early: it is durable, and appended when those before it have come. */
  | { readonly kind: 'waiting'; readonly missing: SequenceRange };

const dayMs = 24 * 3_600_000;
const sweepMsMax = 10_000;

/** An open inbox. Made by {@link openInbox}. */
export class Inbox {
  readonly #store: Store;
  readonly #options: InboxOptions;
  readonly #lane: InboxLane;
  readonly #writer: InboxWriter;
  readonly #order: InboxOrder | undefined;
  readonly #sweep: ReturnType<typeof setInterval> | undefined;
  #sweeping: Promise<void> | undefined;
  #isClosed = false;

  /** Use `openInbox`. */
  constructor(store: Store, options: InboxOptions) {
    const { name, remember = {}, order = 'arrival', gapMs = 60_000, firstSequence = 1, waitingMax = 1000 } = options;
    const { forMs = 7 * dayMs, idsMax = 1_000_000 } = remember;
    const { engine, now, newId } = store.context;
    this.#store = store;
    this.#options = options;
    const bounds = { forMicros: forMs * 1000, idsMax };
    this.#lane = new InboxLane(engine, { inbox: name, id: newId(), bounds, now });
    this.#writer = new InboxWriter(store, name, this.#lane);
    if (order === 'arrival') return;
    const writer = this.#writer;
    const onGap = (gap: InboxGap): void => options.onGap?.(gap);
    const gapMicros = gapMs * 1000;
    this.#order = new InboxOrder({ inbox: name, engine, writer, firstSequence, waitingMax, gapMicros, now, onGap });
    this.#sweep = setInterval(() => void this.#sweepOnce(), Math.max(10, Math.min(gapMs / 2, sweepMsMax)));
    this.#sweep.unref();
  }

  /** Its name. */
  get name(): string {
    return this.#options.name;
  }

  /**
   * Receives a message: appends what it leads to and remembers it, in one decision. A message that was received before, here or
   * in another process, writes nothing and gets the first answer. Resolves when all that is durable; acknowledge it to its
   * source then.
   *
   * A function is called for new messages only, before anything is written, and may be called for one that turns out to be a
   * duplicate. With `order: 'sequence'` what it gives may be kept and appended later, so it has no conditions. Events get the
   * metadata `source` and, as `causationId`, the id of the message.
   */
  async receive<Input extends Event>(message: InboxMessage, request: InboxRequest<Input>): Promise<Received> {
    this.#assertOpen();
    assertMessage(this.#store, message);
    if (this.#order !== undefined) assertSequence(message);
    const known = await this.#writer.known(message);
    if (known !== undefined) return known;
    const encoded = await this.#encoded(message, request);
    const received = this.#order === undefined ? await this.#take(encoded) : await this.#takeInOrder(message, encoded);
    // What it forgets or not is not this message's concern: it was taken.
    await this.#lane.prune().catch((error: unknown) => this.#options.onError?.(error));
    return received;
  }

  /**
   * Stops waiting for what is missing of a source, or of a key: gives it up at once; or drops the message whose turn it is and
   * whose append is refused. Then lets go what waits behind it.
   */
  async skip(of: { readonly source: string; readonly key?: string }): Promise<void> {
    this.#assertOpen();
    assertObject('The sequence', of);
    const order = this.#order;
    if (order === undefined)
      throw argumentError('INVALID_ARGUMENT', 'An inbox that takes messages as they arrive waits for none.');
    const { source, key = '' } = of;
    await order.skip({ source, key });
    await order.letGo({ source, key });
  }

  /** Lets go what waits and whose turn it is, in any sequence, and gives up what was waited for long enough. Done by itself in the background too. */
  async letGo(): Promise<void> {
    this.#assertOpen();
    await this.#order?.letGoAll();
  }

  /** Stops what is done in the background. Messages that wait are let go by whoever opens the inbox next. Calling it again changes nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    await this.#sweeping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #encoded<Input extends Event>(message: InboxMessage, request: InboxRequest<Input>): Promise<EncodedMessage> {
    const given = typeof request === 'function' ? await request(message) : request;
    if (given !== undefined) assertObject('What a message leads to', given);
    const encoded = await this.#writer.encode(message, given);
    const isBound =
      encoded.append?.condition !== undefined ||
      encoded.streams.some(({ expectedVersion = 'any' }) => expectedVersion !== 'any');
    if (this.#order !== undefined && isBound)
      throw argumentError(
        'INVALID_ARGUMENT',
        'With order: sequence an append has no condition and no expectedVersion: it may have to wait, and must not be refused then.',
      );
    return encoded;
  }

  async #take(message: EncodedMessage): Promise<Received> {
    for (;;) {
      const taken = await this.#writer.take(message);
      // It was forgotten while it was being compared: then it is new.
      if (taken.kind !== 'changed') return taken;
    }
  }

  async #takeInOrder({ source, key = '', sequence = 0 }: InboxMessage, message: EncodedMessage): Promise<Received> {
    const order = this.#order;
    if (order === undefined) throw new Error('Only an ordered inbox takes messages in order.');
    const taken = await order.take({ source, key }, sequence, message);
    // What it let go is not this message's concern: it was taken, whatever becomes of the others.
    await order.letGo({ source, key }).catch((error: unknown) => this.#options.onError?.(error));
    return receivedOf(taken);
  }

  async #sweepOnce(): Promise<void> {
    if (this.#sweeping !== undefined || this.#isClosed) return;
    this.#sweeping = this.#order?.letGoAll().catch((error: unknown) => this.#options.onError?.(error));
    await this.#sweeping;
    this.#sweeping = undefined;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw argumentError('CLOSED', `The inbox ${this.name} was closed.`);
  }
}

/**
 * Opens an inbox over a store. Several processes may open the same one. Throws a `TypeError` for wrong options.
 *
 * ```ts
 * import { openStore } from 'hindsightdb';
 * import { openInbox } from 'hindsightdb/consumers';
 *
 * const store = await openStore('./shop.db');
 * await using inbox = openInbox(store, { name: 'payments', remember: { forMs: 30 * 24 * 3_600_000 } });
 *
 * const received = await inbox.receive({ source: 'bank', id: 'transfer-551' }, {
 *   streams: [{ streamId: 'order-75', events: [{ type: 'OrderPaid', data: { cents: 1200 } }] }],
 * });
 * console.log(received.kind);
 * ```
 */
export function openInbox(store: AnyStore, options: InboxOptions): Inbox {
  contextOf(store);
  assertInboxOptions(options);
  // Every store has the members that an inbox uses, whatever events it declares.
  return new Inbox(store as Store, options);
}

function receivedOf(taken: TakenInOrder): Received {
  if (taken.kind !== 'late') return taken;
  return taken.taken.kind === 'appended' ? { ...taken.taken, isLate: true } : taken.taken;
}

function assertMessage(store: Store, message: InboxMessage): void {
  assertObject('A message', message);
  const { idBytesMax } = store.context.limits;
  const { source, id, key } = message;
  assertName('source', source, idBytesMax);
  assertName('The id of a message', id, idBytesMax);
  if (key !== undefined) assertName('key', key, idBytesMax);
}

function assertSequence({ sequence }: InboxMessage): void {
  assertWhole('sequence', sequence, { min: 0, max: Number.MAX_SAFE_INTEGER });
}

function assertInboxOptions(options: InboxOptions): void {
  assertObject('options', options);
  const { name, remember = {}, gapMs = 60_000, firstSequence = 1, waitingMax = 1000, onGap, onError } = options;
  const order: unknown = options.order ?? 'arrival';
  assertKeyedName('The name of an inbox', name);
  assertObject('remember', remember);
  const { forMs = 7 * dayMs, idsMax = 1_000_000 } = remember;
  assertWhole('remember.forMs', forMs, { min: 1, max: 1e13 });
  assertWhole('remember.idsMax', idsMax, { min: 1, max: 1e12 });
  if (order !== 'arrival' && order !== 'sequence')
    throw argumentError('INVALID_ARGUMENT', `order must be 'arrival' or 'sequence', not ${describe(order)}.`);
  assertWhole('gapMs', gapMs, { min: 1, max: 1e12 });
  assertWhole('firstSequence', firstSequence, { min: 0, max: Number.MAX_SAFE_INTEGER });
  assertWhole('waitingMax', waitingMax, { min: 1, max: 10_000 });
  assertFunction('onGap', onGap, { isOptional: true });
  assertFunction('onError', onError, { isOptional: true });
}
