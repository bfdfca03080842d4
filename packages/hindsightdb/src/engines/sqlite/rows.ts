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

/** Runs a function inside a read transaction, so that everything in it sees one state of the file. */
export function inSnapshot<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN');
  try {
    return work();
  } finally {
    // SQLite may have ended it by itself when a read failed; that error is the one to tell.
    if (database.isTransaction) database.exec('COMMIT');
  }
}
