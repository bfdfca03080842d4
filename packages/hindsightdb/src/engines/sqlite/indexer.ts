/**
 * The indexer: brings the index tables up to the head. It takes the tail in one go and in the order of the tables' keys, so
 * that many events share the pages that they touch; that is why appends need not.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { categoryOf } from '../../core/stream-id.ts';
import { KeyTable } from './key-table.ts';
import { RowInserter } from './row-inserter.ts';
import type { Tail } from './tail.ts';

/** Writes the index tables of one connection. */
export class Indexer {
  readonly #tagKeys: KeyTable;
  readonly #kindKeys: KeyTable;
  readonly #kindEvents: RowInserter;
  readonly #tagEvents: RowInserter;
  readonly #keepStreamsMark: StatementSync;
  readonly #progress: StatementSync;

  constructor(database: DatabaseSync) {
    this.#tagKeys = new KeyTable(database, {
      find: 'SELECT key FROM tag WHERE tag = ?',
      add: 'INSERT INTO tag (tag) VALUES (?) RETURNING key',
    });
    this.#kindKeys = new KeyTable(database, {
      find: 'SELECT key FROM kind WHERE category = ? AND type = ?',
      add: 'INSERT INTO kind (category, type) VALUES (?, ?) RETURNING key',
    });
    this.#kindEvents = new RowInserter(database, 'INSERT INTO kind_event (kind, position)', 2);
    this.#tagEvents = new RowInserter(database, 'INSERT INTO tag_event (tag, position)', 2);
    this.#keepStreamsMark = database.prepare(
      `INSERT OR IGNORE INTO progress (name, value) SELECT 'streams_indexed', value FROM progress WHERE name = 'indexed'`,
    );
    this.#progress = database.prepare(
      `INSERT INTO progress (name, value) VALUES ('indexed', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
    );
  }

  /** Indexes every event of the tail, in a transaction of the caller's. */
  index(tail: Tail): void {
    const entries = tail.unindexed;
    const last = entries.at(-1);
    if (last === undefined) return;
    const kinds: IndexRow[] = [];
    const tags: IndexRow[] = [];
    for (const entry of entries) {
      const { position, streamId } = entry;
      const labels = tail.labels(entry);
      kinds.push({ key: this.#kindKeys.keyOf(categoryOf(streamId), labels.type), position });
      for (const tag of labels.tags) tags.push({ key: this.#tagKeys.keyOf(tag), position });
    }
    for (const { key, position } of kinds.toSorted(byKey)) this.#kindEvents.add(key, position);
    for (const { key, position } of tags.toSorted(byKey)) this.#tagEvents.add(key, position);
    this.#kindEvents.flush();
    this.#tagEvents.flush();
    // A store of the time when one mark stood for all tables gets the other one before the marks part.
    this.#keepStreamsMark.run();
    this.#progress.run(last.position);
  }

  /** Forgets the keys that were given in a transaction which did not come about. */
  forget(): void {
    for (const part of [this.#tagKeys, this.#kindKeys, this.#kindEvents, this.#tagEvents]) part.forget();
  }
}

interface IndexRow {
  readonly key: number;
  readonly position: number;
}

/** By key, and within a key in the order of the log. */
function byKey(left: IndexRow, right: IndexRow): number {
  return left.key - right.key || left.position - right.position;
}
