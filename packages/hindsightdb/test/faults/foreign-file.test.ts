/** Files that are no stores are refused with a clear code, and not touched. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';

const foreign: readonly { readonly what: string; readonly code: string; readonly make: (path: string) => void }[] = [
  { what: 'a text', code: 'FOREIGN_FILE', make: (path) => writeFileSync(path, 'These are my notes.\n'.repeat(500)) },
  { what: 'a short text', code: 'FOREIGN_FILE', make: (path) => writeFileSync(path, 'x') },
  { what: 'zeros', code: 'FOREIGN_FILE', make: (path) => writeFileSync(path, Buffer.alloc(8192)) },
  {
    what: 'the head of a database and nothing more',
    code: 'FOREIGN_FILE',
    make: (path) => writeFileSync(path, 'SQLite format 3\0'),
  },
  {
    what: 'a database of another program',
    code: 'FOREIGN_FILE',
    make: (path) => makeDatabase(path, 'CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)'),
  },
  {
    what: 'a database that another program marks as its own',
    code: 'FOREIGN_FILE',
    make: (path) => makeDatabase(path, 'PRAGMA application_id = 1196444487; CREATE TABLE features (id)'),
  },
];

for (const { what, code, make } of foreign) {
  test(`${what} is refused with ${code} and stays as it is`, async () => {
    using folder = new FaultFolder();
    make(folder.storePath);
    const before = readFileSync(folder.storePath);
    await assert.rejects(openStore(folder.storePath), { code });
    await assert.rejects(openStore(folder.storePath, { readOnly: true }), { code });
    assert.ok(readFileSync(folder.storePath).equals(before), 'the file was changed');
    assert.deepEqual(readdirSync(folder.path), ['store.db'], 'something was left beside the file');
  });
}

test('a database in WAL mode of another program is refused with FOREIGN_FILE and stays as it is', async () => {
  using folder = new FaultFolder();
  makeDatabase(folder.storePath, 'PRAGMA journal_mode=WAL; CREATE TABLE event (position INTEGER PRIMARY KEY)');
  const before = readFileSync(folder.storePath);
  // Opened for writing only: a reader may not remove the -wal and -shm that SQLite makes for it.
  await assert.rejects(openStore(folder.storePath), { code: 'FOREIGN_FILE' });
  assert.ok(readFileSync(folder.storePath).equals(before), 'the file was changed');
  assert.deepEqual(readdirSync(folder.path), ['store.db'], 'something was left beside the file');
});

test('a folder in place of a store is refused', async () => {
  using folder = new FaultFolder();
  mkdirSync(folder.storePath);
  await assert.rejects(openStore(folder.storePath), { code: 'STORE_READ_ONLY', message: /names a folder/ });
  assert.ok(statSync(folder.storePath).isDirectory());
});

test('a store in a folder that does not exist is refused, and the folder is not made', async () => {
  using folder = new FaultFolder();
  await assert.rejects(openStore(join(folder.path, 'nowhere', 'store.db')), {
    code: 'STORE_READ_ONLY',
    message: /does not exist/,
  });
  assert.deepEqual(readdirSync(folder.path), []);
});

test('without leave to make one, a store that is not there is not made', async () => {
  using folder = new FaultFolder();
  const nowhere = join(folder.path, 'nowhere', 'store.db');
  await assert.rejects(openStore(nowhere, { create: false }), { code: 'STORE_NOT_FOUND' });
  await assert.rejects(openStore(folder.storePath, { create: false }), { code: 'STORE_NOT_FOUND' });
  await assert.rejects(openStore(folder.storePath, { readOnly: true }), { code: 'STORE_NOT_FOUND' });
  assert.deepEqual(readdirSync(folder.path), []);
});

test('a store of a newer format is refused with FORMAT_TOO_NEW and stays as it is', async () => {
  using folder = new FaultFolder();
  {
    await using store = await openStore(folder.storePath);
    await store.append('note-1', [{ type: 'Stored', data: 1 }]);
  }
  const database = new DatabaseSync(folder.storePath);
  const current = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  database.exec(`PRAGMA user_version = ${current + 1}`);
  database.close();
  const before = readFileSync(folder.storePath);
  await assert.rejects(openStore(folder.storePath), { code: 'FORMAT_TOO_NEW' });
  await assert.rejects(openStore(folder.storePath, { readOnly: true }), { code: 'FORMAT_TOO_NEW' });
  assert.ok(readFileSync(folder.storePath).equals(before));
});

function makeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
