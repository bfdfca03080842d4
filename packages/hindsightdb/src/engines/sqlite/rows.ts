/**
 * Rows as arrays: the fastest form in which Node's SQLite hands them out. Its types know rows as objects only.
 */

import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';

/** Prepares a statement whose rows are arrays. */
export function prepareArrays(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

/** A row of such a statement. */
export function rowOf(row: object): readonly SQLOutputValue[] {
  if (!Array.isArray(row)) throw new TypeError('The statement was not prepared to return arrays.');
  // Columns of SQLite are of these types and no others.
  return row as readonly SQLOutputValue[];
}

/** The first column of the only row as a number; the default where there is no row or it is NULL. */
export function numberOf(row: object | undefined, absent: number): number {
  const value = row === undefined ? undefined : rowOf(row)[0];
  return value === null || value === undefined ? absent : Number(value);
}

/** What begins and ends a read transaction. Reads are so short that preparing these anew would be a part of their cost. */
const brackets = new WeakMap<DatabaseSync, { readonly begin: StatementSync; readonly end: StatementSync }>();

/** Runs a function inside a read transaction, so that everything in it sees one state of the file. */
export function inSnapshot<Result>(database: DatabaseSync, work: () => Result): Result {
  const { begin, end } = brackets.get(database) ?? prepareBrackets(database);
  begin.run();
  try {
    return work();
  } finally {
    // SQLite may have ended it by itself when a read failed; that error is the one to tell.
    if (database.isTransaction) end.run();
  }
}

function prepareBrackets(database: DatabaseSync) {
  const own = { begin: database.prepare('BEGIN'), end: database.prepare('COMMIT') };
  brackets.set(database, own);
  return own;
}
