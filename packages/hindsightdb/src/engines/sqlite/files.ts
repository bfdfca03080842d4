/**
 * The files of a store, looked at from outside: existence, identity, kind of disk. The database and its `-shm` are opened by
 * SQLite alone: closing a descriptor of one's own would drop the locks that SQLite holds on it in this process.
 */

import {
  closeSync,
  fsyncSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HindsightError } from '../../core/errors.ts';

/** The absolute path that an address names: a path, with `sqlite:` before it or not, or a `file:` URL. */
export function pathOf(address: string): string {
  const place = address.replace(/^sqlite:/i, '');
  return resolve(/^file:/i.test(place) ? fileURLToPath(place) : place);
}

/** The path of a store's write-ahead log. */
export function walPath(path: string): string {
  return `${path}-wal`;
}

/** Which file it is, as long as it exists: device and inode. */
export function fileIdentity(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.dev}:${stat.ino}`;
}

/** The size in bytes; 0 where there is no file. */
export function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Makes the contents of a file, or the entries of a folder, durable. Never for a database or its `-shm`. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Syncs what an earlier process may have left in the WAL unsynced: after a kill a commit can be visible to its next reader
 * that no sync has covered yet. To be called behind the first look into the database and before anything of it is shown:
 * a process that is killed in front of that look leaves commits too, and behind it only synced ones become visible.
 * Throws `SYNC_FAILED` and marks the store.
 */
export function syncWal(path: string): void {
  if (!existsSync(walPath(path))) return;
  const descriptor = openSync(walPath(path), 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    markFailed(path, error instanceof Error ? error.message : String(error));
    throw failedError(path, error);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the entry of a new file durable. */
export function syncFolderOf(path: string): void {
  syncFile(dirname(path));
}

// Magic numbers of statfs(2): file systems whose locks or shared memory SQLite's WAL cannot rely on.
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
]);

/** Throws `UNSUPPORTED` for a folder on a network file system. */
export function assertLocalDisk(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new HindsightError('STORE_READ_ONLY', `The folder ${folder} does not exist; make it first.`, {
      details: { path },
    });
  const name = networkFileSystems.get(statfsSync(folder).type >>> 0);
  if (name !== undefined) {
    throw new HindsightError(
      'UNSUPPORTED',
      `${folder} is on a network file system (${name}), where several processes cannot share a SQLite WAL file safely. Put the store on a local disk.`,
      { details: { path } },
    );
  }
}

function failureMarkPath(path: string): string {
  return `${path}-failed`;
}

/**
 * Leaves a mark beside a store whose disk did not confirm a write. The system may have dropped what it failed to write and
 * call the rest clean, so a second sync would lie: the contents must be copied to a new file before they are used again.
 */
export function markFailed(path: string, reason: string): void {
  failedPaths.set(path, fileIdentity(path));
  try {
    writeFileSync(failureMarkPath(path), JSON.stringify({ file: fileIdentity(path), reason }));
  } catch {
    // On a disk that fails or is full this is best effort; within this process the map above remembers it all the same.
  }
}

/** Failures of this process, for when the mark could not be written. */
const failedPaths = new Map<string, string | undefined>();

/** Throws `SYNC_FAILED` for a file that was marked and has not been replaced since. */
export function assertNotFailed(path: string): void {
  const file = fileIdentity(path);
  if (file === undefined || (failedPaths.get(path) !== file && markedFile(path) !== file)) {
    if (file !== undefined && existsSync(failureMarkPath(path))) rmSync(failureMarkPath(path), { force: true });
    return;
  }
  throw failedError(path);
}

function failedError(path: string, cause?: unknown): HindsightError {
  return new HindsightError(
    'SYNC_FAILED',
    `The disk under ${path} failed to confirm a write. Copy the contents to a new file on a sound disk (hindsight restore, or restoreStore) and go on with that.`,
    { cause, details: { path } },
  );
}

function markedFile(path: string): unknown {
  if (!existsSync(failureMarkPath(path))) return undefined;
  try {
    const mark: unknown = JSON.parse(readFileSync(failureMarkPath(path), 'utf8'));
    return typeof mark === 'object' && mark !== null ? Reflect.get(mark, 'file') : undefined;
  } catch {
    // A mark that cannot be read was being written when the disk failed: it counts.
    return fileIdentity(path);
  }
}
