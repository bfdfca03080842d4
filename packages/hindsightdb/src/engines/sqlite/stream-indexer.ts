/**
 * The stream indexer: brings the stream index up behind the log. A page of that index holds the events of neighbouring
 * streams, so a few events of many streams touch as many pages as there are events, and in a large log each of them would
 * cost a page written and written back. It therefore waits for a large batch, puts it in the order of the index, and
 * writes it a slice at a time behind the groups that follow; many events then share each page, and no group waits long.
 *
 *     event    1 … … … streamsIndexedTo … … … batch.to … … … indexedTo … head
 *              └── stream index ──┘└── being written ──┘└──── tail ────────┘
 *
 * Rows of an unfinished batch do no harm: readers believe the index up to `streamsIndexedTo` only, and look into the tail for
 * the rest. A batch that is given up, or that another process writes as well, is written again over the same rows.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { KeyTable } from './key-table.ts';
import { RowInserter } from './row-inserter.ts';
import type { Tail } from './tail.ts';

/** How many events a batch takes at least, unless everything is to be indexed; and of how many streams it has enough. */
export const streamBatchMin = 131_072;

/** How many events the batches of a large log take at least. More of them would have to be read by whoever opens the store. */
export const streamBatchMax = 262_144;

/**
 * How many events a batch of a log takes at least. The longer the log, the more pages its streams lie in: a thirty-second
 * part of it at once keeps the number of events that share a page from falling.
 */
export function streamBatchFor(head: number): number {
  return Math.min(streamBatchMax, Math.max(streamBatchMin, Math.floor(head / 32)));
}

/** Rows of the stream index that are written for each event: more than one, so that a batch ends before the next is due. */
export const streamRowsPerEvent = 3;

/** Rows of the stream index that are written at once: what takes about as long as callers take to ask again. */
export const streamRowsPerSlice = 192;

/** Rows of the stream index that a pause writes at once: some milliseconds. */
export const streamRowsPerPause = 4096;

interface Batch {
  /** Where the stream index ended when the batch was begun; when that has moved, another process was faster. */
  readonly from: number;
  readonly to: number;
  /** The streams whose keys are still to be found. */
  readonly streamIds: string[];
  readonly streamIdOfKey: Map<number, string>;
  /** The keys in the order of the index, once all are found. */
  keys: Float64Array | undefined;
  /** How many of the keys are done. */
  done: number;
}

/** Writes the stream index of one connection. */
export class StreamIndexer {
  readonly #keys: KeyTable;
  readonly #rows: RowInserter;
  readonly #progress: StatementSync;
  #batch: Batch | undefined;

  constructor(database: DatabaseSync) {
    this.#keys = new KeyTable(database, {
      find: 'SELECT key FROM stream WHERE stream_id = ?',
      add: 'INSERT INTO stream (stream_id) VALUES (?) RETURNING key',
    });
    this.#rows = new RowInserter(database, 'INSERT OR IGNORE INTO stream_event (stream, version, position)', 3);
    this.#progress = database.prepare(
      `INSERT INTO progress (name, value) VALUES ('streams_indexed', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
    );
  }

  /**
   * Writes so many rows of the batch at hand, or begins one where enough has gathered, in a transaction of the caller's.
   * Answers whether the batch goes on.
   */
  advance(tail: Tail, rowsMax: number, batchMin: number = streamBatchFor(tail.head)): boolean {
    if (this.#batch?.from !== tail.streamsIndexedTo) this.#batch = begin(tail, batchMin);
    const batch = this.#batch;
    if (batch === undefined) return false;
    if (batch.keys === undefined) this.#findKeys(batch, rowsMax);
    else this.#write(batch, tail, rowsMax);
    if (batch.keys === undefined || batch.done < batch.keys.length) return true;
    this.#progress.run(batch.to);
    this.#batch = undefined;
    tail.refresh();
    return false;
  }

  /** Writes everything that the other index tables hold, in a transaction of the caller's. */
  finish(tail: Tail): void {
    while (tail.streamsIndexedTo < tail.indexedTo) this.advance(tail, Number.POSITIVE_INFINITY, 1);
  }

  /** Forgets what was done in a transaction that did not come about. */
  forget(): void {
    this.#batch = undefined;
    this.#rows.forget();
    this.#keys.forget();
  }

  #findKeys(batch: Batch, keysMax: number): void {
    for (let count = 0; count < keysMax; count += 1) {
      const streamId = batch.streamIds.pop();
      if (streamId === undefined) {
        batch.keys = Float64Array.from(batch.streamIdOfKey.keys()).toSorted();
        return;
      }
      batch.streamIdOfKey.set(this.#keys.keyOf(streamId), streamId);
    }
  }

  #write(batch: Batch, tail: Tail, rowsMax: number): void {
    const { keys, streamIdOfKey, to } = batch;
    for (let rows = 0; keys !== undefined && rows < rowsMax && batch.done < keys.length; batch.done += 1) {
      const key = keys[batch.done] ?? 0;
      const { firstVersion = 0, positions = [] } = tail.stream(streamIdOfKey.get(key) ?? '') ?? {};
      for (const [index, position] of positions.entries()) {
        if (position > to) break;
        this.#rows.add(key, firstVersion + index, position);
        rows += 1;
      }
    }
    this.#rows.flush();
  }
}

/** A batch of what the other index tables hold already, so that the tail never has to be kept for their sake alone. */
function begin(tail: Tail, batchMin: number): Batch | undefined {
  const from = tail.streamsIndexedTo;
  const to = tail.indexedTo;
  if (to - from < batchMin && tail.streamCount < streamBatchMin) return undefined;
  return {
    from,
    to,
    // Taken from the end. In the order of the ids, since that is how the table of the keys is searched.
    streamIds: tail.streamIds().toSorted().toReversed(),
    streamIdOfKey: new Map(),
    keys: undefined,
    done: 0,
  };
}
