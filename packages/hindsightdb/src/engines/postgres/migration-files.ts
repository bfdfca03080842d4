/**
 * The migrations that this code brings: the files `NNNN-name.sql` of a folder, numbered from 1 without a gap. They are never
 * changed once they were published; what is to be different comes as another file.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { HindsightError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/sha256.ts';

/** A step of the schema, from the one before it. */
export interface Migration {
  /** From 1, without a gap. */
  readonly number: number;
  readonly name: string;
  /** SHA-256 of the file's text, before the name of a schema is put in, as hexadecimal digits. */
  readonly checksum: string;
  /** Whether code that does not know the migration goes on working beside it. The file's first line says so: `-- compatible: yes`. */
  readonly isCompatible: boolean;
}

/** A migration with its SQL, in which `@schema@` stands for the quoted name of the schema and `@schema_text@` for it as a text. */
export interface MigrationFile extends Migration {
  readonly text: string;
}

// The compiler copies no SQL. Seen from src/ and from dist/, three folders up is the package, which publishes both.
const packagedFolder = new URL('../../../src/engines/postgres/migrations/', import.meta.url);

let packaged: readonly MigrationFile[] | undefined;

/** The migrations of this package, read once. Throws `ENGINE_UNAVAILABLE` where they do not lie beside the code, as in a bundle. */
export function migrationFiles(): readonly MigrationFile[] {
  packaged ??= readMigrationFiles(packagedFolder);
  return packaged;
}

/** The migrations of a folder, whose address ends in `/`, in their order. */
export function readMigrationFiles(folder: URL): readonly MigrationFile[] {
  const files = namesIn(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => migrationOf(name, readFileSync(new URL(encodeURIComponent(name), folder), 'utf8')));
  for (const [index, { number, name }] of files.entries())
    if (number !== index + 1)
      throw new Error(`Migration ${number} (${name}) stands where number ${index + 1} is expected.`);
  return files;
}

function migrationOf(fileName: string, content: string): MigrationFile {
  const [, number, name] = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(fileName) ?? [];
  if (number === undefined || name === undefined)
    throw new Error(`${fileName} is not named like 0001-log.sql, as migrations are.`);
  // A checkout may have turned the ends of lines into those of its system; that makes no other migration.
  const text = content.replaceAll('\r\n', '\n');
  const isCompatible = /^-- compatible: yes$/.test(text.split('\n', 1)[0] ?? '');
  return { number: Number(number), name, checksum: sha256Hex(text), isCompatible, text };
}

function namesIn(folder: URL): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new HindsightError(
      'ENGINE_UNAVAILABLE',
      'The SQL files of hindsightdb do not lie beside its code. A bundler leaves them out: have it treat hindsightdb as external.',
      { cause: error },
    );
  }
}
