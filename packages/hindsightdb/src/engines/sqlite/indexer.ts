/**
 * The indexer: brings the index tables up to the head. It takes the tail in one go and in the order of the tables' keys, so
 * that many events share the pages that they touch; that is why appends need not.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { categoryOf } from '../../core/stream-id.ts';
import { KeyTable } from './key-table.ts';
import { RowInserter } from './row-inserter.ts';
import type { Tail } from './tail.ts';

/** Types of one category whose keys are at hand. */
const typesMax = 1000;

/** Writes the index tables of one connection. */
export class Indexer {
  readonly #tagKeys: KeyTable;
  readonly #kindKeys: KeyTable;
  readonly #kindEvents: RowInserter;
  readonly #tagEvents: RowInserter;
  /** The category of the last event, and the keys of its kinds by their types. */
  #last: { readonly category: string; readonly keys: Map<string, number> } = { category: '', keys: new Map() };
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
    const kinds = new PositionsByKey();
    const tags = new PositionsByKey();
    for (const entry of entries) {
      const { position, streamId } = entry;
      const labels = tail.labels(entry);
      kinds.add(this.#kindKeyOf(streamId, labels.type), position);
      for (const tag of labels.tags) tags.add(this.#tagKeys.keyOf(tag), position);
    }
    kinds.insertInto(this.#kindEvents);
    tags.insertInto(this.#tagEvents);
    // A store of the time when one mark stood for all tables gets the other one before the marks part.
    this.#keepStreamsMark.run();
    this.#progress.run(last.position);
  }

  /** Few categories and types follow one another, so most of their keys are found without making their name anew. */
  #kindKeyOf(streamId: string, type: string): number {
    const { category, keys } = this.#last;
    if (category !== '' && streamId.startsWith(category) && streamId[category.length] === '-') {
      const known = keys.get(type);
      if (known !== undefined) return known;
      if (keys.size >= typesMax) keys.clear();
    } else this.#last = { category: categoryOf(streamId), keys: new Map() };
    const key = this.#kindKeys.keyOf(this.#last.category, type);
    this.#last.keys.set(type, key);
    return key;
  }

  /** Forgets the keys that were given in a transaction which did not come about. */
  forget(): void {
    this.#last = { category: '', keys: new Map() };
    for (const part of [this.#tagKeys, this.#kindKeys, this.#kindEvents, this.#tagEvents]) part.forget();
  }
}

/** Rows of an index table, taken in by position and inserted by key: sorting the keys alone is less than sorting the rows. */
class PositionsByKey {
  readonly #positions = new Map<number, number[]>();

  /** Takes in a position beyond those before it. */
  add(key: number, position: number): void {
    const own = this.#positions.get(key);
    if (own === undefined) this.#positions.set(key, [position]);
    else own.push(position);
  }

  /** Inserts all rows by key, and within a key in the order of the log. */
  insertInto(rows: RowInserter): void {
    for (const key of Float64Array.from(this.#positions.keys()).toSorted())
      for (const position of this.#positions.get(key) ?? []) rows.add(key, position);
    rows.flush();
  }
}
