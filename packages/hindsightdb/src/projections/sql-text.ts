/**
 * SQL as a tagged template: tables become the table names of the build that is meant, everything else becomes a parameter.
 * No value can become SQL.
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import type { Pending, SqlStatement, SqlValue } from '../store/engine-types.ts';
import { isPending, PendingFact } from './pending-fact.ts';

/** A table of a view, as it is named in templates. */
export class SqlTable {
  /** The name under which it was declared, which is also that of the SQL view for tools. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What may stand in a template. True and false become 1 and 0, which is what SQLite has for them. */
export type SqlTemplateValue = SqlValue | boolean | SqlTable | PendingFact;

/** A statement with its values, not yet for a certain build. Made by `sql`. */
export class SqlText {
  readonly parts: TemplateStringsArray;
  readonly values: readonly SqlTemplateValue[];

  constructor(parts: TemplateStringsArray, values: readonly SqlTemplateValue[]) {
    this.parts = parts;
    this.values = values;
  }
}

/**
 * A SQL statement: tables of the view become table names, everything else becomes a parameter.
 *
 * ```ts
 * import { sql, sqlTables } from 'hindsightdb/projections';
 *
 * const { tables } = sqlTables({ open_orders: 'order_id TEXT PRIMARY KEY, cents INTEGER NOT NULL' });
 * const statement = sql`INSERT INTO ${tables.open_orders} VALUES (${'order-75'}, ${1200})`;
 * ```
 */
export function sql(parts: TemplateStringsArray, ...values: readonly SqlTemplateValue[]): SqlText {
  return new SqlText(parts, values);
}

/** How a table is called where a statement runs. */
export type TableNaming = (table: SqlTable) => string;

interface KnownText {
  readonly tables: readonly (SqlTable | undefined)[];
  readonly sql: string;
}

/** Makes statements for one build. The text of a template is put together once, whatever the number of events. */
export class StatementMaker {
  readonly #nameOf: TableNaming;
  readonly #known = new WeakMap<TemplateStringsArray, KnownText>();

  constructor(nameOf: TableNaming) {
    this.#nameOf = nameOf;
  }

  /** The statement with its parameters. Throws a `TypeError` for a value that SQL does not know. */
  statement({ parts, values }: SqlText): SqlStatement<SqlValue | Pending> {
    const parameters: (SqlValue | Pending)[] = [];
    const known = this.#known.get(parts);
    let isKnown = known !== undefined;
    for (const [index, value] of values.entries()) {
      const table = value instanceof SqlTable ? value : undefined;
      isKnown &&= known?.tables[index] === table;
      if (table === undefined) parameters.push(parameterOf(value));
    }
    return { sql: isKnown && known !== undefined ? known.sql : this.#put(parts, values), parameters };
  }

  #put(parts: TemplateStringsArray, values: readonly SqlTemplateValue[]): string {
    const tables = values.map((value) => (value instanceof SqlTable ? value : undefined));
    const text = parts.reduce((before, part, index) => {
      const table = tables[index - 1];
      return `${before}${table === undefined ? '?' : quoted(this.#nameOf(table))}${part}`;
    });
    this.#known.set(parts, { tables, sql: text });
    return text;
  }
}

/** A name as SQL takes it, whatever it holds. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The parameters of a statement that is not part of an append. */
export function plainStatement({ sql: text, parameters }: SqlStatement<SqlValue | Pending>): SqlStatement {
  return { sql: text, parameters: parameters.map(plainParameter) };
}

function plainParameter(value: SqlValue | Pending): SqlValue {
  if (typeof value === 'object' && value !== null && 'pending' in value)
    throw new Error('Only statements of an append hold facts to be filled in.');
  return value;
}

function parameterOf(value: unknown): SqlValue | Pending {
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return value;
    case 'number':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      if (isPending(value)) return PendingFact.factOf(value);
      throw argumentError(
        'INVALID_ARGUMENT',
        `A value in a SQL template must be a text, a number, a bigint, true, false, null, bytes or a table of the view, not ${describe(value)}.`,
      );
  }
}
