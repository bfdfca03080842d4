/**
 * The writer: gathers what is asked for at about the same time, and has the server judge and write it in one call, one
 * transaction, one sync. While one group is on its way the next one gathers.
 *
 * A group has a name. Where its connection ends before the answer came, it is sent again under that name: the server answers a
 * group that it has written, and does not write it again.
 */

import { abortReason, whenAborted } from '../../core/abort.ts';
import { HindsightError } from '../../core/errors.ts';
import type { AppendAnswer, AppendBatch } from '../../engine/contract.ts';
import type { PostgresClient } from './client.ts';
import type { Connection } from './connection.ts';
import { packGroup } from './group.ts';
import { isLost, storeError } from './postgres-errors.ts';

/** What a writer is made with. */
export interface WriterSettings {
  readonly connection: Connection;
  /** The name of `append_v1`, with its schema. */
  readonly appendFunction: string;
  readonly partitionCount: number;
  readonly pendingAppendsMax: number;
  /** Microseconds since 1970; undefined: the server's clock. */
  readonly now: (() => number) | undefined;
  readonly newId: () => string;
  /** Called when a group may have been written. */
  readonly onWritten: () => void;
}

interface Waiting {
  readonly batch: AppendBatch;
  readonly length: number;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the interest in the signal. */
  readonly settle: () => void;
}

const groupAppendsMax = 1000;
const groupLengthMax = 4 * 1024 * 1024;
/** How much may wait, in characters of records, beside the bound on the number of appends. */
const pendingLengthMax = 256 * 1024 * 1024;
/** For so long a group whose answer was lost is asked for. */
const askAgainMs = 30_000;

/** Writes for one engine. */
export class Writer {
  readonly #settings: WriterSettings;
  /** In the order of the calls. */
  readonly #waiting: Waiting[] = [];
  #pendingLength = 0;
  #isAtWork = false;
  #ended: Promise<void> = Promise.resolve();
  #client: PostgresClient | undefined;
  readonly #counts = { groups: 0, appends: 0, lostAnswers: 0 };

  constructor(settings: WriterSettings) {
    this.#settings = settings;
  }

  /** What was counted. */
  get counts(): Readonly<Record<'groups' | 'appends' | 'lostAnswers', number>> {
    return this.#counts;
  }

  /** Queues an append, or a write without streams, which is never refused for lack of room. */
  append(batch: AppendBatch, signal: AbortSignal | undefined): Promise<AppendAnswer> {
    signal?.throwIfAborted();
    const length = lengthOf(batch);
    if (batch.streams.length > 0) this.#assertRoom(length);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#pendingLength -= length;
        endInterest?.();
      };
      const waiting: Waiting = { batch, length, resolve, reject, settle };
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
      this.#start();
    });
  }

  #assertRoom(length: number): void {
    const { pendingAppendsMax } = this.#settings;
    if (
      this.#waiting.length < pendingAppendsMax &&
      (this.#pendingLength === 0 || this.#pendingLength + length <= pendingLengthMax)
    )
      return;
    throw new HindsightError(
      'OVERLOADED',
      `${this.#waiting.length} appends of ${this.#pendingLength} characters are waiting to be written. Nothing of this one was written; slow down, or raise pendingAppendsMax.`,
    );
  }

  #start(): void {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    // All who are woken in the present turn of the event loop ask together.
    this.#ended = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#work());
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeGroup(this.#takeGroup());
    this.#client?.release();
    this.#client = undefined;
    this.#isAtWork = false;
  }

  #takeGroup(): readonly Waiting[] {
    let count = 0;
    let length = 0;
    for (const each of this.#waiting) {
      length += each.length;
      if (count > 0 && (count >= groupAppendsMax || length > groupLengthMax)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Writes a group; where something is wrong with it, its members one by one, so that it is nobody else's fault. */
  async #writeGroup(members: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#send(members.map(({ batch }) => batch));
      for (const [index, member] of members.entries()) settleWith(member, answers[index]);
    } catch (error) {
      const [only] = members;
      if (members.length > 1 && !isOfAll(error)) {
        for (const member of members) await this.#writeGroup([member]);
        return;
      }
      if (members.length > 1) for (const member of members) rejectWith(member, error);
      else if (only !== undefined) rejectWith(only, error);
    } finally {
      this.#settings.onWritten();
    }
  }

  async #send(batches: readonly AppendBatch[]): Promise<readonly AppendAnswer[]> {
    const { partitionCount, appendFunction, now, newId } = this.#settings;
    const { partitions, hasEntries, batches: packed } = packGroup(batches, partitionCount);
    // As text: a pool may have been told to read JSON in a way of its own.
    const text = `SELECT ${appendFunction}($1, $2, $3, $4, $5)::text`;
    const values = [newId(), now?.() ?? null, partitions, hasEntries, packed];
    this.#counts.groups += 1;
    this.#counts.appends += batches.length;
    const deadline = performance.now() + askAgainMs;
    for (let tries = 0; ; tries += 1) {
      let isSent = tries > 0;
      try {
        this.#client ??= await this.#settings.connection.checkOut();
        isSent = true;
        const { rows } = await this.#client.query({ text, values, rowMode: 'array' });
        // The function's own answers, in this form.
        return JSON.parse(String(rows[0]?.[0])) as readonly AppendAnswer[];
      } catch (error) {
        const isGone = isLost(error);
        if (isGone) {
          this.#client?.release(true);
          this.#client = undefined;
          if (isSent) this.#counts.lostAnswers += 1;
        }
        if (!isGone) throw storeError(error);
        if (performance.now() > deadline) throw isSent ? unknownOutcome(error) : storeError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000, 20 * 2 ** tries)));
    }
  }

  /** Resolves when everything that was asked for is answered. */
  async close(): Promise<void> {
    while (this.#isAtWork) await this.#ended;
  }
}

/** Whether an error says nothing of one append: trying its neighbours alone would meet it again. */
function isOfAll(error: unknown): boolean {
  return (
    error instanceof HindsightError &&
    ['STORE_UNREACHABLE', 'OUTCOME_UNKNOWN', 'FORMAT_TOO_NEW', 'STORE_READ_ONLY', 'STORE_NOT_FOUND', 'CLOSED'].includes(
      error.code,
    )
  );
}

function unknownOutcome(cause: unknown): HindsightError {
  return new HindsightError(
    'OUTCOME_UNKNOWN',
    'The connection ended before the answer came, and the server could not be reached again; the append may or may not have been written. Sent again under the same key it is written once.',
    { cause },
  );
}

function lengthOf({ streams }: AppendBatch): number {
  let length = 0;
  for (const { events } of streams) for (const event of events) length += event.record.length;
  return length;
}

function settleWith(member: Waiting, answer: AppendAnswer | undefined): void {
  if (answer === undefined) rejectWith(member, new Error('The server answered fewer appends than it was asked.'));
  else {
    member.settle();
    member.resolve(answer);
  }
}

function rejectWith(member: Waiting, error: unknown): void {
  member.settle();
  member.reject(error);
}
