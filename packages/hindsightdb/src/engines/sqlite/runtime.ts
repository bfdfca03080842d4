/**
 * The SQLite that Node brings: found when a store is opened, never imported statically, so that an old Node gets a sentence
 * and not a stack trace.
 */

import type { DatabaseSync } from 'node:sqlite';
import type * as nodeSqlite from 'node:sqlite';
import { HindsightError } from '../../core/errors.ts';
import { patiently } from './patience.ts';

/** Before this version a WAL file could be damaged when two connections checkpointed at once (sqlite.org, release 3.51.3). */
const sqliteVersionMin = [3, 51, 3] as const;

/** Node's SQLite module. Throws `RUNTIME_TOO_OLD`. */
export function loadSqlite(): typeof nodeSqlite {
  const sqlite = process.getBuiltinModule?.('node:sqlite');
  if (sqlite === undefined || typeof sqlite.DatabaseSync.prototype.enableDefensive !== 'function') {
    throw new HindsightError(
      'RUNTIME_TOO_OLD',
      `The embedded store needs Node.js 24.15 or newer, and this is ${process.version}.`,
    );
  }
  const version = process.versions.sqlite ?? '0';
  if (isOlder(version.split('.').map(Number))) {
    throw new HindsightError(
      'RUNTIME_TOO_OLD',
      `The embedded store needs SQLite ${sqliteVersionMin.join('.')} or newer, and Node.js ${process.version} brings ${version}. Take a newer Node.js.`,
    );
  }
  return sqlite;
}

function isOlder(version: readonly number[]): boolean {
  for (const [index, wanted] of sqliteVersionMin.entries()) {
    const part = version[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

/** How a connection is opened. */
export interface ConnectionOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly cacheBytes: number;
}

/** Opens a connection with what every connection of ours has set. */
export function connect({ path, readOnly, cacheBytes }: ConnectionOptions): DatabaseSync {
  const { DatabaseSync } = loadSqlite();
  // No busy timeout: it would sleep on the event loop. Who meets a busy store tries again by itself.
  // Foreign keys of the user's are declared and not enforced: one that refers to a table of the store could forbid it to write.
  const database = new DatabaseSync(path, { readOnly, timeout: 0, enableForeignKeyConstraints: false });
  try {
    database.enableDefensive(true);
    // Checkpoints are made when the writer decides, never in the middle of somebody's commit.
    database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF');
    // This one reads the schema, and so meets whoever is making or recovering the file.
    patiently(() => database.exec(`PRAGMA cache_size = ${-Math.ceil(cacheBytes / 1024)}`));
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
