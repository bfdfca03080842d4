/**
 * The writer's side of a handle: takes requests one after the other, gives each its transaction, and keeps the WAL and the
 * index tables in shape between them. The rules that it follows when something fails are those of docs/engines/sqlite.md.
 */

import type { DatabaseSync } from 'node:sqlite';
import { HindsightError } from '../../core/errors.ts';
import type { AppendBatch, EngineStatistics, LogIdentity } from '../../engine/contract.ts';
import { openForWriting, pauseThread } from './database.ts';
import { fileBytes, fileIdentity, markFailed, walPath } from './files.ts';
import { packAnswers, unpackGroup, type GroupAnswer } from './group-message.ts';
import type { WriterData, WriterReply, WriterRequest } from './protocol.ts';
import { numberOf, prepareArrays, rowOf } from './rows.ts';
import { isBusy, isDiskFailure, isDiskFull, storeError, toPlainError } from './sqlite-errors.ts';
import { Writer } from './writer.ts';

/** How long a group waits for the write lock that another process holds. */
const lockWaitMs = 30_000;
/** What is worth doing when nothing else is to do. */
const idleTailMin = 64;
const idleWalBytesMin = 1024 * 1024;

/** Serves the requests of one handle. */
export class WriterLoop {
  readonly #database: DatabaseSync;
  readonly #writer: Writer;
  readonly #path: string;
  readonly #walBytesMax: number;
  readonly identity: LogIdentity;
  readonly #file: string | undefined;
  #walFile: string | undefined;
  #failure: HindsightError | undefined;
  /** Frames of the WAL that are in use, in bytes, as of the last look. */
  #walBytes = 0;
  /** After a checkpoint that readers stood in the way of, the size at which it is tried again. */
  #walBytesRetry = 0;
  #groups = 0;
  #appends = 0;
  #checkpoints = 0;

  constructor({ open, walBytesMax }: WriterData) {
    const { database, identity } = openForWriting(open);
    this.#database = database;
    this.identity = identity;
    this.#path = open.path;
    this.#walBytesMax = walBytesMax;
    this.#writer = new Writer(database);
    this.#file = fileIdentity(open.path);
  }

  /** Answers one request. Never throws. */
  serve(request: WriterRequest): WriterReply {
    try {
      return this.#serve(request);
    } catch (error) {
      return { kind: 'failed', error: toPlainError(storeError(error, this.#path)) };
    }
  }

  #serve(request: WriterRequest): WriterReply {
    switch (request.kind) {
      case 'group':
        return { kind: 'answers', answers: packAnswers(this.#group(unpackGroup(request.group), request.now)) };
      case 'keyedWrite':
        return { kind: 'answer', answer: this.#transact(() => this.#writer.writeKeyed(request.writes, request.now)) };
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

  /** Writes a group; when something is wrong with one of its members, each gets a transaction of its own. */
  #group(batches: readonly AppendBatch[], now: number): readonly GroupAnswer[] {
    this.#groups += 1;
    this.#appends += batches.length;
    try {
      return this.#transact(() => this.#writer.writeGroup(batches, now));
    } catch (error) {
      const known = storeError(error, this.#path);
      const isOfAll = this.#failure !== undefined || isBusy(error) || batches.length === 1;
      if (isOfAll) return batches.map(() => ({ kind: 'failed', error: toPlainError(known) }));
      return batches.flatMap((batch) => this.#group([batch], now));
    }
  }

  /** One transaction, one sync. What it returns may leave the engine: the commit has been synced. */
  #transact<Result>(work: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure;
    this.#begin();
    let isCommitting = false;
    try {
      const result = work();
      isCommitting = true;
      this.#database.exec('COMMIT');
      this.#assertInPlace();
      this.#keepWalBounded();
      return result;
    } catch (error) {
      this.#writer.forget();
      if (isDiskFailure(error)) throw this.#fail(error, isCommitting);
      this.#rollback();
      throw error;
    }
  }

  /** Takes the write lock. Tries again at short, uneven intervals, so that several processes get their turns. */
  #begin(): void {
    const deadline = performance.now() + lockWaitMs;
    for (;;) {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (isDiskFailure(error)) throw this.#fail(error, false);
        if (!isBusy(error) || performance.now() > deadline) throw error;
        pauseThread(0.1 + Math.random() * 0.4);
      }
    }
  }

  #rollback(): void {
    // SQLite has ended the transaction by itself where it could not go on, as on a full disk.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  /**
   * Ends the handle. What the failed commit wrote may or may not be found by who opens the file next, and must not be synced
   * again: the system may have forgotten that it was never written.
   */
  #fail(error: unknown, isCommitting: boolean): HindsightError {
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

  #keepWalBounded(): void {
    // Asking SQLite is cheap, but not so cheap that every group need do it.
    if (this.#groups % 16 === 0) this.#walBytes = this.#checkpoint('NOOP').walBytes;
    if (this.#walBytes < Math.max(this.#walBytesMax, this.#walBytesRetry)) return;
    // A passive checkpoint never resets a WAL that is written continuously; between two groups the writer can.
    const { isBlocked, walBytes } = this.#checkpoint('RESTART');
    this.#walBytesRetry = isBlocked ? walBytes + this.#walBytesMax / 2 : 0;
    this.#walBytes = isBlocked ? walBytes : 0;
  }

  #checkpoint(mode: 'NOOP' | 'PASSIVE' | 'RESTART'): { readonly isBlocked: boolean; readonly walBytes: number } {
    const row = prepareArrays(this.#database, `PRAGMA wal_checkpoint(${mode})`).get();
    const [busy = 0, frames = 0] = row === undefined ? [] : rowOf(row).map(Number);
    if (mode !== 'NOOP') this.#checkpoints += 1;
    return { isBlocked: busy !== 0, walBytes: Math.max(0, frames) * 4096 };
  }

  /** Uses a pause: indexes the tail and empties the WAL a little at a time. Whether anything was done. */
  idle(): void {
    if (this.#failure !== undefined) return;
    try {
      if (this.#writer.tailLength >= idleTailMin) this.#transact(() => this.#writer.index());
      if (this.#checkpoint('NOOP').walBytes >= idleWalBytesMin) this.#checkpoint('PASSIVE');
    } catch (error) {
      // A lock held elsewhere is no reason to worry: the next pause will do. A failing disk has ended the handle.
      if (isDiskFailure(error) && this.#failure === undefined) this.#fail(error, false);
      else if (!isBusy(error) && !isDiskFull(error) && this.#failure === undefined) throw error;
    }
  }

  #statistics(): EngineStatistics {
    return {
      'writer.groups': this.#groups,
      'writer.appends': this.#appends,
      'writer.checkpoints': this.#checkpoints,
      'writer.tailEvents': this.#writer.tailLength,
      'wal.usedBytes': this.#failure === undefined ? this.#checkpoint('NOOP').walBytes : 0,
      'wal.fileBytes': fileBytes(walPath(this.#path)),
      'database.bytes':
        numberOf(prepareArrays(this.#database, 'PRAGMA page_count').get(), 0) *
        numberOf(prepareArrays(this.#database, 'PRAGMA page_size').get(), 0),
    };
  }

  #close(): void {
    try {
      this.idle();
    } finally {
      this.#database.close();
    }
  }
}
