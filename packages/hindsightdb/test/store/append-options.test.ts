/** Options of an append are checked before anything is written. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore, type AppendOptions } from '../../src/index.ts';

const placed = { type: 'OrderPlaced', data: {} };

test('a retention that is no whole number of milliseconds is refused and leaves no trace', async () => {
  await using store = await openStore('memory:');
  for (const keyRetentionMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
    await assert.rejects(store.append('order-1', [placed], { key: 'request-1', keyRetentionMs }), {
      name: 'TypeError',
      code: 'INVALID_ARGUMENT',
      message: /keyRetentionMs/,
    });
  }
  assert.deepEqual(await store.positions(), [0]);
});

test('the longest retention is taken', async () => {
  await using store = await openStore('memory:');
  await store.append('order-1', [placed], { key: 'request-1', keyRetentionMs: 6e12 });
  const { isDuplicate } = await store.append('order-1', [placed], { key: 'request-1', keyRetentionMs: 6e12 });
  assert.equal(isDuplicate, true);
});

test('metadata that is a list is refused', async () => {
  await using store = await openStore('memory:');
  // As it may come from outside the types, in a parsed request.
  const options: AppendOptions = {};
  Reflect.set(options, 'metadata', ['Ada']);
  await assert.rejects(store.append('order-1', [placed], options), { code: 'INVALID_ARGUMENT' });
});
