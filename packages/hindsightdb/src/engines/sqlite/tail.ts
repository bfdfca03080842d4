/**
 * The tail: the newest events, which the stream index does not hold yet, and at its end the few that no index table holds. A
 * connection keeps what it needs of them in memory, brought up to date inside the transaction that uses it.
 *
 *     event    1 … … … … … … streamsIndexedTo … … … … … … … … indexedTo … … head
 *              └── in all index tables ──┘└── found by kind and tag ──┘└ unindexed ┘
 *                                         └────────────── tail ────────────────────┘
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { labelsOf, type Labels } from './labels.ts';
import { prepareArrays, rowOf } from './rows.ts';

/** One event of the tail. */
export interface TailEntry {
  readonly position: number;
  readonly streamId: string;
  readonly version: number;
  /** Read from the record when first needed. */
  labels: Labels | undefined;
}

/** What one connection knows of the tail. */
export class Tail {
  readonly #progress: StatementSync;
  readonly #rows: StatementSync;
  readonly #record: StatementSync;
  #entries: TailEntry[] = [];
  #streams = new Map<string, TailEntry[]>();
  #streamsIndexedTo = 0;
  #indexedTo = 0;
  #head = 0;

  constructor(database: DatabaseSync) {
    // A store that was never indexed by this code has one mark for all tables.
    this.#progress = prepareArrays(
      database,
      `SELECT coalesce((SELECT value FROM progress WHERE name = 'streams_indexed'), value), value FROM progress WHERE name = 'indexed'`,
    );
    this.#rows = prepareArrays(
      database,
      'SELECT position, stream_id, version FROM event WHERE position > ? ORDER BY position',
    );
    this.#record = prepareArrays(database, 'SELECT record FROM event WHERE position = ?');
  }

  /** The last position that the stream index holds completely. */
  get streamsIndexedTo(): number {
    return this.#streamsIndexedTo;
  }

  /** The last position that the index tables of kinds and tags hold. */
  get indexedTo(): number {
    return this.#indexedTo;
  }

  /** The events that no index table holds. */
  get unindexed(): readonly TailEntry[] {
    let count = 0;
    while (count < this.#entries.length && (this.#entries.at(-1 - count)?.position ?? 0) > this.#indexedTo) count += 1;
    return count === 0 ? [] : this.#entries.slice(-count);
  }

  /** The streams that have events in the tail. */
  streamIds(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** The last position of the log. */
  get head(): number {
    return this.#head;
  }

  /** Its events, in the order of the log. */
  get entries(): readonly TailEntry[] {
    return this.#entries;
  }

  /** Takes in what was written and indexed since. Call it inside the transaction that goes on to use the tail. */
  refresh(): void {
    const progress = this.#progress.get();
    const [streamsIndexedTo = 0, indexedTo = 0] = progress === undefined ? [] : rowOf(progress).map(Number);
    if (streamsIndexedTo !== this.#streamsIndexedTo) this.#forgetUpTo(streamsIndexedTo);
    if (indexedTo !== this.#indexedTo) this.#forgetLabelsUpTo(indexedTo);
    for (const row of this.#rows.iterate(Math.max(this.#head, streamsIndexedTo))) {
      const [position, streamId, version] = rowOf(row);
      this.push({
        position: Number(position),
        streamId: String(streamId),
        version: Number(version),
        labels: undefined,
      });
    }
    if (this.#head < streamsIndexedTo) this.#head = streamsIndexedTo;
  }

  /** Adds an event that this connection writes. */
  push(entry: TailEntry): void {
    this.#entries.push(entry);
    this.#head = entry.position;
    const own = this.#streams.get(entry.streamId);
    if (own === undefined) this.#streams.set(entry.streamId, [entry]);
    else own.push(entry);
  }

  /** Forgets everything: after a transaction whose writes did not happen. */
  reset(): void {
    this.#entries = [];
    this.#streams = new Map();
    this.#streamsIndexedTo = 0;
    this.#indexedTo = 0;
    this.#head = 0;
  }

  #forgetUpTo(streamsIndexedTo: number): void {
    const kept = this.#entries.filter((entry) => entry.position > streamsIndexedTo);
    const head = this.#head;
    const indexedTo = this.#indexedTo;
    this.reset();
    for (const entry of kept) this.push(entry);
    this.#streamsIndexedTo = streamsIndexedTo;
    this.#indexedTo = indexedTo;
    this.#head = Math.max(head, streamsIndexedTo);
  }

  /** Labels are asked for until kinds and tags are indexed, and keeping them would keep the records. */
  #forgetLabelsUpTo(indexedTo: number): void {
    for (const entry of this.unindexed) if (entry.position <= indexedTo) entry.labels = undefined;
    this.#indexedTo = indexedTo;
  }

  /** The events of a stream that are in the tail, in the order of their versions. */
  stream(streamId: string): readonly TailEntry[] {
    return this.#streams.get(streamId) ?? [];
  }

  /** Type, tags and id of an event of the tail. */
  labels(entry: TailEntry): Labels {
    if (entry.labels === undefined) {
      const row = this.#record.get(entry.position);
      entry.labels = labelsOf(row === undefined ? '' : String(rowOf(row)[0]));
    }
    return entry.labels;
  }
}
