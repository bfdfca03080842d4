/** Names and texts as they stand in SQL, and which names a role can have. */

import { argumentError } from '../../core/errors.ts';
import { describe, utf8Length } from '../../core/text.ts';

/** Longer names are cut by the server, so that two of them could mean the same. */
const nameBytesMax = 63;

/** Throws `INVALID_ARGUMENT` unless the value can be the name of a role. */
export function assertRole(role: unknown): asserts role is string {
  if (
    typeof role === 'string' &&
    role !== '' &&
    utf8Length(role) <= nameBytesMax &&
    role.isWellFormed() &&
    !/\p{Cc}/u.test(role)
  )
    return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `role must be a name of 1 to ${nameBytesMax} bytes without control characters, not ${describe(role)}.`,
  );
}

/** A name as it stands in SQL. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text without backslashes as it stands in SQL. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
