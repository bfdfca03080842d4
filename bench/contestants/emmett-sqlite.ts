/**
 * Emmett on SQLite. By default it opens a connection for each append, and writers that meet on the file fail with "busy" errors
 * that it does not retry. Measured here is the fastest arrangement in which nothing fails: one shared connection, the
 * writers queueing before it. (Sharing the connection without a queue would let appends join one another's transaction
 * and be answered before the commit.)
 */

import { join } from 'node:path';
import { loadPeer } from '../peers/load.ts';
import type { AppendLog, LogTotals } from './append-log.ts';
import { emmettEvent, type EmmettEvent, type EmmettStore } from './emmett.ts';

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

interface StoreOptions {
  readonly fileName: string;
  readonly connectionOptions?: { readonly singleton: true; readonly connection: Connection };
}

interface Batch {
  readonly messages: readonly { readonly data: { readonly quantity: number } }[];
  readonly currentGlobalPosition: bigint;
  readonly areEventsLeft: boolean;
}

interface EmmettSqliteModule {
  sqliteConnection(options: { readonly fileName: string }): Connection;
  getSQLiteEventStore(options: StoreOptions): EmmettSqliteStore;
  readMessagesBatch(
    connection: Connection,
    options: { readonly after: bigint; readonly batchSize: number },
  ): Promise<Batch>;
}

async function emmettSqlite(): Promise<EmmettSqliteModule> {
  return await loadPeer<EmmettSqliteModule>('@event-driven-io/emmett-sqlite', [
    'sqliteConnection',
    'getSQLiteEventStore',
    'readMessagesBatch',
  ]);
}

const fileIn = (directory: string): string => join(directory, 'emmett.db');

/** A store on one connection, with a queue before it. */
export async function openEmmettSqlite(directory: string): Promise<AppendLog & { readonly store: EmmettSqliteStore }> {
  const { getSQLiteEventStore, sqliteConnection } = await emmettSqlite();
  const fileName = fileIn(directory);
  const connection = sqliteConnection({ fileName });
  const store = getSQLiteEventStore({ fileName, connectionOptions: { singleton: true, connection } });
  await store.schema.migrate();
  let queue: Promise<unknown> = Promise.resolve();
  return {
    store,
    append: async (streamId, events) => {
      const turn = queue.then(() => store.appendToStream(streamId, events.map(emmettEvent)));
      queue = turn;
      await turn;
    },
    close: async () => connection.close(),
  };
}

/** A store as its guide opens it, with a connection for each call: the only way in which its consumer can run beside a writer. */
export async function openEmmettSqlitePlainly(directory: string): Promise<EmmettSqliteStore> {
  const { getSQLiteEventStore } = await emmettSqlite();
  const store = getSQLiteEventStore({ fileName: fileIn(directory) });
  await store.schema.migrate();
  return store;
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
