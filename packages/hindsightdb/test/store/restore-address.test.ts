/** A restore takes the addresses that a store is opened by. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore, restoreStore } from '../../src/index.ts';

test('a backup is restored from and to addresses of the embedded engine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-restore-'));
  try {
    const path = (name: string): string => join(folder, name);
    {
      await using store = await openStore(`sqlite:${path('shop.db')}`);
      await store.append('order-1', [{ type: 'OrderPlaced', data: {} }]);
      await store.backup(path('backup.db'));
    }
    const { lineage } = await restoreStore(`sqlite:${path('backup.db')}`, `sqlite:${path('restored.db')}`);
    assert.equal(lineage.length, 2);
    await using restored = await openStore(path('restored.db'), { create: false });
    assert.equal((await restored.readLog().toArray()).length, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
