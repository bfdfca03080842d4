/**
 * What the writer does for views: their entries and statements, in the transaction of the append that carries them. How far
 * a view is complete is kept in memory during a group and written once at its end, however many appends move it.
 */

import type { DatabaseSync } from 'node:sqlite';
import type { KeyedEntry, KeyedWrite, Written } from '../../engine/contract.ts';
import { headsOfProgress } from '../../engine/judge-views.ts';
import { filledStatement, filledWrite, movedHeads, type Places } from '../../engine/pending-facts.ts';
import type { StatementPlace } from '../../engine/sql-tables.ts';
import type { SqlValue, ViewWrite } from '../../engine/views.ts';
import { GuardedSql } from './guarded-sql.ts';
import { unpackStatements, type PackedStatements } from './sql-message.ts';

/** What of the writer is needed here. */
export interface ViewWriterParts {
  readonly database: DatabaseSync;
  readonly keyed: (key: string) => KeyedEntry | undefined;
  /** Writes an entry of the keyed store. */
  readonly writeKeyed: (write: Pick<KeyedWrite, 'key' | 'value'>) => void;
  /** Writes what is judged and not yet in the tables of the store, for a statement that reads them. */
  readonly flush: () => void;
}

/** How many views are remembered between groups. There are as many as a program has inline views. */
const progressMax = 1000;

/** Writes views on one connection. */
export class ViewWriter {
  readonly #parts: ViewWriterParts;
  readonly #progress = new Map<string, readonly number[]>();
  /** Views whose entry in the file is behind what is remembered. */
  readonly #moved = new Set<string>();
  #sql: GuardedSql | undefined;
  #statementCount = 0;

  constructor(parts: ViewWriterParts) {
    this.#parts = parts;
  }

  /** How many statements were executed. */
  get statementCount(): number {
    return this.#statementCount;
  }

  /** Up to where a view is complete. */
  progress(progressKey: string): readonly number[] | undefined {
    const known = this.#progress.get(progressKey);
    if (known !== undefined) return known;
    const heads = headsOfProgress(this.#parts.keyed(progressKey)?.value, 1);
    if (heads !== undefined) this.#progress.set(progressKey, heads);
    return heads;
  }

  /** Writes the views of an append that is judged and written. */
  write(views: readonly ViewWrite[], places: Places, written: Written): void {
    for (const { progressKey, keyedWrites, statements } of views) {
      const heads = this.progress(progressKey);
      for (const write of keyedWrites) this.#parts.writeKeyed(filledWrite(write, places));
      for (const [index, statement] of statements.entries()) {
        const { sql, parameters } = filledStatement(statement, places);
        this.#run({ sql, statement: index, progressKey }, parameters);
      }
      if (heads === undefined || written.partitions.length === 0) continue;
      this.#progress.set(progressKey, movedHeads(heads, written));
      this.#moved.add(progressKey);
    }
  }

  /** Executes the statements of a write. */
  execute(packed: PackedStatements): void {
    let index = 0;
    for (const { sql, parameters } of unpackStatements(packed)) this.#run({ sql, statement: index++ }, parameters);
  }

  #run(place: StatementPlace, parameters: readonly SqlValue[]): void {
    this.#statementCount += 1;
    this.#guarded().run(place, parameters);
  }

  /** The first call makes SQLite prepare every statement of the connection anew; so it is made only where there is SQL. */
  #guarded(): GuardedSql {
    this.#sql ??= new GuardedSql(this.#parts.database, () => {
      this.#parts.flush();
      this.flush();
    });
    return this.#sql;
  }

  /** Writes the entry under a key where it is behind, for somebody who looks at it. */
  settle(key: string): void {
    const heads = this.#progress.get(key);
    if (!this.#moved.delete(key) || heads === undefined) return;
    this.#parts.writeKeyed({ key, value: JSON.stringify(heads) });
    this.#progress.set(key, heads);
  }

  /** Writes the entries that are behind. Called at the end of a group. */
  flush(): void {
    for (const key of this.#moved) this.settle(key);
    if (this.#progress.size > progressMax) this.#progress.clear();
  }

  /** Forgets what is remembered under a key: somebody writes something else there. */
  forgetEntry(key: string): void {
    this.#moved.delete(key);
    this.#progress.delete(key);
  }

  /** Forgets what is remembered of the file. */
  forget(): void {
    this.#moved.clear();
    this.#progress.clear();
  }
}
