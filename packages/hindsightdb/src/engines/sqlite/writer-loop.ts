/**
 * The writer's side of a handle: takes requests one after the other, gives each its transaction, and keeps the WAL and the
 * index tables in shape between them. The rules that it follows when something fails are those of docs/engines/sqlite.md.
 */

import type { DatabaseSync } from 'node:sqlite';
import { HindsightError } from '../../core/errors.ts';
import type { EngineStatistics, LogIdentity } from '../../engine/contract.ts';
import { openForWriting } from './database.ts';
import { fileBytes, fileIdentity, markFailed, walPath } from './files.ts';
import { packAnswers, unpackGroup, type GroupAnswer, type GroupMember } from './group-message.ts';
import type { WriterData, WriterReply, WriterRequest } from './protocol.ts';
import { pauseThread } from './patience.ts';
import { numberOf, prepareArrays, rowOf } from './rows.ts';
import { isBusy, isDiskFailure, isDiskFull, storeError, toPlainError } from './sqlite-errors.ts';
import { Writer } from './writer.ts';

/** How long a group waits for the write lock that another process holds. */
const lockWaitMs = 30_000;
/** What is worth doing when nothing else is to do. */
const idleTailMin = 64;
const idleWalBytesMin = 1024 * 1024;

/** How many messages may join a group, so that the first of them is not kept waiting for ever. */
const joinedGroupsMax = 64;
/** And how many statements of the user: a rebuild sends many, and appends behind them wait for the end of the group. */
const joinedStatementsMax = 5000;

type GroupRequest = Extract<WriterRequest, { kind: 'group' }>;

/** Hands out a request that has come in meanwhile, if there is one. */
export type NextRequest = () => WriterRequest | undefined;

/** Serves the requests of one handle. */
export class WriterLoop {
  readonly #database: DatabaseSync;
  readonly #writer: Writer;
  readonly #path: string;
  readonly #walBytesMax: number;
  readonly identity: LogIdentity;
  readonly #file: string | undefined;
  readonly #pageBytes: number;
  #walFile: string | undefined;
  #failure: HindsightError | undefined;
  /** Frames of the WAL that are in use, in bytes, as of the last look. */
  #walBytes = 0;
  #isWalUnknown = false;
  /** After a checkpoint that readers stood in the way of, the size at which it is tried again. */
  #walBytesRetry = 0;
  #groupCount = 0;
  #lastError: unknown;
  #checkpoints = 0;

  constructor({ open, walBytesMax }: WriterData) {
    const { database, identity } = openForWriting(open);
    this.#database = database;
    this.identity = identity;
    this.#path = open.path;
    this.#walBytesMax = walBytesMax;
    this.#writer = new Writer(database);
    this.#file = fileIdentity(open.path);
    this.#pageBytes = numberOf(prepareArrays(database, 'PRAGMA page_size').get(), 4096);
  }

  /** Answers a request, and those that `next` hands out while it is at work, in their order. Never throws. */
  serve(request: WriterRequest, next: NextRequest, reply: (message: WriterReply) => void): void {
    let waiting: WriterRequest | undefined = request;
    while (waiting !== undefined) {
      if (waiting.kind === 'group') {
        const { replies, other } = this.#groups(waiting, next);
        for (const each of replies) reply(each);
        waiting = this.#maintain(other, next);
      } else {
        reply(this.#answer(waiting));
        waiting = waiting.kind === 'close' ? undefined : this.#maintain(undefined, next);
      }
    }
  }

  #answer(request: Exclude<WriterRequest, GroupRequest>): WriterReply {
    try {
      return this.#serve(request);
    } catch (error) {
      return { kind: 'failed', error: toPlainError(storeError(error, this.#path)) };
    }
  }

  #serve(request: Exclude<WriterRequest, GroupRequest>): WriterReply {
    switch (request.kind) {
      case 'beginCopy':
        this.#transact(() => this.#writer.beginCopy(request.now));
        return { kind: 'done' };
      case 'copyIn':
        this.#transact(() => this.#writer.copyIn(request.events, request.keyedWrites, request.now));
        return { kind: 'done' };
      case 'endCopy':
        this.#transact(() => this.#writer.endCopy(request.now));
        return { kind: 'done' };
      case 'statistics':
        return { kind: 'statistics', statistics: this.#statistics() };
      case 'close':
        this.#close();
        return { kind: 'done' };
      default:
        return request satisfies never;
    }
  }

  /**
   * Writes a group, and with it whatever groups come in until it is to be committed: they share its sync. Those who wait for
   * an answer ask again all at once, so the rest of them is often on its way while the first of them are being written.
   */
  #groups(
    first: GroupRequest,
    next: NextRequest,
  ): { readonly replies: readonly WriterReply[]; readonly other: WriterRequest | undefined } {
    const requests: GroupRequest[] = [];
    const statementsBefore = this.#writer.statementCount;
    let other: WriterRequest | undefined;
    const writeAll = (): readonly (readonly GroupAnswer[])[] => {
      const answers: (readonly GroupAnswer[])[] = [];
      let request: WriterRequest | undefined = first;
      while (request?.kind === 'group') {
        const batches = unpackGroup(request.group);
        const isFirst = requests.push(request) === 1;
        answers.push(
          isFirst ? this.#writer.writeGroup(batches, request.now) : this.#writer.joinGroup(batches, request.now),
        );
        const isFull =
          requests.length >= joinedGroupsMax || this.#writer.statementCount - statementsBefore >= joinedStatementsMax;
        request = isFull ? undefined : next();
      }
      other = request;
      return answers;
    };
    const answered = this.#attempt(writeAll) ?? this.#requestByRequest(requests.length === 0 ? [first] : requests);
    this.#groupCount += 1;
    // A group with statements may have written more than many others.
    this.#isWalUnknown ||= this.#writer.statementCount > statementsBefore;
    return { replies: answered.map((answers) => ({ kind: 'answers', answers: packAnswers(answers) })), other };
  }

  /** Answers groups that could not be written together, the first of them also where its transaction never began. */
  #requestByRequest(requests: readonly GroupRequest[]): readonly (readonly GroupAnswer[])[] {
    return requests.map(({ group, now }) => this.#oneByOne(unpackGroup(group), now));
  }

  /** What the work gave, or undefined when it has to be done in smaller parts to see what was wrong. */
  #attempt<Result>(work: () => Result): Result | undefined {
    try {
      return this.#transact(work);
    } catch (error) {
      this.#lastError = error;
      return undefined;
    }
  }

  /** Gives each append a transaction of its own, so that what is wrong with one of them is not the others' fault. */
  #oneByOne(batches: readonly GroupMember[], now: number): readonly GroupAnswer[] {
    return batches.map((batch): GroupAnswer => {
      const isOfAll = this.#failure !== undefined || isBusy(this.#lastError);
      const answers = isOfAll ? undefined : this.#attempt(() => this.#writer.writeGroup([batch], now));
      return answers?.[0] ?? { kind: 'failed', error: toPlainError(storeError(this.#lastError, this.#path)) };
    });
  }

  /** One transaction, one sync. What it returns may leave the engine: the commit has been synced. */
  #transact<Result>(work: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure;
    this.#begin();
    const result = this.#commit(work);
    this.#assertInPlace();
    return result;
  }

  #commit<Result>(work: () => Result): Result {
    const result = this.#undoing(work, { isCommitting: false });
    this.#undoing(() => this.#database.exec('COMMIT'), { isCommitting: true });
    return result;
  }

  /** Does a part of the transaction at hand, and undoes all of it when that fails. */
  #undoing<Result>(part: () => Result, { isCommitting }: { readonly isCommitting: boolean }): Result {
    try {
      return part();
    } catch (error) {
      this.#writer.forget();
      this.#rollback();
      throw isDiskFailure(error) ? this.#fail(error, { isCommitting }) : error;
    }
  }

  /** Takes the write lock, unless indexing has it still. Tries again at short, uneven intervals, so that several processes get their turns. */
  #begin(): void {
    if (this.#database.isTransaction) return;
    const deadline = performance.now() + lockWaitMs;
    for (;;) {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (isDiskFailure(error)) throw this.#fail(error, { isCommitting: false });
        if (!isBusy(error) || performance.now() > deadline) throw error;
        pauseThread(0.1 + Math.random() * 0.4);
      }
    }
  }

  #rollback(): void {
    // SQLite has ended the transaction by itself where it could not go on, as on a full disk.
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch (error) {
      // On a failing disk nothing more can be done here; the lock goes with the connection.
      if (!isDiskFailure(error)) throw error;
    }
  }

  /**
   * Ends the handle. What the failed commit wrote may or may not be found by who opens the file next, and must not be synced
   * again: the system may have forgotten that it was never written.
   */
  #fail(error: unknown, { isCommitting }: { readonly isCommitting: boolean }): HindsightError {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failure = new HindsightError(
      'SYNC_FAILED',
      `The disk under ${this.#path} failed (${reason}). This handle has ended. Copy the contents to a new file on a sound disk and go on with that.`,
      { details: { path: this.#path } },
    );
    markFailed(this.#path, reason);
    if (!isCommitting) return this.#failure;
    return new HindsightError(
      'OUTCOME_UNKNOWN',
      `The disk under ${this.#path} failed while the append was being committed (${reason}); it may or may not be found in the store. Sent again under the same key, to a copy of the store, it is written once.`,
      {
        cause: error,
        details: { path: this.#path },
      },
    );
  }

  /** After a commit: that the files are still the ones which a later opening will find. */
  #assertInPlace(): void {
    const walFile = fileIdentity(walPath(this.#path));
    this.#walFile ??= walFile;
    if (fileIdentity(this.#path) === this.#file && walFile !== undefined && walFile === this.#walFile) return;
    this.#failure = new HindsightError(
      'STORE_REPLACED',
      `${this.#path} or its -wal file was removed, moved or replaced while it was open. What was appended since then is lost with it; open the store again.`,
      { details: { path: this.#path } },
    );
    throw this.#failure;
  }

  /**
   * Behind the answers: nobody waits for it who has asked before, and while callers take their answers it costs nothing.
   * Answers the request that has come in meanwhile, which may be the one that had come in before.
   */
  #maintain(asked: WriterRequest | undefined, next: NextRequest): WriterRequest | undefined {
    this.#keepWalBounded();
    return this.#indexAlong(asked, next);
  }

  /**
   * Indexes a little at a time, until somebody asks or nothing is left to do. A group that comes in meanwhile goes on in the
   * transaction that was begun here, so that one commit writes the pages of both. Answers what has come in.
   */
  #indexAlong(first: WriterRequest | undefined, next: NextRequest): WriterRequest | undefined {
    let asked = first;
    if (this.#failure !== undefined || !this.#writer.isIndexDue) return asked;
    try {
      this.#begin();
      this.#undoing(
        () => {
          while (this.#writer.isIndexDue && (asked === undefined || this.#writer.isIndexOverdue)) {
            this.#writer.indexAlong();
            asked ??= next();
          }
        },
        { isCommitting: false },
      );
      if (asked?.kind !== 'group') this.#transact(() => undefined);
    } catch (error) {
      this.#noteMaintenanceError(error);
    }
    return asked;
  }

  /** After commits, whose answers no longer depend on what happens here. */
  #keepWalBounded(): void {
    if (this.#failure !== undefined) return;
    try {
      // Asking SQLite is cheap, but not so cheap that every group need do it.
      if (this.#groupCount % 8 === 0 || this.#isWalUnknown) this.#walBytes = this.#checkpoint('NOOP').walBytes;
      this.#isWalUnknown = false;
      if (this.#walBytes < Math.max(this.#walBytesMax, this.#walBytesRetry)) return;
      // A passive checkpoint never resets a WAL that is written continuously; between two groups the writer can.
      const { isBlocked, walBytes } = this.#checkpoint('RESTART');
      this.#walBytesRetry = isBlocked ? walBytes + this.#walBytesMax : 0;
      this.#walBytes = isBlocked ? walBytes : 0;
    } catch (error) {
      this.#walBytesRetry = this.#walBytes + this.#walBytesMax;
      this.#noteMaintenanceError(error);
    }
  }

  /** What keeps maintenance from its work: no room and others' locks pass by themselves; a failing disk ends the handle. */
  #noteMaintenanceError(error: unknown): void {
    if (isBusy(error) || isDiskFull(error) || this.#failure !== undefined) return;
    if (isDiskFailure(error)) this.#fail(error, { isCommitting: false });
    else {
      this.#failure = new HindsightError(
        'STORE_CORRUPT',
        `The WAL or the index tables of ${this.#path} could not be kept. This handle has ended; find the first bad place with check.`,
        { cause: error, details: { path: this.#path } },
      );
    }
  }

  #checkpoint(mode: 'NOOP' | 'PASSIVE' | 'RESTART'): { readonly isBlocked: boolean; readonly walBytes: number } {
    const row = prepareArrays(this.#database, `PRAGMA wal_checkpoint(${mode})`).get();
    const [busy = 0, frames = 0] = row === undefined ? [] : rowOf(row).map(Number);
    if (mode !== 'NOOP') this.#checkpoints += 1;
    return { isBlocked: busy !== 0, walBytes: Math.max(0, frames) * this.#pageBytes };
  }

  /** Uses a pause: indexes some of the tail and empties the WAL. Answers whether another pause has something to do. */
  idle(): boolean {
    return this.#tidy(() => this.#writer.indexSome());
  }

  #tidy(index: () => boolean): boolean {
    if (this.#failure !== undefined) return false;
    let isMore = false;
    try {
      if (this.#writer.tailLength >= idleTailMin) isMore = this.#transact(index);
      if (this.#checkpoint('NOOP').walBytes >= idleWalBytesMin) this.#checkpoint('PASSIVE');
    } catch (error) {
      this.#noteMaintenanceError(error);
    }
    return isMore;
  }

  #statistics(): EngineStatistics {
    return {
      'writer.groups': this.#groupCount,
      'writer.appends': this.#writer.appendCount,
      'writer.statements': this.#writer.statementCount,
      'writer.checkpoints': this.#checkpoints,
      'writer.clockBehindAppends': this.#writer.skewedAppends,
      'writer.tailEvents': this.#writer.tailLength,
      'wal.usedBytes': this.#failure === undefined ? this.#checkpoint('NOOP').walBytes : 0,
      'wal.fileBytes': fileBytes(walPath(this.#path)),
      'database.bytes': numberOf(prepareArrays(this.#database, 'PRAGMA page_count').get(), 0) * this.#pageBytes,
    };
  }

  #close(): void {
    try {
      this.#tidy(() => {
        this.#writer.indexAll();
        return false;
      });
    } finally {
      this.#database.close();
    }
  }
}
