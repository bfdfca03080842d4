/**
 * Statements of the user on one connection: prepared under the guard, remembered by their text, and told what was wrong.
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { viewSqlError, type StatementPlace } from '../../engine/sql-tables.ts';
import type { SqlRow, SqlValue } from '../../engine/views.ts';
import { isNumberTooLarge, isTroubleOfStore } from './sqlite-errors.ts';
import { rowOf } from './rows.ts';
import { SqlGuard, type SqlAccess } from './sql-guard.ts';

/** How many statements stay prepared; beyond it the one that was prepared first is prepared anew when it comes again. */
const preparedMax = 256;
/** Longer texts hold values that belong into parameters, and would not come again. */
const rememberedLengthMax = 16 * 1024;

interface Prepared {
  readonly statement: StatementSync;
  readonly readsStore: boolean;
}

/** Executes what users give. */
export class GuardedSql {
  readonly #database: DatabaseSync;
  readonly #guard: SqlGuard;
  readonly #beforeStoreRead: () => void;
  /** By text. What may be written must not be found by who may only read. */
  readonly #prepared: Readonly<Record<SqlAccess, Map<string, Prepared>>> = { read: new Map(), write: new Map() };

  /** `beforeStoreRead` is called before a statement runs that reads tables of the store. */
  constructor(database: DatabaseSync, beforeStoreRead: () => void = () => {}) {
    this.#database = database;
    this.#guard = new SqlGuard(database);
    this.#beforeStoreRead = beforeStoreRead;
  }

  /** Executes a statement in a transaction of the caller's. Throws `VIEW_SQL_FAILED`, and what is wrong with the store. */
  run(place: StatementPlace, parameters: readonly SqlValue[]): void {
    this.#watch('write', place, () => this.#prepare('write', place.sql).run(...parameters.map(bound)));
    // What is dropped and made anew under the same name may be something else now.
    if (this.#guard.isDefinition) this.#prepared.write.clear();
  }

  /** The rows of a reading statement. Throws like `run`. */
  all(place: StatementPlace, parameters: readonly SqlValue[]): readonly SqlRow[] {
    return this.#watch('read', place, () => {
      const statement = this.#prepare('read', place.sql);
      const values = parameters.map(bound);
      const rows = allRows(statement, values);
      // Asked behind the rows: only then the columns are those of the present schema.
      const names = statement.columns().map(({ name }) => name);
      return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, exactValue(row[index])])));
    });
  }

  #prepare(access: SqlAccess, sql: string): StatementSync {
    const known = this.#prepared[access].get(sql);
    if (known?.readsStore === true) this.#guard.unwatched(this.#beforeStoreRead);
    if (known !== undefined) return known.statement;
    const statement = this.#database.prepare(sql);
    if (access === 'read') statement.setReturnArrays(true);
    this.#assertAlone(sql, statement);
    const { readsStore, isDefinition } = this.#guard;
    if (readsStore) this.#guard.unwatched(this.#beforeStoreRead);
    if (!isDefinition && sql.length <= rememberedLengthMax) this.#remember(access, sql, { statement, readsStore });
    return statement;
  }

  /** SQLite prepares the first of several statements and would leave out the others. */
  #assertAlone(sql: string, statement: StatementSync): void {
    const rest = sql.slice(statement.sourceSQL.length);
    if (rest.trim() === '') return;
    try {
      this.#database.prepare(rest);
    } catch (error) {
      // A comment behind the statement is no statement.
      const isEmpty = error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE';
      if (isEmpty && !rest.includes('\0')) return;
    }
    throw new Error('there is more than one statement in the text');
  }

  #remember(access: SqlAccess, sql: string, prepared: Prepared): void {
    const known = this.#prepared[access];
    const [oldest] = known.keys();
    if (known.size >= preparedMax && oldest !== undefined) known.delete(oldest);
    known.set(sql, prepared);
  }

  #watch<Result>(access: SqlAccess, place: StatementPlace, work: () => Result): Result {
    try {
      return this.#guard.watch(access, work);
    } catch (error) {
      if (isTroubleOfStore(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const { refusal } = this.#guard;
      throw viewSqlError(refusal === undefined ? message : `${message} (${refusal})`, place);
    }
  }
}

/** Numbers without decimals are bound as integers: SQLite would take 5 for 5.0, and show it so in texts and in JSON. */
function bound(value: SqlValue): SQLInputValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function allRows(statement: StatementSync, values: readonly SQLInputValue[]): readonly (readonly unknown[])[] {
  try {
    return statement.all(...values).map(rowOf);
  } catch (error) {
    if (!isNumberTooLarge(error)) throw error;
  }
  statement.setReadBigInts(true);
  try {
    return statement.all(...values).map(rowOf);
  } finally {
    statement.setReadBigInts(false);
  }
}

/** Integers that a number holds exactly, as numbers. */
function exactValue(value: unknown): SqlValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  // SQLite's values are of these types and no others.
  return value as SqlValue;
}
