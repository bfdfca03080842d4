/** Limits are kept wherever something is given that has one, and counted in what they are stated in. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore, portableLimits } from '../../src/index.ts';

test('a query of too many items is refused by conditions, reads and subscriptions alike', async () => {
  await using store = await openStore('memory:', { limits: 'portable' });
  const items = (count: number) => Array.from({ length: count }, (_, index) => ({ tags: [`customer:${index}`] }));
  const most = items(portableLimits.queryItemsMax);
  const tooMany = items(portableLimits.queryItemsMax + 1);
  const refusal = { name: 'RangeError', code: 'LIMIT_EXCEEDED' };
  assert.throws(() => store.readQuery(tooMany), refusal);
  assert.throws(() => store.subscribe({ query: tooMany }), refusal);
  const placed = [{ type: 'OrderPlaced', data: {} }];
  await assert.rejects(store.append('order-1', placed, { condition: { failIfEventsMatch: tooMany } }), refusal);
  assert.deepEqual(await store.readQuery(most).toArray(), []);
  await store.append('order-1', placed, { condition: { failIfEventsMatch: most } });
});

test('the size of an append counts in bytes, not in characters', async () => {
  await using store = await openStore('memory:', { limits: 'portable' });
  // Five records of 240 KiB each, of characters that take three bytes: 1.2 MiB where 1 MiB is taken.
  const events = Array.from({ length: 5 }, () => ({ type: 'Noted', data: '語'.repeat(80 * 1024) }));
  await assert.rejects(store.append('note-1', events), { name: 'RangeError', code: 'LIMIT_EXCEEDED' });
  await store.append('note-1', events.slice(0, 4));
});
