/**
 * Tables in memory, for the memory engine: views in SQL behave there as in a file.
 */

import type { SqlTables, StatementList } from '../../engine/sql-tables.ts';
import type { SqlRow, SqlStatement } from '../../engine/views.ts';
import { GuardedSql } from './guarded-sql.ts';
import { connect, loadSqlite } from './runtime.ts';

type Opened = { readonly database: ReturnType<typeof connect>; readonly sql: GuardedSql };

const cacheBytes = 16 * 1024 * 1024;

/** Tables in memory, made when they are first used; undefined where there is no SQLite, or one that is too old. */
export function memoryTables(): SqlTables | undefined {
  try {
    loadSqlite();
  } catch {
    return undefined;
  }
  return new MemoryTables();
}

class MemoryTables implements SqlTables {
  #opened: Opened | undefined;

  #open(): Opened {
    if (this.#opened === undefined) {
      const database = connect({ path: ':memory:', readOnly: false, cacheBytes });
      this.#opened = { database, sql: new GuardedSql(database) };
    }
    return this.#opened;
  }

  execute(lists: readonly StatementList[]): void {
    if (lists.every(({ statements }) => statements.length === 0)) return;
    const { database, sql } = this.#open();
    database.exec('BEGIN');
    try {
      for (const { statements, ...of } of lists)
        for (const [index, statement] of statements.entries())
          sql.run({ sql: statement.sql, statement: index, ...of }, statement.parameters);
      database.exec('COMMIT');
    } catch (error) {
      // Some statements end the transaction when they fail.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  query({ sql, parameters }: SqlStatement): readonly SqlRow[] {
    return this.#open().sql.all({ sql, statement: 0 }, parameters);
  }

  close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }
}
