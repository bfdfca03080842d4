/** Settings can be changed after a removal, which is recorded in the same stream as they are. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';

const events = { Added: {}, Summed: { carriesState: true } };
const added = { type: 'Added', data: { amount: 1 } } as const;
const summed = { type: 'Summed', data: { total: 1 } } as const;

test('a stream whose hidden events were removed can be truncated again, and ended', async () => {
  await using store = await openStore('memory:', { events });
  await store.append('account-1', [added, summed]);
  await store.truncate('account-1', { before: 2 });
  await store.removeTruncated('account-1');
  await store.append('account-1', [added, summed]);
  await store.truncate('account-1', { before: 4 });
  assert.deepEqual(
    (await store.readStream('account-1').toArray()).map(({ version }) => version),
    [4],
  );
  await store.removeTruncated('account-1');
  await store.tombstone('account-1');
  assert.equal((await store.streamInfo('account-1')).settings?.tombstone, true);
});

test('settings that changed since they were looked at are a conflict, also after a removal', async () => {
  await using store = await openStore('memory:', { events });
  await store.append('account-1', [added, summed]);
  await store.truncate('account-1', { before: 2 });
  await store.removeTruncated('account-1');
  const { settings, settingsVersion } = await store.streamInfo('account-1');
  await store.setStreamSettings('account-1', { ...settings, maxCount: 10 }, { expectedVersion: settingsVersion });
  await assert.rejects(
    store.setStreamSettings('account-1', { ...settings, maxCount: 20 }, { expectedVersion: settingsVersion }),
    { code: 'VERSION_CONFLICT' },
  );
  // A version that no look has shown, though the stream of the settings once had it.
  await assert.rejects(store.setStreamSettings('account-1', {}, { expectedVersion: 2 }), { code: 'VERSION_CONFLICT' });
  assert.equal((await store.streamInfo('account-1')).settings?.maxCount, 10);
});
