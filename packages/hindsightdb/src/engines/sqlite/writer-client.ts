/**
 * The caller's side of the writer thread: gathers what is asked for at about the same time into one message, and hands the
 * answers back in order. While one group is being written the next one gathers.
 */

import { Worker } from 'node:worker_threads';
import { abortReason, whenAborted } from '../../core/abort.ts';
import { HindsightError } from '../../core/errors.ts';
import type { AppendAnswer, EngineStatistics, LogIdentity } from '../../engine/contract.ts';
import { packGroup, unpackAnswers, type GroupAnswer, type GroupMember, type PackedAnswers } from './group-message.ts';
import type { WriterData, WriterReply, WriterRequest } from './protocol.ts';
import { lengthOfStatements } from './sql-message.ts';
import { fromPlainError } from './sqlite-errors.ts';

/** An append, or a write without streams, that waits for its group. */
interface WaitingAppend {
  readonly kind: 'append';
  readonly batch: GroupMember;
  readonly length: number;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the interest in the signal. */
  readonly settle: () => void;
}

/** A request of another kind that waits for its turn. */
interface WaitingRequest {
  readonly kind: 'request';
  readonly request: WriterRequest;
  readonly resolve: (reply: WriterReply) => void;
  readonly reject: (error: unknown) => void;
}

/** A message on its way, and what its reply is for. */
type Sent = { readonly kind: 'group'; readonly members: readonly WaitingAppend[] } | WaitingRequest;

/** A group is as much as has gathered, up to these bounds. */
const groupAppendsMax = 4096;
const groupLengthMax = 16 * 1024 * 1024;
/** How many events are sent at once without waiting for more: the writer begins with them while the rest gathers. */
const sendAtOnceMin = 16;
/** Messages on their way at once. What gathers beyond them makes larger groups. */
const messagesOnTheWayMax = 16;
/** How much may wait, in characters of records, beside the bound on the number of appends. */
const pendingLengthMax = 256 * 1024 * 1024;
/** Of the thread's young objects. Little outlives a group there, so the 100 MB that V8 would take bring nothing. */
const youngGenerationMbMax = 24;

/** What a writer thread is started with and bounded by. */
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
  /** In the order of the calls. */
  readonly #waiting: (WaitingAppend | WaitingRequest)[] = [];
  readonly #sent: Sent[] = [];
  #pendingLength = 0;
  /** Events of appends that came in since something was sent. */
  #gathered = 0;
  #isFlushScheduled = false;
  #isClosing = false;
  #ended: Error | undefined;
  #closed: Promise<void> | undefined;

  private constructor(worker: Worker, options: WriterClientOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.on('message', (reply: WriterReply) => this.#receive(reply));
    worker.on('error', (error: Error) => this.#end(error));
    worker.on('exit', () => this.#end(new Error('The writer thread ended.')));
    worker.unref();
  }

  /** Starts a writer thread and waits until it has opened the store. */
  static async start(
    options: WriterClientOptions,
  ): Promise<{ readonly client: WriterClient; readonly identity: LogIdentity }> {
    // From the sources the thread runs its source as well.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: options.data,
      name: 'hindsight writer',
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMbMax },
    });
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

  /**
   * Queues an append, or a write without streams, which is never refused for lack of room: appends are held back by their
   * own bound, and who writes what was read waits for the answer. All is written in the order of the calls.
   */
  append(batch: GroupMember, signal: AbortSignal | undefined): Promise<AppendAnswer> {
    this.#assertOpen();
    signal?.throwIfAborted();
    const length = lengthOf(batch);
    if (batch.streams.length > 0) this.#assertRoom(length);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#pendingLength -= length;
        endInterest?.();
      };
      const waiting: WaitingAppend = { kind: 'append', batch, length, resolve, reject, settle };
      const withdraw = (): void => {
        const index = this.#waiting.indexOf(waiting);
        // What is on its way is awaited: it may be written.
        if (index === -1 || signal === undefined) return;
        this.#waiting.splice(index, 1);
        settle();
        reject(abortReason(signal));
      };
      const endInterest = signal && whenAborted(signal, withdraw);
      this.#pendingLength += length;
      this.#waiting.push(waiting);
      this.#gathered += batch.streams.reduce((count, { events }) => count + events.length, 0);
      if (this.#gathered >= sendAtOnceMin) this.#flush();
      else this.#scheduleFlush();
    });
  }

  #assertRoom(length: number): void {
    const { pendingAppendsMax } = this.#options;
    if (this.#waiting.length >= pendingAppendsMax) {
      throw new HindsightError(
        'OVERLOADED',
        `${pendingAppendsMax} appends are waiting to be written. Nothing of this one was written; slow down, or raise pendingAppendsMax.`,
      );
    }
    // One append alone always has room: the limits of an append are below this bound.
    if (this.#pendingLength > 0 && this.#pendingLength + length > pendingLengthMax) {
      throw new HindsightError(
        'OVERLOADED',
        `Appends of ${this.#pendingLength} characters are waiting to be written. Nothing of this one was written; slow down.`,
      );
    }
  }

  /** Sends a request of another kind, behind everything that was asked for before. */
  async request(request: WriterRequest): Promise<WriterReply> {
    this.#assertOpen();
    const reply = await new Promise<WriterReply>((resolve, reject) => {
      this.#waiting.push({ kind: 'request', request, resolve, reject });
      this.#scheduleFlush();
    });
    if (reply.kind === 'failed') throw fromPlainError(reply.error);
    return reply;
  }

  /** What the writer counts. */
  async statistics(): Promise<EngineStatistics> {
    const reply = await this.request({ kind: 'statistics' });
    return { ...(reply.kind === 'statistics' && reply.statistics), 'writer.waiting': this.#waiting.length };
  }

  /** Sends what has gathered when the present turn of the event loop has had its say: all who were woken together ask together. */
  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#waiting.length === 0 || this.#sent.length >= messagesOnTheWayMax) return;
    this.#isFlushScheduled = true;
    process.nextTick(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const first = this.#waiting[0];
    if (first === undefined || this.#ended !== undefined || this.#sent.length >= messagesOnTheWayMax) return;
    if (first.kind === 'request') {
      this.#waiting.shift();
      this.#post(first, first.request);
    } else {
      const members = takeGroup(this.#waiting);
      this.#postGroup(members);
    }
    this.#scheduleFlush();
  }

  #postGroup(members: readonly WaitingAppend[]): void {
    try {
      const group = packGroup(members.map((member) => member.batch));
      this.#post({ kind: 'group', members }, { kind: 'group', group, now: this.#options.now() });
    } catch (error) {
      // A clock of the user's failed; nothing was sent, and nobody else is there to be told.
      const reason = error instanceof Error ? error : new Error('The clock failed.', { cause: error });
      for (const member of members) rejectWith(member, reason);
    }
  }

  #post(sent: Sent, request: WriterRequest): void {
    this.#gathered = 0;
    // The thread keeps the process alive exactly while something is owed.
    if (this.#sent.length === 0) this.#worker.ref();
    this.#sent.push(sent);
    this.#worker.postMessage(request);
  }

  #receive(reply: WriterReply): void {
    const sent = this.#sent.shift();
    if (this.#sent.length === 0) this.#worker.unref();
    if (sent?.kind === 'request') sent.resolve(reply);
    if (sent?.kind === 'group') {
      if (reply.kind === 'answers') this.#answer(sent.members, reply.answers);
      else if (reply.kind === 'failed') for (const member of sent.members) settleWith(member, reply);
      if (sent.members.some(({ batch }) => batch.streams.length > 0)) this.#options.onWritten();
    }
    this.#scheduleFlush();
  }

  #answer(members: readonly WaitingAppend[], packed: PackedAnswers): void {
    const batches = members.map((member) => member.batch);
    const answers = unpackAnswers(packed, batches);
    members.forEach((member, index) => settleWith(member, answers[index]));
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
      if (sent.kind === 'group') for (const member of sent.members) rejectWith(member, unknown);
      else sent.reject(unknown);
    }
    const notWritten = new HindsightError('CLOSED', 'The writer thread ended; nothing of this was written.', {
      cause: error,
    });
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.kind === 'append') rejectWith(waiting, notWritten);
      else waiting.reject(notWritten);
    }
  }

  #assertOpen(): void {
    if (this.#isClosing) throw new HindsightError('CLOSED', 'The store was closed.');
    if (this.#ended !== undefined) {
      throw new HindsightError('CLOSED', 'The writer thread has ended; open the store again.', { cause: this.#ended });
    }
  }

  /** Finishes what was accepted and ends the thread. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closing = this.#ended === undefined ? this.request({ kind: 'close' }) : undefined;
    this.#isClosing = true;
    try {
      await closing;
    } finally {
      await this.#worker.terminate();
    }
  }
}

/** Takes the appends that stand in front, as many as make a group. */
function takeGroup(waiting: (WaitingAppend | WaitingRequest)[]): readonly WaitingAppend[] {
  const members: WaitingAppend[] = [];
  let length = 0;
  for (const each of waiting) {
    if (each.kind !== 'append') break;
    length += each.length;
    if (members.length > 0 && (members.length >= groupAppendsMax || length > groupLengthMax)) break;
    members.push(each);
  }
  waiting.splice(0, members.length);
  return members;
}

function lengthOf({ streams, statements }: GroupMember): number {
  let length = statements === undefined ? 0 : lengthOfStatements(statements);
  for (const { events } of streams) for (const event of events) length += event.record.length;
  return length;
}

function settleWith(member: WaitingAppend, answer: GroupAnswer | undefined): void {
  if (answer === undefined) {
    rejectWith(member, new Error('The writer thread answered fewer appends than it was asked.'));
  } else if (answer.kind === 'failed') rejectWith(member, fromPlainError(answer.error));
  else {
    member.settle();
    member.resolve(answer);
  }
}

function rejectWith(member: WaitingAppend, error: Error): void {
  member.settle();
  member.reject(error);
}
