/** Places that cannot be written: a clear code, no trace, and reading where reading is possible. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { needsFaults } from './shim/compile-shim.ts';

const event = { type: 'Stored', data: { number: 1 } };

describe('a read-only place, for an ordinary user', needsFaults(), () => {
  test('refuses to make a store there, with STORE_READ_ONLY', async () => {
    using folder = new FaultFolder();
    using _place = readOnlyPlace(folder.path);
    await using store = folder.startStore({ isOrdinaryUser: true });
    assert.equal(await store.codeOf({ do: 'open', address: folder.storePath }), 'STORE_READ_ONLY');
    assert.deepEqual(readdirSync(folder.path), []);
  });

  test('refuses to open a store there for writing, and leaves it as it is', async () => {
    using folder = new FaultFolder();
    await makeStore(folder);
    const before = contents(folder.path);
    using _place = readOnlyPlace(folder.path);
    await using store = folder.startStore({ isOrdinaryUser: true });
    assert.equal(await store.codeOf({ do: 'open', address: folder.storePath }), 'STORE_READ_ONLY');
    assert.deepEqual(contents(folder.path), before);
  });

  test('refuses a store also for reading, because SQLite keeps the memory that its readers share beside the file', async () => {
    using folder = new FaultFolder();
    await makeStore(folder);
    const before = contents(folder.path);
    using _place = readOnlyPlace(folder.path);
    await using store = folder.startStore({ isOrdinaryUser: true });
    const code = await store.codeOf({ do: 'open', address: folder.storePath, options: { readOnly: true } });
    assert.equal(code, 'STORE_READ_ONLY');
    assert.deepEqual(contents(folder.path), before);
  });

  test('lets a backup be read', async () => {
    using folder = new FaultFolder();
    using elsewhere = new FaultFolder();
    await makeStore(elsewhere);
    {
      await using store = await openStore(elsewhere.storePath);
      await store.backup(folder.storePath);
    }
    const before = contents(folder.path);
    using _place = readOnlyPlace(folder.path);
    await using store = folder.startStore({ isOrdinaryUser: true });
    const opened = await store.outcome({ do: 'open', address: folder.storePath, options: { readOnly: true } });
    assert.equal(opened.kind, 'ok', JSON.stringify(opened));
    assert.equal((await store.read()).length, 3);
    assert.equal(await store.codeOf({ do: 'append', streamId: 'note-1', events: [event] }), 'STORE_READ_ONLY');
    await store.close();
    assert.deepEqual(contents(folder.path), before);
  });
});

test('a store opened for reading only refuses appends with STORE_READ_ONLY and is as it was', async () => {
  using folder = new FaultFolder();
  await makeStore(folder);
  const before = contents(folder.path).get('store.db');
  {
    await using store = await openStore(folder.storePath, { readOnly: true });
    await assert.rejects(store.append('note-1', [event]), { code: 'STORE_READ_ONLY' });
    assert.equal((await store.readLog().toArray()).length, 3);
  }
  assert.equal(contents(folder.path).get('store.db'), before);
});

async function makeStore(folder: FaultFolder): Promise<void> {
  await using store = await openStore(folder.storePath);
  await store.append('note-1', [event, event, event]);
}

/** Takes away the right to write the folder and its files, and gives it back for the folder's removal. */
function readOnlyPlace(path: string): Disposable {
  const set = (folderMode: number, fileMode: number): void => {
    for (const name of readdirSync(path)) chmodSync(join(path, name), fileMode);
    chmodSync(path, folderMode);
  };
  set(0o555, 0o444);
  return { [Symbol.dispose]: () => (chmodSync(path, 0o755), set(0o755, 0o644)) };
}

function contents(path: string): Map<string, string> {
  return new Map(readdirSync(path).map((name) => [name, readFileSync(join(path, name)).toString('base64')]));
}
