/**
 * Backup: a consistent copy by SQLite's own backup, page by page, of one state of the file that is held for the time. Others
 * read and write meanwhile; the WAL cannot shrink until the backup is done.
 */

import { existsSync, renameSync, rmSync } from 'node:fs';
import { HindsightError } from '../../core/errors.ts';
import type { LongWork } from '../../engine/contract.ts';
import { cacheBytes, openForReading } from './database.ts';
import { fileIdentity, pathOf, syncFile, syncFolderOf } from './files.ts';
import { connect, loadSqlite } from './runtime.ts';
import { numberOf, prepareArrays } from './rows.ts';
import { storeError } from './sqlite-errors.ts';

/** Pages copied between two looks at the event loop. */
const pagesPerStep = 256;

/** Copies the store at a path to a new place, named as a store is when it is opened. Throws `STORE_EXISTS` when something is there. */
export async function backupStore(
  path: string,
  destination: string,
  { onProgress, signal }: LongWork,
): Promise<{ readonly heads: readonly number[] }> {
  const target = pathOf(destination);
  if (existsSync(target))
    throw new HindsightError('STORE_EXISTS', `There is already something at ${target}; a backup overwrites nothing.`, {
      details: { path: target },
    });
  signal?.throwIfAborted();
  // Under a name of its own until it is whole: an interrupted backup is never taken for one.
  const partial = `${target}.partial-${process.pid}`;
  const source = openForReading(path, { isAlone: false });
  try {
    // An open transaction fixes what is copied, whatever is written meanwhile.
    source.exec('BEGIN');
    const head = numberOf(prepareArrays(source, 'SELECT max(position) FROM event').get(), 0);
    await copyPages(source, partial, { onProgress, signal });
    source.exec('COMMIT');
    markAsBackup(partial);
    signal?.throwIfAborted();
    renameSync(partial, target);
    syncFolderOf(target);
    return { heads: [head] };
  } catch (error) {
    throw storeError(error, target);
  } finally {
    source.close();
    for (const file of [partial, `${partial}-wal`, `${partial}-shm`, `${partial}-journal`])
      rmSync(file, { force: true });
  }
}

async function copyPages(
  source: ReturnType<typeof openForReading>,
  partial: string,
  {
    onProgress,
    signal,
  }: { readonly onProgress: LongWork['onProgress'] | undefined; readonly signal: AbortSignal | undefined },
): Promise<void> {
  await loadSqlite().backup(source, partial, {
    rate: pagesPerStep,
    progress: ({ totalPages, remainingPages }) => {
      signal?.throwIfAborted();
      onProgress?.({ done: totalPages - remainingPages, total: totalPages });
    },
  });
}

/** Notes in the copy that it is one: when it is opened for writing, the log lives on in a new epoch. */
function markAsBackup(partial: string): void {
  const database = connect({ path: partial, readOnly: false, cacheBytes });
  try {
    // One plain file, without a WAL beside it, is what people expect to move about.
    database.exec(`PRAGMA journal_mode = DELETE; UPDATE log SET state = 'backup'`);
  } finally {
    database.close();
  }
  if (fileIdentity(partial) !== undefined) syncFile(partial);
}
