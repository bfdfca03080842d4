/**
 * Inserting many short rows: several a statement, since calling SQLite costs more than a row of an index.
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** Beyond this, further rows in a statement save hardly anything. */
const rowsAtOnce = 16;

/** Gathers rows of one table and inserts them in their order. */
export class RowInserter {
  readonly #several: StatementSync;
  readonly #one: StatementSync;
  readonly #columnCount: number;
  #values: SQLInputValue[] = [];

  /** `insert` is the statement up to its rows: `INSERT INTO tag_event (tag, position)`. */
  constructor(database: DatabaseSync, insert: string, columnCount: number) {
    const row = `(${Array.from({ length: columnCount }, () => '?').join(', ')})`;
    this.#several = database.prepare(`${insert} VALUES ${Array.from({ length: rowsAtOnce }, () => row).join(', ')}`);
    this.#one = database.prepare(`${insert} VALUES ${row}`);
    this.#columnCount = columnCount;
  }

  /** Adds a row. It is in the table after `flush` at the latest. */
  add(...values: readonly SQLInputValue[]): void {
    this.#values.push(...values);
    if (this.#values.length < rowsAtOnce * this.#columnCount) return;
    this.#several.run(...this.#values);
    this.#values = [];
  }

  /** Inserts what has gathered. */
  flush(): void {
    for (let start = 0; start < this.#values.length; start += this.#columnCount)
      this.#one.run(...this.#values.slice(start, start + this.#columnCount));
    this.#values = [];
  }

  /** Forgets what has gathered, for a transaction that did not come about. */
  forget(): void {
    this.#values = [];
  }
}
