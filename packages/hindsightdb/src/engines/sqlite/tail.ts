/**
 * The tail: the newest events, which the index tables do not hold yet. A connection keeps what it needs of them in memory,
 * brought up to date inside the transaction that uses it. Between one and a few thousand events.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { labelsOf, type Labels } from './labels.ts';
import { numberOf, prepareArrays, rowOf } from './rows.ts';

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
  #indexedTo = 0;
  #head = 0;

  constructor(database: DatabaseSync) {
    this.#progress = prepareArrays(database, `SELECT value FROM progress WHERE name = 'indexed'`);
    this.#rows = prepareArrays(
      database,
      'SELECT position, stream_id, version FROM event WHERE position > ? ORDER BY position',
    );
    this.#record = prepareArrays(database, 'SELECT record FROM event WHERE position = ?');
  }

  /** The last position that the index tables hold. */
  get indexedTo(): number {
    return this.#indexedTo;
  }

  /** The last position of the log. */
  get head(): number {
    return this.#head;
  }

  get entries(): readonly TailEntry[] {
    return this.#entries;
  }

  /** Takes in what was written and indexed since. Call it inside the transaction that goes on to use the tail. */
  refresh(): void {
    const indexedTo = numberOf(this.#progress.get(), 0);
    if (indexedTo !== this.#indexedTo) this.#forgetUpTo(indexedTo);
    for (const row of this.#rows.iterate(Math.max(this.#head, indexedTo))) {
      const [position, streamId, version] = rowOf(row);
      this.push({
        position: Number(position),
        streamId: String(streamId),
        version: Number(version),
        labels: undefined,
      });
    }
    if (this.#head < indexedTo) this.#head = indexedTo;
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
    this.#indexedTo = 0;
    this.#head = 0;
  }

  #forgetUpTo(indexedTo: number): void {
    const kept = this.#entries.filter((entry) => entry.position > indexedTo);
    const head = this.#head;
    this.reset();
    this.#indexedTo = indexedTo;
    for (const entry of kept) this.push(entry);
    this.#head = Math.max(head, indexedTo);
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
