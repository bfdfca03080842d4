/**
 * What SQL of the user may do: anything with tables of the user's own, nothing to what belongs to the store. SQLite asks the
 * guard when it prepares a statement, and again when the schema has changed since; statements of the store pass unasked.
 */

import type { DatabaseSync } from 'node:sqlite';
import { isReservedName } from './format.ts';
import { loadSqlite } from './runtime.ts';

/** What a statement of the user is prepared for. */
export type SqlAccess = 'read' | 'write';

/** Watches over the statements of one connection. */
export class SqlGuard {
  readonly #verdict: Readonly<Record<'allowed' | 'refused', number>>;
  readonly #judges: ReadonlyMap<number, Judge>;
  #access: SqlAccess | undefined;
  #refusal: string | undefined;
  #readsStore = false;
  #isDefinition = false;

  constructor(database: DatabaseSync) {
    const { constants } = loadSqlite();
    this.#verdict = { allowed: constants.SQLITE_OK, refused: constants.SQLITE_DENY };
    // Which actions there are is SQLite's own knowledge; the numbers are looked up by their names.
    this.#judges = new Map(Object.entries(judges).map(([name, judge]) => [Reflect.get(constants, name), judge]));
    // Once for good: setting it makes SQLite prepare every statement of the connection anew.
    database.setAuthorizer((action, first, second) => this.#authorize(action, first ?? '', second ?? ''));
  }

  /** Does something with a statement of the user. */
  watch<Result>(access: SqlAccess, work: () => Result): Result {
    this.#refusal = undefined;
    this.#readsStore = false;
    this.#isDefinition = false;
    return this.#as(access, work);
  }

  /** Does something with statements of the store, in the midst of `watch`. */
  unwatched<Result>(work: () => Result): Result {
    return this.#as(undefined, work);
  }

  #as<Result>(access: SqlAccess | undefined, work: () => Result): Result {
    const before = this.#access;
    this.#access = access;
    try {
      return work();
    } finally {
      this.#access = before;
    }
  }

  /** Whether the last statement was seen to read tables of the store. Only preparing shows it. */
  get readsStore(): boolean {
    return this.#readsStore;
  }

  /** Whether the last statement was seen to make, change or drop tables, indexes, views or triggers. Only preparing shows it. */
  get isDefinition(): boolean {
    return this.#isDefinition;
  }

  /** Why the last statement was refused by the guard, if it was. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  #authorize(action: number, first: string, second: string): number {
    if (this.#access === undefined) return this.#verdict.allowed;
    const judge = this.#judges.get(action) ?? refusing('this kind of statement is not for views');
    const { changes, reads, refusal } = judge(first, second);
    this.#readsStore ||= reads === 'store';
    this.#isDefinition ||= changes === 'definition';
    if (refusal !== undefined) this.#refusal = refusal;
    else if (changes !== undefined && this.#access === 'read') this.#refusal = 'a query only reads';
    else return this.#verdict.allowed;
    return this.#verdict.refused;
  }
}

interface Judged {
  readonly changes?: 'content' | 'definition';
  readonly reads?: 'store';
  readonly refusal?: string;
}

/** Judges an action by what SQLite says of it: mostly the names of what it is done to. */
type Judge = (first: string, second: string) => Judged;

const allowed: Judge = () => ({});

function refusing(refusal: string): Judge {
  return () => ({ refusal });
}

/** Refuses a change to something with one of these names. */
function changing(changes: 'content' | 'definition', ...names: readonly string[]): Judged {
  const taken = names.find(isReservedName);
  return taken === undefined ? { changes } : { changes, refusal: `${JSON.stringify(taken)} belongs to the store` };
}

const contentOfFirst: Judge = (first) => changing('content', first);
const definitionOfFirst: Judge = (first) => changing('definition', first);
const definitionOfSecond: Judge = (_, second) => changing('definition', second);
const definitionOfBoth: Judge = (first, second) => changing('definition', first, second);
const transaction = refusing('the store begins and ends transactions');
const attachment = refusing('a statement cannot open other files');
const temporary = refusing('tables of a view are not temporary');

/** For each action its judge; what is not named here is refused. */
const judges: Readonly<Record<string, Judge>> = {
  SQLITE_SELECT: allowed,
  SQLITE_RECURSIVE: allowed,
  SQLITE_READ: (table) => (isReservedName(table) ? { reads: 'store' } : {}),
  SQLITE_FUNCTION: (_, name) =>
    name.toLowerCase() === 'load_extension' ? { refusal: 'extensions are not loaded' } : {},
  SQLITE_INSERT: contentOfFirst,
  SQLITE_UPDATE: contentOfFirst,
  SQLITE_DELETE: contentOfFirst,
  SQLITE_CREATE_TABLE: definitionOfFirst,
  SQLITE_CREATE_VIEW: definitionOfFirst,
  SQLITE_CREATE_VTABLE: definitionOfFirst,
  SQLITE_DROP_TABLE: definitionOfFirst,
  SQLITE_DROP_VIEW: definitionOfFirst,
  SQLITE_DROP_VTABLE: definitionOfFirst,
  SQLITE_REINDEX: definitionOfFirst,
  SQLITE_ANALYZE: definitionOfFirst,
  SQLITE_ALTER_TABLE: definitionOfSecond,
  // The index or trigger, and the table that it is on.
  SQLITE_CREATE_INDEX: definitionOfBoth,
  SQLITE_CREATE_TRIGGER: definitionOfBoth,
  SQLITE_DROP_INDEX: definitionOfBoth,
  SQLITE_DROP_TRIGGER: definitionOfBoth,
  // SQLite's full-text search looks at this one itself.
  SQLITE_PRAGMA: (name) => (name === 'data_version' ? {} : { refusal: 'a statement cannot set or read a PRAGMA' }),
  SQLITE_TRANSACTION: transaction,
  SQLITE_SAVEPOINT: transaction,
  SQLITE_ATTACH: attachment,
  SQLITE_DETACH: attachment,
  // A temporary table would stand before a table of the store that has the same name.
  SQLITE_CREATE_TEMP_TABLE: temporary,
  SQLITE_CREATE_TEMP_VIEW: temporary,
  SQLITE_CREATE_TEMP_INDEX: temporary,
  SQLITE_CREATE_TEMP_TRIGGER: temporary,
};
