/**
 * What PostgreSQL's conditions mean for a store. Codes are those of the manual's appendix on error codes; those that begin with
 * HS are raised by the log's own functions.
 */

import { HindsightError, type ErrorCode } from '../../core/errors.ts';

/** The code of an error that the server or its client raised; empty for any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Connections that ended before their answer came, or never began: the server's own words, the system's, and the client's. */
const lostCodes = /^(08...|57P0[1-5]|ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const lostMessages =
  /connection terminated|connection ended|timeout exceeded when trying to connect|not queryable|query read timeout|client was closed/i;

/** Whether the connection is gone, so that it is not known what became of what was sent last. */
export function isLost(error: unknown): boolean {
  if (lostCodes.test(codeOf(error))) return true;
  return codeOf(error) === '' && error instanceof Error && lostMessages.test(error.message);
}

const meanings: readonly (readonly [pattern: RegExp, code: ErrorCode, message: string])[] = [
  [/^HS002$/, 'FORMAT_TOO_NEW', 'The log was migrated to a form that this code does not write; update the code.'],
  [/^HS003$/, 'STORE_BUSY', 'Events are being copied into this log; appends are taken when the copy has ended.'],
  [/^HS005$/, 'STORE_EXISTS', 'Events can be copied into an empty log only.'],
  [/^HS006$/, 'INVALID_ARGUMENT', 'appendRecorded is taken only between beginCopy and endCopy.'],
  [
    /^(53100|53200)$/,
    'DISK_FULL',
    'The server has no space left. Nothing of this append was written; it can be sent again when there is space.',
  ],
  [/^25006$/, 'STORE_READ_ONLY', 'The server takes no writes: it is a standby, or the session is read-only.'],
  [
    /^42501$/,
    'STORE_READ_ONLY',
    'The role may not do this. A role that appends needs what `hindsight migrate --grants` prints.',
  ],
  [/^28...$/, 'STORE_UNREACHABLE', 'The server does not let this role in.'],
  [/^3D000$/, 'STORE_NOT_FOUND', 'The server has no database of this name.'],
  [
    /^(3F000|42P01|42883)$/,
    'STORE_NOT_FOUND',
    'There is no log in this schema, or an older one; apply the migrations.',
  ],
  [
    /^(55P03|57014|40P01|40001|53300)$/,
    'STORE_BUSY',
    'Others held the log for longer than the server lets anybody wait.',
  ],
  [/^(XX001|XX002)$/, 'STORE_CORRUPT', 'The server finds its data damaged. Restore a backup.'],
];

/** The error that a caller is to see. What is none of the server's passes as it is. */
export function storeError(error: unknown): Error {
  if (error instanceof HindsightError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (isLost(error))
    return new HindsightError('STORE_UNREACHABLE', `The server cannot be reached: ${reason}.`, { cause: error });
  const code = codeOf(error);
  const meaning = meanings.find(([pattern]) => pattern.test(code));
  if (meaning !== undefined) return new HindsightError(meaning[1], `${meaning[2]} (${reason})`, { cause: error });
  return error instanceof Error ? error : new Error(reason, { cause: error });
}
