/**
 * Inserting many rows: several a statement, since calling SQLite costs more than a row.
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** Rows of a statement, the largest first. Beyond it, further rows save hardly anything; the smaller ones are for the rest. */
const rowCounts = [64, 16, 4, 1] as const;

/** Gathers rows of one table and inserts them in their order. */
export class RowInserter {
  readonly #statements: readonly { readonly length: number; readonly insert: StatementSync }[];
  readonly #lengthMax: number;
  #values: SQLInputValue[] = [];

  /** `insert` is the statement up to its rows: `INSERT INTO tag_event (tag, position)`. */
  constructor(database: DatabaseSync, insert: string, columnCount: number) {
    const row = `(${Array.from({ length: columnCount }, () => '?').join(', ')})`;
    this.#statements = rowCounts.map((count) => ({
      length: count * columnCount,
      insert: database.prepare(`${insert} VALUES ${Array.from({ length: count }, () => row).join(', ')}`),
    }));
    this.#lengthMax = rowCounts[0] * columnCount;
  }

  /** Adds a row. It is in the table after `flush` at the latest. */
  add(...values: readonly SQLInputValue[]): void {
    for (const value of values) this.#values.push(value);
    if (this.#values.length === this.#lengthMax) this.flush();
  }

  /** Inserts what has gathered. */
  flush(): void {
    const values = this.#values;
    let start = 0;
    for (const { length, insert } of this.#statements)
      for (; values.length - start >= length; start += length)
        insert.run(...(start === 0 && values.length === length ? values : values.slice(start, start + length)));
    this.#values = [];
  }

  /** Forgets what has gathered, for a transaction that did not come about. */
  forget(): void {
    this.#values = [];
  }
}
