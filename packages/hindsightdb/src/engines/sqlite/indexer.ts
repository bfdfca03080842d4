/**
 * The indexer: brings the index tables up to the head. It takes the tail in one go and in the order of the tables' keys, so
 * that many events share the pages that they touch; that is why appends need not.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { categoryOf } from '../../core/stream-id.ts';
import { numberOf, prepareArrays } from './rows.ts';
import type { Tail } from './tail.ts';

/** Keys remembered per table; beyond it the memory starts anew. */
const keysMax = 200_000;

/** Writes the index tables of one connection. */
export class Indexer {
  readonly #streamKeys: KeyTable;
  readonly #tagKeys: KeyTable;
  readonly #kindKeys: KeyTable;
  readonly #streamEvent: StatementSync;
  readonly #kindEvent: StatementSync;
  readonly #tagEvent: StatementSync;
  readonly #progress: StatementSync;

  constructor(database: DatabaseSync) {
    this.#streamKeys = new KeyTable(database, {
      find: 'SELECT key FROM stream WHERE stream_id = ?',
      add: 'INSERT INTO stream (stream_id) VALUES (?) RETURNING key',
    });
    this.#tagKeys = new KeyTable(database, {
      find: 'SELECT key FROM tag WHERE tag = ?',
      add: 'INSERT INTO tag (tag) VALUES (?) RETURNING key',
    });
    this.#kindKeys = new KeyTable(database, {
      find: 'SELECT key FROM kind WHERE category = ? AND type = ?',
      add: 'INSERT INTO kind (category, type) VALUES (?, ?) RETURNING key',
    });
    this.#streamEvent = database.prepare('INSERT INTO stream_event (stream, version, position) VALUES (?, ?, ?)');
    this.#kindEvent = database.prepare('INSERT INTO kind_event (kind, position) VALUES (?, ?)');
    this.#tagEvent = database.prepare('INSERT INTO tag_event (tag, position) VALUES (?, ?)');
    this.#progress = database.prepare(
      `INSERT INTO progress (name, value) VALUES ('indexed', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
    );
  }

  /** Indexes every event of the tail, in a transaction of the caller's. */
  index(tail: Tail): void {
    const { entries } = tail;
    const last = entries.at(-1);
    if (last === undefined) return;
    const streams: IndexRow[] = [];
    const kinds: IndexRow[] = [];
    const tags: IndexRow[] = [];
    for (const entry of entries) {
      const { position, streamId, version } = entry;
      const labels = tail.labels(entry);
      streams.push({ key: this.#streamKeys.keyOf(streamId), version, position });
      kinds.push({ key: this.#kindKeys.keyOf(categoryOf(streamId), labels.type), version, position });
      for (const tag of labels.tags) tags.push({ key: this.#tagKeys.keyOf(tag), version, position });
    }
    for (const { key, version, position } of streams.sort(byKey)) this.#streamEvent.run(key, version, position);
    for (const { key, position } of kinds.sort(byKey)) this.#kindEvent.run(key, position);
    for (const { key, position } of tags.sort(byKey)) this.#tagEvent.run(key, position);
    this.#progress.run(last.position);
  }

  /** Forgets the keys that were given in a transaction which did not come about. */
  forget(): void {
    for (const table of [this.#streamKeys, this.#tagKeys, this.#kindKeys]) table.forget();
  }
}

interface IndexRow {
  readonly key: number;
  readonly version: number;
  readonly position: number;
}

/** By key, and within a key in the order of the log. */
function byKey(left: IndexRow, right: IndexRow): number {
  return left.key - right.key || left.position - right.position;
}

/** Small numbers that stand for texts in the index tables, given in the order in which the texts first occur. */
class KeyTable {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #keys = new Map<string, number>();

  constructor(database: DatabaseSync, sql: { readonly find: string; readonly add: string }) {
    this.#find = prepareArrays(database, sql.find);
    this.#add = prepareArrays(database, sql.add);
  }

  keyOf(...texts: readonly string[]): number {
    // NUL occurs in no id, type or tag, so joined texts stay apart.
    const name = texts.join('\0');
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    if (this.#keys.size >= keysMax) this.#keys.clear();
    const found = numberOf(this.#find.get(...texts), 0);
    const key = found === 0 ? numberOf(this.#add.get(...texts), 0) : found;
    this.#keys.set(name, key);
    return key;
  }

  forget(): void {
    this.#keys.clear();
  }
}
