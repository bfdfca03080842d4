/**
 * Opening the embedded engine: the writer thread first, which makes or recovers the file, then the connection for reads.
 */

import type { DatabaseSync } from 'node:sqlite';
import type { Engine } from '../../engine/contract.ts';
import { openForReading, readIdentity } from './database.ts';
import { assertNotFailed, pathOf } from './files.ts';
import { loadSqlite } from './runtime.ts';
import { SqliteEngine, type SqliteEngineParts } from './sqlite-engine.ts';
import { storeError } from './sqlite-errors.ts';
import { Wake } from './wake.ts';
import { WriterClient } from './writer-client.ts';

/** What the embedded engine is opened with. */
export interface SqliteEngineOptions {
  /** A path or a `file:` URL. */
  readonly address: string;
  readonly create: boolean;
  readonly readOnly: boolean;
  readonly pendingAppendsMax: number;
  /** Microseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
  /** The WAL's size at which the writer checkpoints between two groups. Default 8 MiB. */
  readonly walBytesMax?: number;
}

const walBytesDefault = 8 * 1024 * 1024;

/** Opens the embedded log at a path. */
export async function openSqliteEngine(options: SqliteEngineOptions): Promise<Engine> {
  const { now, newId, create, pendingAppendsMax, walBytesMax = walBytesDefault } = options;
  loadSqlite();
  const path = pathOf(options.address);
  if (options.readOnly) {
    assertNotFailed(path);
    const database = openForReading(path, { isAlone: true });
    return engineOver(database, path, () => ({ identity: readIdentity(database), writer: undefined, now })).engine;
  }
  const open = { path, create, newLogId: newId(), newEpoch: newId(), now: now() };
  let onWritten: (() => void) | undefined;
  const { client, identity } = await WriterClient.start({
    data: { open, walBytesMax },
    now,
    pendingAppendsMax,
    onWritten: () => onWritten?.(),
  });
  try {
    const database = openForReading(path, { isAlone: false });
    const { engine, wake } = engineOver(database, path, () => ({ identity, writer: client, now }));
    onWritten = () => wake.wakeAll();
    return engine;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** The engine over a connection for reads. A damaged schema shows here, where the statements are prepared. */
function engineOver(
  database: DatabaseSync,
  path: string,
  rest: () => Pick<SqliteEngineParts, 'identity' | 'writer' | 'now'>,
): { readonly engine: SqliteEngine; readonly wake: Wake } {
  try {
    const wake = new Wake(database);
    return { engine: new SqliteEngine({ path, database, wake, ...rest() }), wake };
  } catch (error) {
    database.close();
    throw storeError(error, path);
  }
}
