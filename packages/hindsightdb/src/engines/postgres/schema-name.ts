/** The name of a schema, as it is put into SQL. */

import { argumentError } from '../../core/errors.ts';
import { describe } from '../../core/text.ts';

/** Checks it. Names that need no quotes are enough, and leave nothing to get wrong. Throws `INVALID_ARGUMENT`. */
export function assertSchemaName(schema: unknown): asserts schema is string {
  if (typeof schema === 'string' && /^[a-z_][a-z0-9_]{0,47}$/.test(schema) && !schema.startsWith('pg_')) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `The name of a schema has small letters, digits and underscores, at most 48, and does not begin with a digit or pg_; it is not ${describe(schema)}.`,
  );
}
