/**
 * The embedded engine: SQLite through Node's own module. Reads run on the caller's thread, one short transaction each;
 * writes go to the writer thread. Every promise is argued in docs/engines/sqlite.md.
 */

import type { DatabaseSync } from 'node:sqlite';
import { HindsightError, type Conflict } from '../../core/errors.ts';
import { embeddedLimits } from '../../core/limits.ts';
import { isReserved } from '../../core/stream-id.ts';
import type * as contract from '../../engine/contract.ts';
import { assertParameters } from '../../engine/sql-tables.ts';
import type { SqlPart, SqlRow, SqlStatement, SqlWrite } from '../../engine/views.ts';
import { backupStore } from './backup.ts';
import { checkInThread } from './check.ts';
import { GuardedSql } from './guarded-sql.ts';
import { ReadAhead } from './read-ahead.ts';
import { Reader } from './reader.ts';
import { packStatements } from './sql-message.ts';
import { isBusy, storeError } from './sqlite-errors.ts';
import type { Wake } from './wake.ts';
import { wakeWithinMs } from './wake.ts';
import type { WriterClient } from './writer-client.ts';

/** What an open handle consists of. */
export interface SqliteEngineParts {
  readonly path: string;
  readonly identity: contract.LogIdentity;
  /** The connection for reads. */
  readonly database: DatabaseSync;
  /** Absent when opened for reading only. */
  readonly writer: WriterClient | undefined;
  readonly wake: Wake;
  readonly now: () => number;
}

/** How long a read tries while another process recovers the file. */
const busyReadMs = 10_000;

/**
 * After so long without one, a read lets the event loop turn. Reads are answered at once, so a walk over many pages would
 * else hold up timers, sockets and signals until it ends, and could not be aborted.
 */
const turnAfterMs = 10;

/** An open embedded log. Made by `openSqliteEngine`. */
export class SqliteEngine implements contract.Engine {
  readonly capabilities: contract.Capabilities = {
    engine: 'sqlite',
    durability: 'power',
    spansPartitions: true,
    sharedAcrossProcesses: true,
    sql: 'sqlite',
    wakeWithinMs,
    limits: embeddedLimits,
  };
  readonly identity: contract.LogIdentity;
  readonly maintenance: contract.Maintenance;
  readonly sql: SqlPart;
  readonly #parts: SqliteEngineParts;
  readonly #reader: Reader;
  readonly #readAhead: ReadAhead;
  readonly #unfinished = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;
  #guardedSql: GuardedSql | undefined;
  #turnedAt = performance.now();

  constructor(parts: SqliteEngineParts) {
    this.#parts = parts;
    this.identity = parts.identity;
    this.#reader = new Reader(parts.database, parts.now);
    this.#readAhead = new ReadAhead({ path: parts.path, isAlone: parts.writer === undefined });
    this.sql = {
      write: (write) => this.#sqlWrite(write),
      query: (statement) => this.#sqlQuery(statement),
    };
    this.maintenance = {
      backup: (destination, work = {}) => this.#longWork(() => backupStore(parts.path, destination, work)),
      check: (work = {}) => this.#longWork(() => checkInThread(parts.path, work)),
    };
  }

  async append(
    batch: contract.AppendBatch,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<contract.AppendAnswer> {
    // What cannot cross to the thread would take the rest of its group with it.
    for (const { statements, progressKey } of batch.views ?? []) assertParameters(statements, progressKey);
    const answer = await this.#writer().append(batch, options.signal);
    // Contents are removed by a record in a stream of the store's own.
    if (batch.streams.some(({ streamId }) => isReserved(streamId))) this.#readAhead.forget();
    return answer;
  }

  async answerOf(key: string): Promise<contract.KeyedAnswer | undefined> {
    return await this.#read(() => this.#reader.answerOf(key));
  }

  async readStream(request: contract.StreamReadRequest): Promise<contract.StreamPage> {
    await this.#turn();
    return await this.#read(() => this.#reader.readStream(request));
  }

  async readLog(request: contract.LogReadRequest): Promise<contract.LogPage> {
    await this.#turn();
    this.#assertOpen();
    const ahead = await this.#readAhead.take(request);
    if (ahead !== undefined) return ahead;
    const page = await this.#read(() => this.#reader.readLog(request));
    this.#readAhead.note(request, page);
    return page;
  }

  async heads(): Promise<readonly number[]> {
    return await this.#read(() => [this.#reader.head()]);
  }

  async eventAt(_partition: number, position: number): Promise<contract.StoredEvent | undefined> {
    return await this.#read(() => this.#reader.eventAt(position));
  }

  async positionAtTime(_partition: number, time: number): Promise<number> {
    return await this.#read(() => this.#reader.positionAtTime(time));
  }

  async streamInfo(streamId: string): Promise<contract.StreamInfo> {
    return await this.#read(() => this.#reader.streamInfo(streamId));
  }

  async listStreams(request: contract.StreamListRequest): Promise<readonly contract.StreamInfo[]> {
    return await this.#read(() => this.#reader.listStreams(request));
  }

  async keyedGet(key: string): Promise<contract.KeyedEntry | undefined> {
    return await this.#read(() => this.#reader.keyedGet(key));
  }

  async keyedScan(request: contract.KeyedScanRequest): Promise<readonly contract.KeyedEntry[]> {
    return await this.#read(() => this.#reader.keyedScan(request));
  }

  async keyedWrite(writes: readonly contract.KeyedWrite[]): Promise<readonly Conflict[]> {
    return conflictsOf(await this.#writer().append({ streams: [], keyedWrites: writes }, undefined));
  }

  async #sqlWrite({ keyedWrites, statements }: SqlWrite): Promise<readonly Conflict[]> {
    assertParameters(statements);
    const batch = { streams: [], keyedWrites, statements: packStatements(statements) };
    return conflictsOf(await this.#writer().append(batch, undefined));
  }

  async #sqlQuery({ sql, parameters }: SqlStatement): Promise<readonly SqlRow[]> {
    assertParameters([{ sql, parameters }]);
    await this.#turn();
    return await this.#read(() => {
      this.#guardedSql ??= new GuardedSql(this.#parts.database);
      return this.#guardedSql.all({ sql, statement: 0 }, parameters);
    });
  }

  wake(listener: () => void): () => void {
    return this.#parts.wake.add(listener);
  }

  async beginCopy(): Promise<void> {
    await this.#writer().request({ kind: 'beginCopy', now: this.#parts.now() });
  }

  async appendRecorded(
    events: readonly contract.RecordedWrite[],
    keyedWrites: readonly contract.KeyedWrite[] = [],
  ): Promise<void> {
    await this.#writer().request({ kind: 'copyIn', events, keyedWrites, now: this.#parts.now() });
    this.#parts.wake.wakeAll();
  }

  async endCopy(): Promise<void> {
    await this.#writer().request({ kind: 'endCopy', now: this.#parts.now() });
  }

  async statistics(): Promise<contract.EngineStatistics> {
    const { writer, path } = this.#parts;
    const ofReader = await this.#read(() => this.#reader.statistics());
    return {
      path,
      ...ofReader,
      'reader.aheadPages': this.#readAhead.pages,
      ...(writer && (await writer.statistics())),
    };
  }

  /** Reads, at once where nothing stands in the way; else again when whoever recovers the file is done. Never sleeps on the event loop. */
  async #read<Result>(read: () => Result): Promise<Result> {
    const deadline = performance.now() + busyReadMs;
    for (;;) {
      this.#assertOpen();
      try {
        return read();
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw storeError(error, this.#parts.path);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Whoever waits for the event loop comes first, now and then. */
  async #turn(): Promise<void> {
    if (performance.now() - this.#turnedAt < turnAfterMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnedAt = performance.now();
  }

  #longWork<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#assertOpen();
    const running = work();
    this.#unfinished.add(running);
    const forget = (): boolean => this.#unfinished.delete(running);
    running.then(forget, forget);
    return running;
  }

  #writer(): WriterClient {
    this.#assertOpen();
    const { writer, path } = this.#parts;
    if (writer === undefined)
      throw new HindsightError('STORE_READ_ONLY', `${path} was opened for reading only.`, { details: { path } });
    return writer;
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new HindsightError('CLOSED', 'The store was closed.');
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { wake, database, writer } = this.#parts;
    await Promise.allSettled(this.#unfinished);
    wake.close();
    await this.#readAhead.close();
    // The connection that closes last empties the WAL into the database: the writer's, off this thread.
    database.close();
    await writer?.close();
  }
}

/** What stood against a write without streams. */
function conflictsOf(answer: contract.AppendAnswer): readonly Conflict[] {
  return answer.kind === 'conflict' ? answer.conflicts : [];
}
