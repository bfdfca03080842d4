/**
 * Views of SQL tables of the user's own making.
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { assertObject } from '../store/argument-checks.ts';
import { quoted, SqlTable } from './sql-text.ts';

/** A table: its columns and constraints as `CREATE TABLE` takes them, and which columns are indexed. */
export interface SqlTableOptions {
  /** What stands between the parentheses of `CREATE TABLE`. */
  readonly columns: string;
  /** Indexes: what stands between the parentheses of `CREATE INDEX`, like `'customer, placed_at'`. */
  readonly indexes?: readonly string[];
}

/** What the library knows of a table. */
export interface CheckedTable {
  readonly name: string;
  readonly columns: string;
  readonly indexes: readonly string[];
}

/** A view of SQL tables. `tables` are named in the templates of its statements. */
export interface SqlView<Names extends string = string> {
  readonly kind: 'sql';
  readonly tables: { readonly [Name in Names]: SqlTable };
  /** The tables as they are created. */
  readonly definitions: readonly CheckedTable[];
}

/**
 * Declares a view of SQL tables: for each its columns, and its indexes where it has any. Each build of the view has tables
 * of its own; tools find the one that is shown under the name given here. Throws a `TypeError` for a name that is none.
 */
export function sqlTables<Names extends string>(
  tables: Readonly<Record<Names, string | SqlTableOptions>>,
): SqlView<Names> {
  assertObject('tables', tables);
  const definitions = Object.entries<unknown>(tables).map(checkedTable);
  if (definitions.length === 0) throw argumentError('INVALID_ARGUMENT', 'A view needs at least one table.');
  return {
    kind: 'sql',
    definitions,
    // Each name of the argument is among the definitions, and nothing else is.
    tables: Object.fromEntries(definitions.map(({ name }) => [name, new SqlTable(name)])) as Record<Names, SqlTable>,
  };
}

const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

function checkedTable([name, given]: [string, unknown]): CheckedTable {
  // Two underscores part the name from version and build.
  if (!namePattern.test(name) || name.includes('__'))
    throw argumentError(
      'INVALID_ARGUMENT',
      `The name of a table must begin with a letter and be of letters, digits and single underscores, 63 at most, not ${describe(name)}.`,
    );
  const options: unknown = typeof given === 'string' ? { columns: given } : given;
  assertObject(`The table ${name}`, options);
  const columns: unknown = Reflect.get(options, 'columns');
  const indexes: unknown = Reflect.get(options, 'indexes') ?? [];
  if (typeof columns !== 'string' || columns.trim() === '')
    throw argumentError(
      'INVALID_ARGUMENT',
      `columns of the table ${name} must be what stands between the parentheses of CREATE TABLE, not ${describe(columns)}.`,
    );
  if (!Array.isArray(indexes) || !indexes.every((index) => typeof index === 'string' && index.trim() !== ''))
    throw argumentError('INVALID_ARGUMENT', `indexes of the table ${name} must be an array of column lists.`);
  return { name, columns, indexes: indexes.map(String) };
}

/** The statements that make a table and its indexes under another name. */
export function createTable({ columns, indexes }: CheckedTable, name: string): readonly string[] {
  return [
    // A comment may stand at the end of the columns, and ends with its line.
    `CREATE TABLE ${quoted(name)} (${columns}\n)`,
    ...indexes.map(
      (index, number) => `CREATE INDEX ${quoted(`${name}__i${number + 1}`)} ON ${quoted(name)} (${index})`,
    ),
  ];
}
