/** Idempotency keys are forgotten by the clock, and a clock can be set back. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../../src/index.ts';
import { settableClock } from '../../../src/testing/index.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

test('a key is known again when the clock is set back, whatever the engine tidied up meanwhile', async (context) => {
  const clock = settableClock('2026-03-01T12:00:00Z');
  const path = join(await temporaryFolder(context), 'store.db');
  await using store = await openStore(path, { now: clock.now, events: { Added: {}, Summed: { carriesState: true } } });
  const append = async () =>
    await store.append('account-1', [{ type: 'Added', data: 1 }], { key: 'k', keyRetentionMs: 1000 });
  assert.equal((await append()).isDuplicate, false);
  assert.equal((await append()).isDuplicate, true);

  clock.set('2026-03-01T12:01:00Z');
  await store.append('account-2', [
    { type: 'Added', data: 1 },
    { type: 'Summed', data: 1 },
  ]);
  await store.truncate('account-2', { before: 2 });
  // Index tables are brought up to date for a removal, and that is when expired keys go.
  await store.removeTruncated('account-2');
  clock.set('2026-03-01T12:00:00Z');
  assert.equal((await append()).isDuplicate, true);
  clock.set('2026-03-01T12:01:00Z');
  assert.equal((await append()).isDuplicate, false);
});
