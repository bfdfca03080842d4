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

/** The events of one stream that are in the tail: their versions have no gap. */
export interface TailStream {
  readonly firstVersion: number;
  readonly positions: readonly number[];
}

interface GrowingStream extends TailStream {
  readonly positions: number[];
}

/** The version of a stream whose newest events these are. */
export function lastVersionOf({ firstVersion, positions }: TailStream): number {
  return firstVersion + positions.length - 1;
}

/** What one connection knows of the tail: of each event its position, and of those that no table holds all that they are found by. */
export class Tail {
  readonly #progress: StatementSync;
  readonly #rows: StatementSync;
  readonly #record: StatementSync;
  #unindexed: TailEntry[] = [];
  #streams = new Map<string, GrowingStream>();
  /** The stream of the newest event, while its positions are those in the map. */
  #last: { readonly streamId: string; readonly positions: number[] } | undefined;
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

  /** The events that no index table holds, in the order of the log. */
  get unindexed(): readonly TailEntry[] {
    return this.#unindexed;
  }

  /** The streams that have events in the tail. */
  streamIds(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** How many streams these are. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** The last position of the log. */
  get head(): number {
    return this.#head;
  }

  /** How many events it holds. Positions of this engine have no gap. */
  get length(): number {
    return this.#head - this.#streamsIndexedTo;
  }

  /** Takes in what was written and indexed since. Call it inside the transaction that goes on to use the tail. */
  refresh(): void {
    const progress = this.#progress.get();
    const [streamsIndexedTo = 0, indexedTo = 0] = progress === undefined ? [] : rowOf(progress).map(Number);
    if (streamsIndexedTo !== this.#streamsIndexedTo) this.#forgetStreamsUpTo(streamsIndexedTo);
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
    const { position, streamId, version } = entry;
    this.#head = position;
    if (position > this.#indexedTo) this.#unindexed.push(entry);
    // Events of one append stand behind one another.
    if (streamId !== this.#last?.streamId) this.#last = { streamId, positions: this.#positionsOf(streamId, version) };
    this.#last.positions.push(position);
  }

  #positionsOf(streamId: string, firstVersion: number): number[] {
    const own = this.#streams.get(streamId);
    if (own !== undefined) return own.positions;
    const positions: number[] = [];
    this.#streams.set(streamId, { firstVersion, positions });
    return positions;
  }

  /** Forgets everything: after a transaction whose writes did not happen. */
  reset(): void {
    this.#unindexed = [];
    this.#streams = new Map();
    this.#last = undefined;
    this.#streamsIndexedTo = 0;
    this.#indexedTo = 0;
    this.#head = 0;
  }

  #forgetStreamsUpTo(streamsIndexedTo: number): void {
    this.#last = undefined;
    for (const [streamId, { firstVersion, positions }] of this.#streams) {
      const kept = positions.filter((position) => position > streamsIndexedTo);
      if (kept.length === positions.length) continue;
      if (kept.length === 0) this.#streams.delete(streamId);
      else
        this.#streams.set(streamId, {
          firstVersion: firstVersion + positions.length - kept.length,
          positions: kept,
        });
    }
    this.#streamsIndexedTo = streamsIndexedTo;
  }

  #forgetLabelsUpTo(indexedTo: number): void {
    this.#unindexed = this.#unindexed.filter(({ position }) => position > indexedTo);
    this.#indexedTo = indexedTo;
  }

  /** The events of a stream that are in the tail; undefined where there are none. */
  stream(streamId: string): TailStream | undefined {
    return this.#streams.get(streamId);
  }

  /** The same one by one, in the order of their versions. */
  entriesOf(streamId: string): readonly TailEntry[] {
    const own = this.#streams.get(streamId);
    if (own === undefined) return [];
    return own.positions.map((position, index) => ({
      position,
      streamId,
      version: own.firstVersion + index,
      labels: undefined,
    }));
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
