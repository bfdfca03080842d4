/** Removed events stay in the log, and every read of it says so. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openStore, type RecordedEvent } from '../../../src/index.ts';

test('reads of the log, of a category and by query show removed events', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-removed-'));
  try {
    await using store = await openStore(join(folder, 'store.db'), {
      events: { Added: {}, Summed: { carriesState: true } },
    });
    await store.append('account-1', [
      { type: 'Added', data: {}, tags: ['batch:1'] },
      { type: 'Summed', data: {} },
    ]);
    await store.truncate('account-1', { before: 2 });
    await store.removeTruncated('account-1');
    const shown = async (reading: { toArray(): Promise<readonly RecordedEvent[]> }): Promise<string> =>
      (await reading.toArray()).map(({ version, type }) => `${version} ${type}`).join(', ');
    assert.equal(await shown(store.readLog()), '1 $removed, 2 Summed');
    assert.equal(await shown(store.readCategory('account')), '1 $removed, 2 Summed');
    assert.equal(await shown(store.readQuery([{ tags: ['batch:1'] }])), '1 $removed');
    assert.equal(await shown(store.readQuery([{ types: ['Added'] }])), '1 $removed');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('what was removed is not in the file once the store is closed', () => {
  for (const length of [20, 3000, 100_000]) {
    test(`${length} letters`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'hindsight-removed-'));
      const path = join(folder, 'store.db');
      const secret = 'Mrs Example lives here';
      const holdsSecret = (): boolean => readFileSync(path).includes(secret) || existsSync(`${path}-wal`);
      const declared = { events: { Added: {}, Summed: { carriesState: true } } };
      try {
        {
          await using store = await openStore(path, declared);
          for (let number = 0; number < 40; number += 1)
            await store.append('account-1', [{ type: 'Added', data: { text: secret + 'x'.repeat(length) } }]);
          await store.append('account-1', [{ type: 'Summed', data: {} }]);
        }
        assert.equal(holdsSecret(), true);
        {
          await using store = await openStore(path, declared);
          await store.truncate('account-1', { before: 41 });
          await store.removeTruncated('account-1');
        }
        assert.equal(holdsSecret(), false);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
