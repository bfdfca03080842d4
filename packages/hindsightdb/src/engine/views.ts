/**
 * The part of the storage contract that read models need: writes that an append carries with it, and SQL where the engine
 * has any. See docs/decisions/0016.
 */

import type { Conflict } from '../core/errors.ts';
import type { KeyedWrite } from './contract.ts';

/** A value that SQL knows. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * A fact about an event of the same append that only the engine knows, and fills in when it writes the event: its position,
 * its version, or the time of recording as ISO 8601 with microseconds.
 */
export interface Pending {
  readonly pending: 'position' | 'version' | 'recordedAt';
  /** Which stream of the batch, from 0, and which of its events, from 0. */
  readonly stream: number;
  readonly event: number;
}

/** Text with facts to be filled in. */
export type PendingText = readonly (string | Pending)[];

/** A statement, one alone, and what its parameters (`?`) stand for. One that is missing is NULL. */
export interface SqlStatement<Parameter = SqlValue> {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** A keyed write of a view, whose key and value may hold facts to be filled in. */
export interface ViewKeyedWrite {
  readonly key: string | PendingText;
  readonly value: string | PendingText | null;
  readonly expectedRevision?: number;
}

/**
 * What an append writes to one view, in its own transaction. It is taken only where the entry at `progressKey` says that the
 * view is complete: a JSON array with a position for each partition, which must be the newest one in every partition that
 * the append writes to, the appends before it in the same group included. The engine then moves the entry to the new head.
 * Where the entry is absent or behind, or an expected revision is not the present one, the answer is `viewStale`.
 */
export interface ViewWrite {
  readonly progressKey: string;
  readonly keyedWrites: readonly ViewKeyedWrite[];
  /** Only where the engine has SQL. Executed in order, behind the events. */
  readonly statements: readonly SqlStatement<SqlValue | Pending>[];
}

/** Statements and keyed writes that are executed together or not at all. */
export interface SqlWrite {
  /** Judged first: a conflict, and nothing is executed. */
  readonly keyedWrites: readonly KeyedWrite[];
  readonly statements: readonly SqlStatement[];
}

/** A row by its columns' names. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * SQL beside the log, in tables of the user's own; `capabilities.sql` says which. Statements cannot change what belongs to the store, open or attach files,
 * or begin and end transactions: `VIEW_SQL_FAILED`, as for anything that the database refuses. The error's `details` name the
 * `statement` by its index; then nothing of the whole was written.
 */
export interface SqlPart {
  /** Durable like an append. An empty answer means written. */
  write(write: SqlWrite): Promise<readonly Conflict[]>;
  /** Rows of a reading statement. What was written by a `write` or an append that has been answered is seen. */
  query(statement: SqlStatement): Promise<readonly SqlRow[]>;
}
