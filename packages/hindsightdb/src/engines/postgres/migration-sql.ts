/**
 * The SQL of migrations, with the name of a schema put in. What is run through a connection and what a database administrator is
 * given are the same statements, so that both leave the same behind.
 */

import { sha256Hex } from '../../core/sha256.ts';
import type { MigrationFile } from './migration-files.ts';
import { quotedName, quotedText } from './sql-names.ts';

/** Begins the transaction of one migration. What one waits behind the lock for must be seen behind it, so every statement looks anew. */
export const beginSql = 'BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE';

/**
 * Takes the lock under which a schema is changed, until the end of the transaction. Such locks belong to the whole database, hence
 * a key that is made from the schema's name.
 */
export function lockSql(schema: string): string {
  const key = BigInt.asIntN(64, BigInt(`0x${sha256Hex(`hindsight migration ${schema}`).slice(0, 16)}`));
  return `DO $hindsight$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(${key}); END $hindsight$`;
}

/** Makes the schema and the table that records its migrations, where they are missing. Under the lock. */
export function tableSql(schema: string): string {
  return filled(
    schema,
    `\
DO $hindsight$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = @schema_text@) THEN
    CREATE SCHEMA @schema@;
  END IF;
  IF pg_catalog.to_regclass('@schema@.migration') IS NULL THEN
    CREATE TABLE @schema@.migration (
      number integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      is_compatible boolean NOT NULL,
      applied_at timestamptz NOT NULL
    );
    REVOKE ALL ON TABLE @schema@.migration FROM PUBLIC;
  END IF;
END
$hindsight$;
`,
  );
}

/** Records a migration and does what it says. Under the lock; refused by the database unless the one before it is the last. */
export function stepSql(schema: string, { number, name, checksum, isCompatible, text }: MigrationFile): string {
  return `${filled(
    schema,
    `\
SET LOCAL search_path TO @schema@, pg_temp;
DO $hindsight$
DECLARE
  last integer;
BEGIN
  SELECT coalesce(pg_catalog.max(number), 0) INTO last FROM @schema@.migration;
  IF last <> ${number - 1} THEN
    RAISE EXCEPTION 'Migration ${number} is for a schema at ${number - 1}, and this one is at %.', last;
  END IF;
END
$hindsight$;
INSERT INTO @schema@.migration (number, name, checksum, is_compatible, applied_at)
  VALUES (${number}, ${quotedText(name)}, ${quotedText(checksum)}, ${isCompatible}, pg_catalog.clock_timestamp());
`,
  )}${filled(schema, text)}${text.endsWith('\n') ? '' : '\n'}`;
}

/** The SQL of these migrations for a tool like psql, each with its record in a transaction of its own. */
export function scriptSql(schema: string, files: readonly MigrationFile[]): string {
  const steps = files.map(
    (file, index) => `
-- Migration ${file.number}: ${file.name}.
${beginSql};
${lockSql(schema)};
${index === 0 ? tableSql(schema) : ''}${stepSql(schema, file)}COMMIT;
`,
  );
  return `\
-- Hindsight: the tables and functions of a log in the schema ${quotedName(schema)}.
-- The role that runs this owns them. A migration that is applied already fails at its first statement and changes nothing.
${steps.join('')}`;
}

function filled(schema: string, text: string): string {
  return text.replaceAll(/@schema(_text)?@/g, (_, asText: string | undefined) =>
    asText === undefined ? quotedName(schema) : quotedText(schema),
  );
}
