/** Which migrations a schema has, and whether this code can work with it. */

import { HindsightError } from '../../core/errors.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import type { Migration } from './migration-files.ts';
import { quotedName } from './sql-names.ts';

/** A migration as the database records it. */
export interface AppliedMigration extends Migration {
  /** ISO 8601 in UTC, with microseconds. */
  readonly appliedAt: string;
}

/** What a schema has of the migrations that this code brings, and beyond them. */
export interface MigrationState {
  readonly schema: string;
  /** What the database records, in its order. Empty where there is no log. */
  readonly applied: readonly AppliedMigration[];
  /** What this code brings and the database lacks, in its order. */
  readonly pending: readonly Migration[];
  /** Recorded migrations whose text is another than that of this code, or which leave out one before them. */
  readonly changed: readonly AppliedMigration[];
  /** Whether newer code applied a migration that this code cannot work beside. */
  readonly isTooNew: boolean;
}

/** Reads what a schema has. Changes nothing, and asks for no privilege where there is no log. */
export async function readMigrationState(
  database: PostgresClient | PostgresPool,
  { schema, files }: { readonly schema: string; readonly files: readonly Migration[] },
): Promise<MigrationState> {
  const applied = await readApplied(database, schema);
  const known = new Map(files.map((file) => [file.number, file]));
  const recorded = new Set(applied.map(({ number }) => number));
  return {
    schema,
    applied,
    pending: files
      .filter(({ number }) => !recorded.has(number))
      .map(({ number, name, checksum, isCompatible }) => ({ number, name, checksum, isCompatible })),
    changed: applied.filter(
      ({ number, checksum }, index) => number !== index + 1 || checksum !== (known.get(number)?.checksum ?? checksum),
    ),
    isTooNew: applied.some(({ number, isCompatible }) => number > files.length && !isCompatible),
  };
}

/** Throws `MIGRATION_CHANGED` or `FORMAT_TOO_NEW` where this code must leave the schema alone. */
export function assertUsable({ schema, applied, changed, isTooNew }: MigrationState, knownCount: number): void {
  if (isTooNew) {
    const last = applied.at(-1);
    throw new HindsightError(
      'FORMAT_TOO_NEW',
      `The schema ${quotedName(schema)} is at migration ${last?.number} (${last?.name}), which newer code applied; this code knows ${knownCount}. Bring this program to at least the version of hindsightdb that applied it.`,
      { details: { schema, applied: last?.number, known: knownCount } },
    );
  }
  const [first] = changed;
  if (first !== undefined)
    throw new HindsightError(
      'MIGRATION_CHANGED',
      `Migration ${first.number} (${first.name}) of the schema ${quotedName(schema)} is not the one that this code brings, or one before it is missing. Nothing was changed.`,
      { details: { schema, number: first.number, checksum: first.checksum } },
    );
}

/** Throws `STORE_NOT_FOUND` or `MIGRATION_MISSING` where something is pending. */
export function assertComplete({ schema, applied, pending }: MigrationState, cause?: unknown): void {
  if (pending.length === 0) return;
  const reason = cause === undefined ? '' : ', and this role may not apply them';
  const details = { schema, pending: pending.map(({ number }) => number) };
  const options = cause === undefined ? { details } : { details, cause };
  if (applied.length === 0)
    throw new HindsightError(
      'STORE_NOT_FOUND',
      `There is no log in the schema ${quotedName(schema)}${cause === undefined ? '' : ', and this role may not make one'}. Make it with: hindsight migrate`,
      options,
    );
  throw new HindsightError(
    'MIGRATION_MISSING',
    `The schema ${quotedName(schema)} lacks ${pending.map(({ number, name }) => `migration ${number} (${name})`).join(', ')}${reason}. Apply what is missing with: hindsight migrate`,
    options,
  );
}

async function readApplied(database: PostgresClient | PostgresPool, schema: string): Promise<AppliedMigration[]> {
  const found = await database.query({
    text: `
      SELECT array_to_string(array(
        SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum), ' ')
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'migration'`,
    values: [schema],
    rowMode: 'array',
  });
  const columns = found.rows[0]?.[0];
  if (columns === undefined) return [];
  if (columns !== 'number name checksum is_compatible applied_at')
    throw new HindsightError(
      'FOREIGN_FILE',
      `The schema ${quotedName(schema)} has a table called migration which is not Hindsight's. Choose another schema.`,
    );
  // As texts, since a pool may have been told to read other types in its own way.
  const { rows } = await database.query({
    text: `
      SELECT number::text, name, checksum, is_compatible::text,
        to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      FROM ${quotedName(schema)}.migration ORDER BY migration.number`,
    rowMode: 'array',
  });
  return rows.map(([number, name, checksum, isCompatible, appliedAt]) => ({
    number: Number(number),
    name: String(name),
    checksum: String(checksum),
    isCompatible: isCompatible === 'true',
    appliedAt: String(appliedAt),
  }));
}
