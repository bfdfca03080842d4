/**
 * SQL beside an engine that has no database of its own: what the memory engine is handed where the runtime offers one. And
 * the error of a statement, which every engine with SQL tells alike.
 */

import { HindsightError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { isPending } from './pending-facts.ts';
import type { Pending, SqlRow, SqlStatement, SqlValue } from './views.ts';

/** Statements of a write, or of one view of an append. */
export interface StatementList {
  /** Of the view that they belong to. */
  readonly progressKey?: string;
  readonly statements: readonly SqlStatement[];
}

/** Tables of the user's own. Everything is done when the call returns. */
export interface SqlTables {
  /** Executes all lists in order or, where a statement fails, nothing: throws `VIEW_SQL_FAILED`. */
  execute(lists: readonly StatementList[]): void;
  /** Rows of a reading statement. Throws `VIEW_SQL_FAILED`. */
  query(statement: SqlStatement): readonly SqlRow[];
  close(): void;
}

/** Which statement failed: its index in the list that it came in, and the view that the list is of. */
export interface StatementPlace {
  readonly sql: string;
  readonly statement: number;
  readonly progressKey?: string;
}

/** Throws `VIEW_SQL_FAILED` where a parameter is no value of SQL: the types of who calls may not be checked. */
export function assertParameters(statements: readonly SqlStatement<SqlValue | Pending>[], progressKey?: string): void {
  for (const [statement, { sql, parameters }] of statements.entries()) {
    const wrong = parameters.findIndex((parameter) => !isSqlValue(parameter) && !isPending(parameter));
    if (wrong === -1) continue;
    const reason = `parameter ${wrong + 1} is ${describe(parameters[wrong])}, which is no value of SQL`;
    throw viewSqlError(reason, { sql, statement, ...(progressKey !== undefined && { progressKey }) });
  }
}

function isSqlValue(value: unknown): value is SqlValue {
  const type = typeof value;
  if (type === 'object') return value === null || value instanceof Uint8Array;
  return type === 'string' || type === 'number' || type === 'bigint';
}

const shownMax = 300;

/** The error for a statement that the database refused. */
export function viewSqlError(reason: string, place: StatementPlace): HindsightError {
  const { sql, statement, progressKey } = place;
  const shown = sql.length > shownMax ? `${sql.slice(0, shownMax)}…` : sql;
  const of = progressKey === undefined ? '' : ` of the view ${JSON.stringify(progressKey)}`;
  return new HindsightError(
    'VIEW_SQL_FAILED',
    `Statement ${statement + 1}${of} was refused: ${reason.replace(/\.$/, '')}. Nothing was written. The statement: ${shown}`,
    { details: { ...place, reason } },
  );
}
