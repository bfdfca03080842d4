/**
 * Walking the rows of the log. Rows that are fetched a piece at a time come much faster than one by one, but a piece of large
 * records could fill the memory; so records beyond a size are left out of the piece and fetched when their turn has come.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Direction } from '../../engine/contract.ts';
import { prepareArrays, rowOf } from './rows.ts';

/** A part of the log to walk through. */
export interface WalkRange {
  readonly direction: Direction;
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly end: number;
  /** How many rows are wanted at first. */
  readonly limit: number;
}

const pieceRowsMax = 1024;
const recordInPieceBytesMax = 16 * 1024;

/** Walks the log over one connection. */
export class LogWalk {
  /** The parameters are `(from, end, limit)`. */
  readonly #pieces: Readonly<Record<Direction, StatementSync>>;
  readonly #whole: StatementSync;

  constructor(database: DatabaseSync) {
    const columns = 'position, stream_id, version, recorded_at';
    // SQLite knows the size of a record without reading it.
    const record = `iif(octet_length(record) <= ${recordInPieceBytesMax}, record, NULL)`;
    const piece = (range: string): StatementSync =>
      prepareArrays(database, `SELECT ${columns}, ${record}, checksum FROM event WHERE ${range} LIMIT ?`);
    this.#pieces = {
      forward: piece('position > ? AND position <= ? ORDER BY position'),
      backward: piece('position < ? AND position >= ? ORDER BY position DESC'),
    };
    this.#whole = prepareArrays(database, `SELECT ${columns}, record, checksum FROM event WHERE position = ?`);
  }

  /** Hands rows of position, stream id, version, time, record and checksum to `take` until it answers false. Answers whether the range was walked to its end. */
  walk({ direction, from, end, limit }: WalkRange, take: (row: object) => boolean): boolean {
    // One more than a page takes, by which it sees that there is more.
    const size = Math.min(limit + 1, pieceRowsMax);
    for (let place = from; ;) {
      const piece = this.#pieces[direction].all(place, end, size);
      for (const row of piece) if (!take(this.#wholeRow(row))) return false;
      const last = piece.at(-1);
      if (last === undefined || piece.length < size) return true;
      place = Number(rowOf(last)[0]);
    }
  }

  #wholeRow(row: object): object {
    const values = rowOf(row);
    return values[4] === null ? (this.#whole.get(values[0] ?? null) ?? row) : row;
  }
}
