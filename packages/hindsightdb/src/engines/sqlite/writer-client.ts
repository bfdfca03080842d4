/**
 * The caller's side of the writer thread: gathers what is asked for at about the same time into one message, and hands the
 * answers back in order. While one group is being written the next one gathers.
 */

import { Worker } from 'node:worker_threads';
import { HindsightError } from '../../core/errors.ts';
import type { AppendAnswer, AppendBatch, EngineStatistics, LogIdentity, NewEvent } from '../../engine/contract.ts';
import { packGroup, unpackAnswers, type GroupAnswer, type PackedAnswers } from './group-message.ts';
import type { WriterData, WriterReply, WriterRequest } from './protocol.ts';
import { fromPlainError } from './sqlite-errors.ts';

/** An append that waits for its group. */
interface Waiting {
  readonly batch: AppendBatch;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the interest in the signal. */
  readonly settle: () => void;
}

/** A message on its way, and what its reply is for. */
type Sent =
  | { readonly kind: 'group'; readonly members: readonly Waiting[] }
  | {
      readonly kind: 'request';
      readonly resolve: (reply: WriterReply) => void;
      readonly reject: (error: unknown) => void;
    };

/** A group is as much as has gathered, up to these bounds. */
const groupAppendsMax = 4096;
const groupBytesMax = 16 * 1024 * 1024;
/** Groups on their way at once: one that is written, and one behind it so that the writer does not wait for the message. */
const groupsOnTheWayMax = 2;

export interface WriterClientOptions {
  readonly data: WriterData;
  readonly now: () => number;
  readonly pendingAppendsMax: number;
  /** Called after every group that may have written something. */
  readonly onWritten: () => void;
}

/** Talks to one writer thread. */
export class WriterClient {
  readonly #worker: Worker;
  readonly #options: WriterClientOptions;
  readonly #waiting: Waiting[] = [];
  readonly #sent: Sent[] = [];
  #groupsOnTheWay = 0;
  #isFlushScheduled = false;
  #isClosing = false;
  #ended: Error | undefined;
  #closed: Promise<void> | undefined;

  private constructor(worker: Worker, options: WriterClientOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.on('message', (reply: WriterReply) => this.#receive(reply));
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', () => this.#end(new Error('The writer thread ended.')));
    worker.unref();
  }

  /** Starts a writer thread and waits until it has opened the store. */
  static async start(
    options: WriterClientOptions,
  ): Promise<{ readonly client: WriterClient; readonly identity: LogIdentity }> {
    // From the sources the thread runs its source as well.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: options.data, name: 'hindsight writer' });
    const reply = await new Promise<WriterReply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (reply.kind === 'ready') return { client: new WriterClient(worker, options), identity: reply.identity };
    await worker.terminate();
    throw reply.kind === 'failed'
      ? fromPlainError(reply.error)
      : new Error(`The writer thread began with ${reply.kind}.`);
  }

  /** Queues an append. Appends are written in the order of the calls. */
  append(batch: AppendBatch, signal: AbortSignal | undefined): Promise<AppendAnswer> {
    this.#assertOpen();
    signal?.throwIfAborted();
    const { pendingAppendsMax } = this.#options;
    if (this.#waiting.length >= pendingAppendsMax) {
      throw new HindsightError(
        'OVERLOADED',
        `${pendingAppendsMax} appends are waiting to be written. Nothing of this one was written; slow down, or raise pendingAppendsMax.`,
      );
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { batch, resolve, reject, settle: () => signal?.removeEventListener('abort', withdraw) };
      const withdraw = (): void => {
        const index = this.#waiting.indexOf(waiting);
        // What is on its way is awaited: it may be written.
        if (index === -1) return;
        this.#waiting.splice(index, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', withdraw, { once: true });
      this.#waiting.push(waiting);
      this.#scheduleFlush();
    });
  }

  /** Sends what has gathered when the present turn of the event loop has had its say: all who were woken together ask together. */
  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#groupsOnTheWay >= groupsOnTheWayMax) return;
    this.#isFlushScheduled = true;
    process.nextTick(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#groupsOnTheWay >= groupsOnTheWayMax) return;
    const members = this.#waiting.splice(0, groupSize(this.#waiting));
    this.#groupsOnTheWay += 1;
    this.#post(
      { kind: 'group', members },
      { kind: 'group', group: packGroup(members.map((member) => member.batch)), now: this.#options.now() },
    );
    this.#scheduleFlush();
  }

  #post(sent: Sent, request: WriterRequest): void {
    // The thread keeps the process alive exactly while something is owed.
    if (this.#sent.length === 0) this.#worker.ref();
    this.#sent.push(sent);
    this.#worker.postMessage(request);
  }

  /** Sends a request of another kind, behind what has gathered. */
  async request(request: WriterRequest): Promise<WriterReply> {
    this.#assertOpen();
    while (this.#waiting.length > 0) await this.#groupTurn();
    const reply = await new Promise<WriterReply>((resolve, reject) =>
      this.#post({ kind: 'request', resolve, reject }, request),
    );
    if (reply.kind === 'failed') throw fromPlainError(reply.error);
    return reply;
  }

  /** Resolves when the appends that wait now have been sent. */
  #groupTurn(): Promise<void> {
    return new Promise((resolve) => {
      const last = this.#waiting.at(-1);
      if (last === undefined) resolve();
      else setImmediate(resolve);
    });
  }

  async statistics(): Promise<EngineStatistics> {
    const reply = await this.request({ kind: 'statistics' });
    return { ...(reply.kind === 'statistics' && reply.statistics), 'writer.waiting': this.#waiting.length };
  }

  #receive(reply: WriterReply): void {
    const sent = this.#sent.shift();
    if (this.#sent.length === 0) this.#worker.unref();
    if (sent === undefined) return;
    if (sent.kind === 'request') {
      sent.resolve(reply);
      return;
    }
    this.#groupsOnTheWay -= 1;
    if (reply.kind === 'answers') this.#answer(sent.members, reply.answers);
    else if (reply.kind === 'failed') for (const member of sent.members) settle(member, reply);
    this.#options.onWritten();
    this.#scheduleFlush();
  }

  #answer(members: readonly Waiting[], packed: PackedAnswers): void {
    const answers = unpackAnswers(
      packed,
      members.map((member) => member.batch),
    );
    members.forEach((member, index) => settle(member, answers[index]));
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    const unknown = new HindsightError(
      'OUTCOME_UNKNOWN',
      'The writer thread ended before it answered; the append may or may not have been written. Sent again under the same key it is written once.',
      { cause: error },
    );
    for (const sent of this.#sent.splice(0)) {
      if (sent.kind === 'group') for (const member of sent.members) member.reject(unknown);
      else sent.reject(unknown);
    }
    for (const member of this.#waiting.splice(0))
      member.reject(
        new HindsightError('CLOSED', 'The writer thread ended; nothing of this append was written.', { cause: error }),
      );
  }

  #assertOpen(): void {
    if (this.#isClosing) throw new HindsightError('CLOSED', 'The store was closed.');
    if (this.#ended !== undefined)
      throw new HindsightError('CLOSED', 'The writer thread has ended; open the store again.', { cause: this.#ended });
  }

  /** Finishes what was accepted and ends the thread. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#ended === undefined) {
      const closing = this.request({ kind: 'close' });
      this.#isClosing = true;
      await closing;
    }
    this.#isClosing = true;
    await this.#worker.terminate();
  }
}

function groupSize(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [index, { batch }] of waiting.entries()) {
    for (const { events } of batch.streams) bytes += eventsLength(events);
    if (index > 0 && (index >= groupAppendsMax || bytes > groupBytesMax)) return index;
  }
  return waiting.length;
}

function eventsLength(events: readonly NewEvent[]): number {
  return events.reduce((length, event) => length + event.record.length, 0);
}

function settle(member: Waiting, answer: GroupAnswer | undefined): void {
  member.settle();
  if (answer === undefined) member.reject(new Error('The writer thread answered fewer appends than it was asked.'));
  else if (answer.kind === 'failed') member.reject(fromPlainError(answer.error));
  else member.resolve(answer);
}
