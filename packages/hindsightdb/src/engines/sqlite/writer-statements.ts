/**
 * The statements of a writing connection.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { prepareArrays } from './rows.ts';

/** The prepared statements, by what they do. */
export type WriterStatements = Readonly<
  Record<
    | 'dataVersion'
    | 'userVersion'
    | 'state'
    | 'setState'
    | 'last'
    | 'empty'
    | 'streamVersion'
    | 'settings'
    | 'setSettings'
    | 'allowRemoval'
    | 'rememberKey'
    | 'forgetKeys'
    | 'nextRevision'
    | 'setKeyed'
    | 'deleteKeyed',
    StatementSync
  >
>;

/** Prepares the statements. */
export function prepareWriterStatements(database: DatabaseSync): WriterStatements {
  const prepare = (sql: string): StatementSync => prepareArrays(database, sql);
  return {
    dataVersion: prepare('PRAGMA data_version'),
    userVersion: prepare('PRAGMA user_version'),
    state: prepare('SELECT state FROM log'),
    setState: prepare('UPDATE log SET state = ?'),
    last: prepare('SELECT position, recorded_at FROM event ORDER BY position DESC LIMIT 1'),
    empty: prepare('UPDATE event SET record = ?, checksum = ? WHERE position = ?'),
    streamVersion: prepare(
      'SELECT max(version) FROM stream_event WHERE stream = (SELECT key FROM stream WHERE stream_id = ?)',
    ),
    settings: prepare('SELECT settings FROM stream_settings WHERE stream_id = ?'),
    setSettings: prepare(
      'INSERT INTO stream_settings (stream_id, version, settings) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, settings = excluded.settings',
    ),
    allowRemoval: prepare(
      `INSERT INTO stream_settings (stream_id, version, settings, removed_before) VALUES (?, 0, '{}', ?)
       ON CONFLICT DO UPDATE SET removed_before = max(removed_before, excluded.removed_before)`,
    ),
    rememberKey: prepare(
      'INSERT INTO append_key (key, digest, written, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET digest = excluded.digest, written = excluded.written, expires_at = excluded.expires_at',
    ),
    // An expired key counts as forgotten at once; that the row goes too only saves space, and may take its time.
    forgetKeys: prepare(
      'DELETE FROM append_key WHERE key IN (SELECT key FROM append_key WHERE expires_at <= ? LIMIT 1000)',
    ),
    nextRevision: prepare(
      `INSERT INTO progress (name, value) VALUES ('keyed_revision', 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value`,
    ),
    setKeyed: prepare(
      'INSERT INTO keyed (key, value, revision) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, revision = excluded.revision',
    ),
    deleteKeyed: prepare('DELETE FROM keyed WHERE key = ?'),
  };
}
