/** Whether a store can be written as is wanted, looked up inside the write lock. */

import { HindsightError } from '../../core/errors.ts';
import { formatVersion } from './format.ts';
import { numberOf, rowOf } from './rows.ts';
import type { WriterStatements } from './writer-statements.ts';

/** What the log is taking: appends, or events that are copied in. */
export type LogState = 'open' | 'copying';

/** What the log is taking at present. */
export function logState({ state }: WriterStatements): string {
  const row = state.get();
  return row === undefined ? '' : String(rowOf(row)[0]);
}

/** Throws unless this code knows the file's format, and unless the log is in the state that is wanted, where one is. */
export function assertWritable(statements: WriterStatements, wanted: LogState | undefined): void {
  const version = numberOf(statements.userVersion.get(), 0);
  if (version !== formatVersion) {
    throw new HindsightError(
      'FORMAT_TOO_NEW',
      `The store was taken to format ${version} while this process had it open, and this code knows ${formatVersion}. Start the process with the newer release.`,
    );
  }
  if (wanted === undefined || logState(statements) === wanted) return;
  throw wanted === 'open'
    ? new HindsightError(
        'STORE_BUSY',
        'Events are being copied into this log; appends are taken when the copy has ended.',
      )
    : new HindsightError('INVALID_ARGUMENT', 'Events can be copied in only between beginCopy and endCopy.');
}
