/** Backups are whole, restores are noticed, and neither overwrites anything. */

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openStore, restoreStore, type Store } from '../../../src/index.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const placed = { type: 'OrderPlaced', data: { total: 12 } };

/** Appends until told to stop; answers how many appends were made. */
async function appendOn(store: Store, signal: AbortSignal): Promise<number> {
  let count = 0;
  while (!signal.aborted) {
    await store.append(`order-${count % 50}`, [placed, placed], { key: `request-${count}` });
    count += 1;
  }
  return count;
}

suite('a backup', () => {
  test('is the log as it was at one moment, while others write', async (t) => {
    const folder = await temporaryFolder(t);
    await using store = await openStore(join(folder, 'store.db'));
    for (let each = 0; each < 20; each += 1) {
      await store.append(
        `item-${each}`,
        Array.from({ length: 200 }, () => placed),
      );
    }
    const writing = new AbortController();
    const written = appendOn(store, writing.signal);
    const { heads } = await store.backup(join(folder, 'backup.db'));
    writing.abort();
    await written;
    await using backup = await openStore(join(folder, 'backup.db'), { readOnly: true });
    assert.deepEqual(await backup.positions(), heads);
    assert.deepEqual((await backup.check()).findings, []);
    const records = async (from: Store): Promise<readonly string[]> =>
      (await from.readRecords({ until: heads[0] ?? 0 }).toArray()).map(({ record }) => record);
    assert.deepEqual(await records(backup), await records(store));
    // An append is there whole or not at all: each wrote two events.
    assert.equal(((heads[0] ?? 0) - 4000) % 2, 0);
  });

  test('is one file, which can be looked into without becoming a store of its own', async (t) => {
    const folder = await temporaryFolder(t);
    await using store = await openStore(join(folder, 'store.db'));
    await store.append('order-1', [placed]);
    await store.backup(join(folder, 'backup.db'));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('backup')),
      ['backup.db'],
    );
    await using backup = await openStore(join(folder, 'backup.db'), { readOnly: true });
    assert.equal(backup.identity.lineage.length, 1);
    assert.equal((await backup.readLog().toArray()).length, 1);
  });

  test('that is interrupted leaves nothing behind', async (t) => {
    const folder = await temporaryFolder(t);
    await using store = await openStore(join(folder, 'store.db'));
    const large = { type: 'NoteWritten', data: 'x'.repeat(10_000) };
    for (let each = 0; each < 20; each += 1) {
      await store.append(
        'note-1',
        Array.from({ length: 20 }, () => large),
      );
    }
    const interruption = new AbortController();
    const backup = store.backup(join(folder, 'backup.db'), {
      signal: interruption.signal,
      onProgress: () => interruption.abort(),
    });
    await assert.rejects(backup, { name: 'AbortError' });
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('backup')),
      [],
    );
  });

  test('overwrites nothing', async (t) => {
    const folder = await temporaryFolder(t);
    await using store = await openStore(join(folder, 'store.db'));
    await store.backup(join(folder, 'backup.db'));
    const { mtimeMs } = statSync(join(folder, 'backup.db'));
    await assert.rejects(store.backup(join(folder, 'backup.db')), { code: 'STORE_EXISTS' });
    assert.equal(statSync(join(folder, 'backup.db')).mtimeMs, mtimeMs);
  });
});

suite('a restored store', () => {
  test('goes on in a new epoch: places taken before the backup hold, and those taken after it have diverged', async (t) => {
    const folder = await temporaryFolder(t);
    await using store = await openStore(join(folder, 'store.db'));
    const early = await store.append('order-1', [placed]);
    await store.backup(join(folder, 'backup.db'));
    const late = await store.append('order-2', [placed]);

    const identity = await restoreStore(join(folder, 'backup.db'), join(folder, 'restored.db'));
    await using restored = await openStore(join(folder, 'restored.db'), { create: false });
    assert.deepEqual(restored.identity, identity);
    assert.equal(identity.logId, store.identity.logId);
    assert.deepEqual(
      identity.lineage.map(({ firstPositions }) => firstPositions),
      [[1], [2]],
    );
    await restored.validateCheckpoint(early.checkpoint);
    await assert.rejects(restored.validateCheckpoint(late.checkpoint), { code: 'CHECKPOINT_DIVERGED' });

    // The same position has another event now, and its place is of the new epoch.
    const other = await restored.append('order-3', [placed]);
    assert.equal(other.position, late.position);
    await restored.validateCheckpoint(other.checkpoint);
    await assert.rejects(store.validateCheckpoint(other.checkpoint), { code: 'CHECKPOINT_DIVERGED' });
    await assert.rejects(restored.readLog({ after: late.checkpoint }).toArray(), { code: 'CHECKPOINT_DIVERGED' });
  });

  test('knows its keys', async (t) => {
    const folder = await temporaryFolder(t);
    {
      await using store = await openStore(join(folder, 'store.db'));
      await store.append('order-1', [placed], { key: 'request-1' });
      await store.backup(join(folder, 'backup.db'));
    }
    await restoreStore(join(folder, 'backup.db'), join(folder, 'restored.db'));
    await using restored = await openStore(join(folder, 'restored.db'));
    assert.equal((await restored.append('order-1', [placed], { key: 'request-1' })).isDuplicate, true);
  });

  test('is made where nothing is, and of something that is there', async (t) => {
    const folder = await temporaryFolder(t);
    await using store = await openStore(join(folder, 'store.db'));
    await store.backup(join(folder, 'backup.db'));
    await assert.rejects(restoreStore(join(folder, 'backup.db'), join(folder, 'store.db')), { code: 'STORE_EXISTS' });
    await assert.rejects(restoreStore(join(folder, 'nothing.db'), join(folder, 'restored.db')), {
      code: 'STORE_NOT_FOUND',
    });
    assert.equal(existsSync(join(folder, 'restored.db')), false);
  });
});

suite('a copy made by hand', () => {
  test('that both sides write to is noticed by the event that a checkpoint names', async (t) => {
    const folder = await temporaryFolder(t);
    {
      await using store = await openStore(join(folder, 'store.db'));
      await store.append('order-1', [placed]);
    }
    copyFileSync(join(folder, 'store.db'), join(folder, 'copy.db'));
    await using store = await openStore(join(folder, 'store.db'));
    await using copy = await openStore(join(folder, 'copy.db'));
    const { checkpoint } = await store.append('order-2', [placed]);
    await assert.rejects(copy.validateCheckpoint(checkpoint), { code: 'CHECKPOINT_AHEAD' });
    await copy.append('order-2', [placed]);
    await assert.rejects(copy.validateCheckpoint(checkpoint), { code: 'CHECKPOINT_DIVERGED' });
  });
});
