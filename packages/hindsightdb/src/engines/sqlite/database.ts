/**
 * Opening a store's database: made where there is none, refused where it is something else.
 */

import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { HindsightError } from '../../core/errors.ts';
import type { Epoch, LogIdentity } from '../../engine/contract.ts';
import { assertLocalDisk, assertNotFailed, fileBytes, syncFolderOf, syncWal } from './files.ts';
import { applicationId, formatVersion, schema } from './format.ts';
import { patiently } from './patience.ts';
import { connect } from './runtime.ts';
import { inSnapshot, numberOf, prepareArrays, rowOf } from './rows.ts';
import { storeError } from './sqlite-errors.ts';

/** What a database is opened with. Ids are for what may have to be made: a log, an epoch. */
export interface OpenRequest {
  readonly path: string;
  readonly create: boolean;
  readonly newLogId: string;
  readonly newEpoch: string;
  /** Microseconds since 1970. */
  readonly now: number;
}

/** Memory for pages of the connection that writes, and of the one that reads, which the system's own cache serves as well. */
export const cacheBytes: number = 32 * 1024 * 1024;
const readCacheBytes = 16 * 1024 * 1024;

/** Opens the connection that writes. Nothing that it shows rests on a commit that is not synced. */
export function openForWriting(request: OpenRequest): {
  readonly database: DatabaseSync;
  readonly identity: LogIdentity;
} {
  const { path } = request;
  const isNew = !existsSync(path);
  if (isNew && !request.create) throw notFound(path);
  assertLocalDisk(path);
  assertNotFailed(path);
  try {
    // Even the first look at the file can meet another process that closes it or recovers it.
    const database = patiently(() => connect({ path, readOnly: false, cacheBytes }));
    try {
      // The first look refuses what is not a store before anything is written to it.
      patiently(() => assertStore(database, path, { mayBeEmpty: request.create }));
      // Made before the file turns to WAL mode: that writes a page, and a crash behind it would leave a database without
      // our mark, which nobody could tell from a foreign one.
      patiently(() => prepareStore(database, request));
      patiently(() => useWal(database, path));
      // What is removed is overwritten; SQLite would leave it where it stood until something else needs the room.
      patiently(() =>
        database.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = ON'),
      );
      if (isNew) syncFolderOf(path);
      syncWal(path);
      return { database, identity: patiently(() => readIdentity(database)) };
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Opens a connection that reads a store which exists. Alone, without a writer beside it in this handle, it must not need to write. */
export function openForReading(
  path: string,
  { isAlone, cacheBytes: wantedBytes = readCacheBytes }: { readonly isAlone: boolean; readonly cacheBytes?: number },
): DatabaseSync {
  if (!existsSync(path)) throw notFound(path);
  try {
    const database = patiently(() => connect({ path, readOnly: isAlone, cacheBytes: wantedBytes }));
    try {
      patiently(() => assertStore(database, path, { mayBeEmpty: false }));
      // Reads the schema as well: statements that are prepared later find it in memory and meet no lock.
      patiently(() => readIdentity(database));
      if (isAlone) syncWal(path);
      database.exec('PRAGMA query_only = ON');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storeError(error, path);
  }
}

function notFound(path: string): HindsightError {
  return new HindsightError('STORE_NOT_FOUND', `There is no store at ${path}.`, { details: { path } });
}

function pragma(database: DatabaseSync, name: string): number {
  return numberOf(prepareArrays(database, `PRAGMA ${name}`).get(), 0);
}

/** Throws unless the file is a store that this code knows, or an empty file where one may become a store. */
function assertStore(database: DatabaseSync, path: string, { mayBeEmpty }: { readonly mayBeEmpty: boolean }): void {
  // One snapshot for all: between two looks another process may make the store.
  const { id, version, isEmpty } = inSnapshot(database, () => ({
    id: pragma(database, 'application_id'),
    version: pragma(database, 'user_version'),
    // SQLite takes a file that is shorter than its header for an empty one, and would write over it.
    isEmpty: pragma(database, 'page_count') === 0 && fileBytes(path) === 0,
  }));
  if (isEmpty && mayBeEmpty) return;
  if (id !== applicationId)
    throw new HindsightError(
      'FOREIGN_FILE',
      `${path} is ${isEmpty ? 'an empty file' : 'something else'}, not a Hindsight store.`,
      { details: { path } },
    );
  if (version > formatVersion)
    throw new HindsightError(
      'FORMAT_TOO_NEW',
      `${path} has format ${version}, and this code knows formats up to ${formatVersion}. Take a newer release of hindsightdb.`,
      { details: { path, version } },
    );
}

/** SQLite answers with the mode that it is in, and stays in another where it cannot change. */
function useWal(database: DatabaseSync, path: string): void {
  const row = prepareArrays(database, 'PRAGMA journal_mode = WAL').get();
  const mode = row === undefined ? '' : String(rowOf(row)[0]);
  if (mode !== 'wal') {
    throw new HindsightError(
      'UNSUPPORTED',
      `The file system under ${path} cannot hold a write-ahead log: SQLite stays in mode ${mode}. Put the store on a local disk.`,
      { details: { path } },
    );
  }
}

/** Makes the schema of a new file, or begins a new epoch in a backup that is opened for writing. */
function prepareStore(database: DatabaseSync, request: OpenRequest): void {
  if (pragma(database, 'application_id') === applicationId && !isBackup(database)) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster.
    if (pragma(database, 'application_id') !== applicationId) makeSchema(database, request);
    else if (isBackup(database)) beginEpoch(database, request);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function makeSchema(database: DatabaseSync, { newLogId, newEpoch, now }: OpenRequest): void {
  for (const statement of schema) database.exec(statement);
  database.prepare(`INSERT INTO log (singleton, log_id, state) VALUES (1, ?, 'open')`).run(newLogId);
  database
    .prepare('INSERT INTO epoch (ordinal, epoch, first_position, began_at) VALUES (1, ?, 1, ?)')
    .run(newEpoch, now);
  database.prepare(`INSERT INTO progress (name, value) VALUES ('indexed', 0), ('streams_indexed', 0)`).run();
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`);
}

function isBackup(database: DatabaseSync): boolean {
  return database.prepare(`SELECT 1 FROM log WHERE state = 'backup'`).get() !== undefined;
}

/** A restored log lives on in a new epoch, so that checkpoints taken after the backup are recognised as not its own. */
function beginEpoch(database: DatabaseSync, { newEpoch, now }: OpenRequest): void {
  database
    .prepare(
      'INSERT INTO epoch (ordinal, epoch, first_position, began_at) SELECT (SELECT max(ordinal) FROM epoch) + 1, ?, coalesce((SELECT max(position) FROM event), 0) + 1, ?',
    )
    .run(newEpoch, now);
  database.exec(`UPDATE log SET state = 'open'`);
}

/** The log's identity. */
export function readIdentity(database: DatabaseSync): LogIdentity {
  const log = prepareArrays(database, 'SELECT log_id FROM log').get();
  const rows = prepareArrays(database, 'SELECT epoch, first_position, began_at FROM epoch ORDER BY ordinal').all();
  const lineage = rows.map((row): Epoch => {
    const [epoch, firstPosition, beganAt] = rowOf(row);
    return { epoch: String(epoch), firstPositions: [Number(firstPosition)], beganAt: Number(beganAt) };
  });
  if (log === undefined || lineage.length === 0)
    throw new HindsightError('STORE_CORRUPT', 'The store has lost its identity: its tables log or epoch are empty.');
  return { logId: String(rowOf(log)[0]), partitionCount: 1, lineage };
}
