/**
 * The statements of a reading connection.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { prepareArrays } from './rows.ts';

const eventColumns = 'position, stream_id, version, recorded_at, record, checksum';

/** The prepared statements, by what they find. */
export type ReaderStatements = Readonly<
  Record<
    | 'count'
    | 'streams'
    | 'keyedCount'
    | 'head'
    | 'byPosition'
    | 'nearestBefore'
    | 'nearestAfter'
    | 'timeAtOrBefore'
    | 'streamForward'
    | 'streamBackward'
    | 'streamKey'
    | 'streamVersion'
    | 'positionOfVersion'
    | 'streamsFrom'
    | 'streamsAfter'
    | 'settings'
    | 'answer'
    | 'keyed'
    | 'keyedFrom'
    | 'keyedAfter'
    | 'keyedBefore'
    | 'keyedBackward',
    StatementSync
  >
>;

/** Prepares the statements. */
export function prepareReaderStatements(database: DatabaseSync): ReaderStatements {
  const event = 'SELECT e.position, e.stream_id, e.version, e.recorded_at, e.record, e.checksum';
  // CROSS JOIN keeps the order of the tables: first the index, then the event that it names.
  const ofStream = `${event} FROM stream_event s CROSS JOIN event e ON e.position = s.position WHERE s.stream = ? AND s.version BETWEEN ? AND ?`;
  const prepare = (sql: string): StatementSync => prepareArrays(database, sql);
  return {
    count: prepare('SELECT coalesce(max(position) - min(position) + 1, 0) FROM event'),
    streams: prepare('SELECT max(key) FROM stream'),
    keyedCount: prepare('SELECT count(*) FROM keyed'),
    head: prepare('SELECT max(position) FROM event'),
    byPosition: prepare(`SELECT ${eventColumns} FROM event WHERE position = ?`),
    nearestBefore: prepare(`SELECT ${eventColumns} FROM event WHERE position <= ? ORDER BY position DESC LIMIT 1`),
    nearestAfter: prepare(`SELECT ${eventColumns} FROM event WHERE position >= ? ORDER BY position LIMIT 1`),
    timeAtOrBefore: prepare(
      'SELECT position, recorded_at FROM event WHERE position <= ? ORDER BY position DESC LIMIT 1',
    ),
    streamForward: prepare(`${ofStream} ORDER BY s.version`),
    streamBackward: prepare(`${ofStream} ORDER BY s.version DESC`),
    streamKey: prepare('SELECT key FROM stream WHERE stream_id = ?'),
    streamVersion: prepare('SELECT max(version) FROM stream_event WHERE stream = ?'),
    positionOfVersion: prepare('SELECT position FROM stream_event WHERE stream = ? AND version = ?'),
    streamsFrom: prepare('SELECT stream_id, key FROM stream WHERE stream_id >= ? ORDER BY stream_id'),
    streamsAfter: prepare('SELECT stream_id, key FROM stream WHERE stream_id > ? ORDER BY stream_id'),
    // Version 0: nothing was ever set, though events were removed.
    settings: prepare('SELECT version, settings FROM stream_settings WHERE stream_id = ? AND version > 0'),
    answer: prepare('SELECT digest, written FROM append_key WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)'),
    keyed: prepare('SELECT key, value, revision FROM keyed WHERE key = ?'),
    keyedFrom: prepare('SELECT key, value, revision FROM keyed WHERE key >= ? ORDER BY key'),
    keyedAfter: prepare('SELECT key, value, revision FROM keyed WHERE key > ? ORDER BY key'),
    keyedBefore: prepare('SELECT key, value, revision FROM keyed WHERE key < ? ORDER BY key DESC'),
    keyedBackward: prepare('SELECT key, value, revision FROM keyed ORDER BY key DESC'),
  };
}
