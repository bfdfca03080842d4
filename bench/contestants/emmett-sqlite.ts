/**
 * Emmett on SQLite. By default it opens a connection for each append, and callers that meet on the file fail with "busy"
 * errors that it does not retry; its consumer then stops. Measured here is the fastest arrangement in which nothing fails: a
 * connection pool of one, handed in as its options allow, before which everybody queues. (One shared connection without a
 * queue would let appends join one another's transaction and be answered before the commit.)
 */

import { join } from 'node:path';
import { loadPeer } from '../peers/load.ts';
import type { AppendLog, LogTotals } from './append-log.ts';
import { emmettLog, type EmmettEvent, type EmmettStore } from './emmett.ts';

interface Connection {
  close(): void;
}

interface Consumer {
  processor(options: {
    readonly processorId: string;
    readonly startFrom: 'BEGINNING';
    readonly eachMessage: (event: EmmettEvent) => void;
  }): unknown;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface EmmettSqliteStore extends EmmettStore {
  readonly schema: { migrate(): Promise<void> };
  consumer(): Consumer;
}

/** What Emmett asks of a pool. */
interface ConnectionPool {
  connection(): Promise<Connection>;
  withConnection<Result>(use: (connection: Connection) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface Batch {
  readonly messages: readonly { readonly data: { readonly quantity: number } }[];
  readonly currentGlobalPosition: bigint;
  readonly areEventsLeft: boolean;
}

interface EmmettSqliteModule {
  readonly sqliteConnection: (options: { readonly fileName: string }) => Connection;
  readonly getSQLiteEventStore: (options: {
    readonly fileName: string;
    readonly pool: ConnectionPool;
  }) => EmmettSqliteStore;
  readonly readMessagesBatch: (
    connection: Connection,
    options: { readonly after: bigint; readonly batchSize: number },
  ) => Promise<Batch>;
}

async function emmettSqlite(): Promise<EmmettSqliteModule> {
  return await loadPeer<EmmettSqliteModule>('@event-driven-io/emmett-sqlite', [
    'sqliteConnection',
    'getSQLiteEventStore',
    'readMessagesBatch',
  ]);
}

const fileIn = (directory: string): string => join(directory, 'emmett.db');

/** A pool of one connection, which its users get one after the other. */
function queueingPool(connection: Connection): ConnectionPool {
  let queue: Promise<unknown> = Promise.resolve();
  return {
    connection: async () => connection,
    withConnection: async (use) => {
      const turn = queue.then(() => use(connection));
      queue = turn.catch(() => undefined);
      return await turn;
    },
    close: async () => {},
  };
}

export interface OpenEmmettSqlite extends AppendLog {
  readonly store: EmmettSqliteStore;
}

/** A store on one connection, with a queue before it. */
export async function openEmmettSqlite(directory: string): Promise<OpenEmmettSqlite> {
  const { getSQLiteEventStore, sqliteConnection } = await emmettSqlite();
  const fileName = fileIn(directory);
  const connection = sqliteConnection({ fileName });
  const store = getSQLiteEventStore({ fileName, pool: queueingPool(connection) });
  await store.schema.migrate();
  return { store, ...emmettLog(store, async () => connection.close()) };
}

/** Reads the whole log in batches of a thousand, as its consumers do. */
export async function readEmmettSqlite(directory: string): Promise<LogTotals> {
  const { readMessagesBatch, sqliteConnection } = await emmettSqlite();
  const connection = sqliteConnection({ fileName: fileIn(directory) });
  let [eventCount, quantitySum, after] = [0, 0, 0n];
  for (;;) {
    const batch = await readMessagesBatch(connection, { after, batchSize: 1000 });
    for (const { data } of batch.messages) quantitySum += data.quantity;
    eventCount += batch.messages.length;
    after = batch.currentGlobalPosition;
    if (batch.messages.length === 0) break;
  }
  connection.close();
  return { eventCount, quantitySum };
}
