/**
 * What SQLite's result codes mean for a store. Codes are those of sqlite.org/rescode.html; the extended ones hold the
 * primary one in their low byte.
 */

import { HindsightError, type ErrorCode } from '../../core/errors.ts';

const busy = 5;
const locked = 6;
const readOnly = 8;
const inputOutput = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;
const noTemporaryFolder = 6410;

/** The primary result code of an error that SQLite raised; undefined for any other. */
export function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** Whether another connection stands in the way for the moment. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === busy || code === locked;
}

/** Whether the disk failed to read, write or confirm: after that nothing about the handle can be relied on. */
export function isDiskFailure(error: unknown): boolean {
  return primaryCode(error) === inputOutput && !isWithoutTemporaryFolder(error);
}

/** Whether a statement needed a temporary file and found no folder for it, which says nothing of the store's own disk. */
function isWithoutTemporaryFolder(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === noTemporaryFolder;
}

/** Whether the disk is full. SQLite has undone the statement or transaction when it says so. */
export function isDiskFull(error: unknown): boolean {
  return primaryCode(error) === full;
}

const meanings: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  [busy]: ['STORE_BUSY', 'Another process holds the store.'],
  [locked]: ['STORE_BUSY', 'Another connection holds the store.'],
  [readOnly]: [
    'STORE_READ_ONLY',
    'The store, or the folder that it is in, cannot be written; SQLite needs to write both.',
  ],
  [inputOutput]: ['SYNC_FAILED', 'The disk failed to read or write.'],
  [corrupt]: ['STORE_CORRUPT', 'The store is damaged. Restore a backup, or find the first bad place with check.'],
  [full]: [
    'DISK_FULL',
    'There is no space left on the disk. Nothing of this append was written; it can be sent again when there is space.',
  ],
  [cannotOpen]: [
    'STORE_READ_ONLY',
    'The file cannot be opened: its folder is missing, not writable, or the path names a folder.',
  ],
  [notADatabase]: ['FOREIGN_FILE', 'The file is not a Hindsight store, and not a SQLite database at all.'],
};

/** Whether Node found a number that is no safe integer. The store writes none, so the file is damaged there. */
export function isNumberTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}

/**
 * Whether an error that a statement of the user met is about the store and its disk, and not about the statement. A table is
 * locked only by what its own connection does.
 */
export function isTroubleOfStore(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== undefined && code in meanings && code !== locked && !isWithoutTemporaryFolder(error);
}

/** An error of SQLite as an error of the store; errors that are not SQLite's come back as they are. */
export function storeError(error: unknown, path: string): unknown {
  const code = isNumberTooLarge(error) ? corrupt : primaryCode(error);
  if (code === undefined) return error;
  const [meaning, text] = meanings[code] ?? ['STORE_CORRUPT', 'SQLite refused an operation of the store.'];
  return new HindsightError(meaning, `${text} (${path}: ${error instanceof Error ? error.message : String(error)})`, {
    cause: error,
    details: { path },
  });
}

/** An error in a form that crosses a thread boundary whole. */
export interface PlainError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Makes an error ready to cross a thread boundary. */
export function toPlainError(error: unknown): PlainError {
  if (error instanceof HindsightError) return { code: error.code, message: error.message, details: error.details };
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    details: {},
  };
}

/** The error that crossed a thread boundary. */
export function fromPlainError({ code, message, details }: PlainError): Error {
  return code === undefined ? new Error(message) : new HindsightError(code, message, { details });
}
