/** Statements of the user live beside the store's own tables in one file, and cannot reach what belongs to the store. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { isHindsightError } from '../../../src/core/errors.ts';
import type { SqlPart, SqlValue } from '../../../src/engine/views.ts';
import { openStore, restoreStore } from '../../../src/index.ts';
import type { Store } from '../../../src/store/store.ts';
import { openAt } from '../../open-stores.ts';
import { temporaryFolder, type Ending } from '../../temporary-folder.ts';

const event = { type: 'OrderPlaced', data: { total: 12 } };

async function newStore(t: Ending): Promise<{ readonly path: string; readonly store: Store }> {
  const path = join(await temporaryFolder(t), 'store.db');
  return { path, store: await openAt(t, path) };
}

function sqlOf(store: Store): SqlPart {
  const { sql } = store.context.engine;
  assert.ok(sql);
  return sql;
}

async function execute(store: Store, text: string, ...parameters: readonly SqlValue[]): Promise<void> {
  const conflicts = await sqlOf(store).write({ keyedWrites: [], statements: [{ sql: text, parameters }] });
  assert.deepEqual(conflicts, []);
}

async function query(store: Store, text: string) {
  return await sqlOf(store).query({ sql: text, parameters: [] });
}

/** Everything that a file holds, by the names of its objects. */
function schemaOf(path: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name').all();
}

suite('a statement is refused that', () => {
  const refused: Readonly<Record<string, string>> = {
    'adds an event': `INSERT INTO event VALUES (9, 'a-1', 1, 0, 0, '{}')`,
    'replaces an event': `REPLACE INTO event SELECT * FROM event`,
    'changes an event': `UPDATE event SET record = '{}'`,
    'deletes events': 'DELETE FROM event',
    'deletes events, in other letters': 'DELETE FROM "EVENT"',
    'deletes events of the main database': 'DELETE FROM main.event',
    'writes to the keyed store': `INSERT INTO keyed VALUES ('a', 'b', 1)`,
    'writes to the keyed store where it is there already': `INSERT INTO keyed VALUES ('a', 'b', 1) ON CONFLICT DO UPDATE SET value = 'c'`,
    'changes the identity of the log': `UPDATE log SET log_id = 'other'`,
    'changes how far the index is': 'UPDATE progress SET value = 0',
    'deletes keys of appends': 'DELETE FROM append_key',
    'drops a table of the store': 'DROP TABLE stream_event',
    'drops the view of the store': 'DROP VIEW events',
    'drops a guard': 'DROP TRIGGER event_is_never_changed',
    'drops an index of the store': 'DROP INDEX kind_by_type',
    'renames a table of the store': 'ALTER TABLE event RENAME TO other',
    'adds a column to a table of the store': 'ALTER TABLE keyed ADD COLUMN mine',
    'puts an index on a table of the store': 'CREATE INDEX mine ON event (stream_id)',
    'puts a trigger on a table of the store': 'CREATE TRIGGER mine AFTER INSERT ON event BEGIN SELECT 1; END',
    'puts a trigger on the view of the store': 'CREATE TRIGGER mine INSTEAD OF INSERT ON events BEGIN SELECT 1; END',
    'puts a temporary trigger on a table of the store':
      'CREATE TEMP TRIGGER mine AFTER INSERT ON main.event BEGIN SELECT 1; END',
    'makes a temporary table, which would stand before one of the store': 'CREATE TEMP TABLE event (position)',
    'makes a temporary table by its place': 'CREATE TABLE temp.event (position)',
    'makes a table of a name that later formats may need': 'CREATE TABLE hindsight_more (a)',
    'makes a table of a name that the store has': 'CREATE TABLE IF NOT EXISTS event (a)',
    'looks through all tables for the planner': 'ANALYZE',
    'writes the schema': `UPDATE sqlite_schema SET sql = ''`,
    'allows to write the schema': 'PRAGMA writable_schema = ON',
    'sets the format': 'PRAGMA user_version = 9',
    'makes commits less safe': 'PRAGMA synchronous = OFF',
    'begins a transaction': 'BEGIN',
    'ends the transaction': 'COMMIT',
    'ends the transaction, without doing it': 'ROLLBACK',
    'makes a savepoint': 'SAVEPOINT mine',
    'releases a savepoint': 'RELEASE mine',
    'opens another file': `ATTACH ':memory:' AS other`,
    'closes the file': 'DETACH main',
    'writes another file': `VACUUM INTO 'elsewhere.db'`,
    'loads an extension': `SELECT load_extension('mine')`,
    'writes to the store by a trigger of the user': 'INSERT INTO sly VALUES (1)',
  };
  for (const [what, text] of Object.entries(refused)) {
    test(`${what}, and leaves no trace`, async (t) => {
      const { path, store } = await newStore(t);
      await store.append('a-1', [event, event], { key: 'k' });
      await execute(store, 'CREATE TABLE sly (a)');
      await execute(store, 'CREATE TRIGGER sly_too AFTER INSERT ON sly BEGIN DELETE FROM keyed; END');
      const schema = schemaOf(path);
      const statements = ['CREATE TABLE mine (a)', text].map((sql) => ({ sql, parameters: [] }));
      await assert.rejects(sqlOf(store).write({ keyedWrites: [{ key: 'mine', value: '1' }], statements }), (error) =>
        isHindsightError(error, 'VIEW_SQL_FAILED'),
      );
      assert.deepEqual(schemaOf(path), schema);
      assert.equal(await store.context.engine.keyedGet('mine'), undefined);
      // The handle lives on, with everything that makes it safe.
      await store.append('a-1', [event], { expectedVersion: 2 });
      await execute(store, 'CREATE TABLE mine (a)');
      assert.deepEqual((await store.check()).findings, []);
      using database = new DatabaseSync(path);
      assert.throws(() => database.exec('DELETE FROM event'), /never deleted/);
    });
  }
});

test('statements read the tables of the store, with what their own group has written', async (t) => {
  const { store } = await newStore(t);
  const { engine } = store.context;
  await execute(store, 'CREATE TABLE seen (position INTEGER, stream TEXT, progress TEXT)');
  await engine.keyedWrite([{ key: 'progress', value: '[0]' }]);
  const seen = 'INSERT INTO seen SELECT position, stream_id, (SELECT value FROM keyed) FROM event WHERE position = ?';
  const append = (streamId: string, id: string) =>
    engine.append({
      streams: [
        {
          streamId,
          expectedVersion: 'any',
          events: [{ id, type: 'A', tags: [], record: `{"id":"${id}","type":"A"}` }],
        },
      ],
      views: [
        {
          progressKey: 'progress',
          keyedWrites: [],
          statements: [{ sql: seen, parameters: [{ pending: 'position', stream: 0, event: 0 }] }],
        },
      ],
    });
  await Promise.all([append('a-1', '1'), append('b-1', '2'), append('a-1', '3')]);
  assert.deepEqual(await query(store, 'SELECT * FROM seen'), [
    { position: 1, stream: 'a-1', progress: '[0]' },
    { position: 2, stream: 'b-1', progress: '[1]' },
    { position: 3, stream: 'a-1', progress: '[2]' },
  ]);
  assert.deepEqual(await query(store, 'SELECT count(*) AS events FROM events'), [{ events: 3 }]);
});

test('full-text search, triggers, views and foreign keys of the user work beside the log', async (t) => {
  const { store } = await newStore(t);
  await execute(store, 'CREATE VIRTUAL TABLE found USING fts5 (text)');
  await execute(store, 'INSERT INTO found VALUES (?)', 'three blind mice');
  await execute(store, 'CREATE TABLE total (key INTEGER PRIMARY KEY, value INTEGER)');
  await execute(store, 'CREATE TABLE entry (value INTEGER REFERENCES keyed (key) ON DELETE CASCADE)');
  await execute(
    store,
    'CREATE TRIGGER adding AFTER INSERT ON entry BEGIN INSERT INTO total VALUES (1, NEW.value) ON CONFLICT DO UPDATE SET value = value + NEW.value; END',
  );
  for (const value of [1, 2, 3]) await execute(store, 'INSERT INTO entry VALUES (?)', value);
  await execute(store, 'CREATE VIEW shown AS SELECT value FROM total');
  assert.deepEqual(await query(store, 'SELECT * FROM shown'), [{ value: 6 }]);
  assert.deepEqual(await query(store, `SELECT text FROM found WHERE found MATCH 'mice'`), [
    { text: 'three blind mice' },
  ]);
  const { engine } = store.context;
  await engine.keyedWrite([{ key: '1', value: 'referred to' }]);
  await engine.keyedWrite([{ key: '1', value: null }]);
  assert.equal((await query(store, 'SELECT * FROM entry')).length, 3);
  assert.deepEqual((await store.check()).findings, []);
});

test('a backup holds the tables of the user, and a restored store goes on with them', async (t) => {
  const { path, store } = await newStore(t);
  await execute(store, 'CREATE TABLE mine (a)');
  await execute(store, 'INSERT INTO mine VALUES (?)', 'kept');
  await store.backup(`${path}.backup`);
  await restoreStore(`${path}.backup`, `${path}.restored`);
  const restored = await openAt(t, `${path}.restored`);
  await execute(restored, 'INSERT INTO mine VALUES (?)', 'added');
  assert.deepEqual(await query(restored, 'SELECT a FROM mine'), [{ a: 'kept' }, { a: 'added' }]);
});

test('a store that is opened for reading only is queried and not written', async (t) => {
  const { path, store } = await newStore(t);
  await execute(store, 'CREATE TABLE mine (a)');
  const reading = await openStore(path, { readOnly: true });
  t.after(() => reading.close());
  assert.deepEqual(await query(reading, 'SELECT * FROM mine'), []);
  await assert.rejects(execute(reading, 'INSERT INTO mine VALUES (1)'), { code: 'STORE_READ_ONLY' });
});

test('writes to the keyed store and by SQL that wait at the same time share a commit with appends', async (t) => {
  const { store } = await newStore(t);
  const { engine } = store.context;
  await execute(store, 'CREATE TABLE mine (a)');
  const before = await store.statistics();
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const entry = { key: `entry-${index}`, value: '1', expectedRevision: 0 };
      if (index % 3 === 0) return await engine.keyedWrite([entry]);
      if (index % 3 === 1) return await sqlOf(store).write({ keyedWrites: [entry], statements: [] });
      return await execute(store, 'INSERT INTO mine VALUES (?)', index);
    }),
  );
  const after = await store.statistics();
  assert.equal(Number(after['writer.groups']) - Number(before['writer.groups']), 1);
  assert.equal(after['writer.appends'], before['writer.appends']);
  assert.equal(Number(after['writer.statements']) - Number(before['writer.statements']), 16);
});
