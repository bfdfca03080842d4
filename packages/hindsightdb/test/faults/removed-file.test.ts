/** A store whose file is removed or replaced while it is open: nothing is acknowledged into a file that nobody will find. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, renameSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { StoreProcess } from './store-process.ts';

const event = { type: 'Stored', data: {} };

test('appends to a store whose file was removed fail with STORE_REPLACED', async () => {
  using folder = new FaultFolder();
  await using store = new StoreProcess({});
  await store.open(folder.storePath);
  await store.append('note-1', [event]);
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(folder.storePath + suffix)) unlinkSync(folder.storePath + suffix);
  assert.equal(await store.codeOf({ do: 'append', streamId: 'note-2', events: [event] }), 'STORE_REPLACED');
  assert.equal(await store.codeOf({ do: 'append', streamId: 'note-2', events: [event] }), 'STORE_REPLACED');
  assert.ok(!existsSync(folder.storePath), 'the file is not made again by the handle that lost it');
});

test('appends to a store whose file was replaced by another fail with STORE_REPLACED and leave the other one alone', async () => {
  using folder = new FaultFolder();
  const otherPath = `${folder.storePath}.other`;
  {
    await using other = await openStore(otherPath);
    await other.append('other-1', [event]);
  }
  await using store = new StoreProcess({});
  await store.open(folder.storePath);
  await store.append('note-1', [event]);
  for (const suffix of ['-wal', '-shm'])
    if (existsSync(folder.storePath + suffix)) unlinkSync(folder.storePath + suffix);
  renameSync(otherPath, folder.storePath);
  assert.equal(await store.codeOf({ do: 'append', streamId: 'note-2', events: [event] }), 'STORE_REPLACED');
  await store.outcome({ do: 'close' });
  await using replacing = await openStore(folder.storePath);
  assert.deepEqual(
    (await replacing.readLog().toArray()).map(({ streamId }) => streamId),
    ['other-1'],
  );
});

test('a store that was moved away and back again is the same store', async () => {
  using folder = new FaultFolder();
  await using store = new StoreProcess({});
  await store.open(folder.storePath);
  await store.append('note-1', [event]);
  await store.close();
  copyFileSync(folder.storePath, `${folder.storePath}.kept`);
  renameSync(folder.storePath, `${folder.storePath}.moved`);
  assert.equal(
    await store.codeOf({ do: 'open', address: folder.storePath, options: { create: false } }),
    'STORE_NOT_FOUND',
  );
  renameSync(`${folder.storePath}.moved`, folder.storePath);
  await store.open(folder.storePath);
  assert.equal((await store.read()).length, 1);
});
