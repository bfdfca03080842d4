/** A backup and a restore take the addresses that a store is opened by. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openStore, restoreStore } from '../../src/index.ts';

test('a backup is restored from and to addresses of the embedded engine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-restore-'));
  try {
    const path = (name: string): string => join(folder, name);
    {
      await using store = await openStore(`sqlite:${path('shop.db')}`);
      await store.append('order-1', [{ type: 'OrderPlaced', data: {} }]);
      await store.backup(`sqlite:${path('backup.db')}`);
      await store.backup(pathToFileURL(path('second backup.db')).href);
    }
    const { lineage } = await restoreStore(`sqlite:${path('backup.db')}`, `sqlite:${path('restored.db')}`);
    assert.equal(lineage.length, 2);
    await restoreStore(path('second backup.db'), path('restored too.db'));
    await using restored = await openStore(path('restored.db'), { create: false });
    assert.equal((await restored.readLog().toArray()).length, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
