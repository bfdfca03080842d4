/** The read models of the shop are what its events say. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { handle, openStore, type Store } from 'hindsightdb';
import { statesOf } from 'hindsightdb/history';
import { checkProjection, rebuildEntity, rebuildProjection, viewOf } from 'hindsightdb/projections';
import { settableClock } from 'hindsightdb/testing';
import { customerHistory, historyOf } from '../customer-history.ts';
import { longestOpen, openOrders } from '../open-orders.ts';
import { order, type OrderCommand } from '../order.ts';
import { orderOfRelease240 } from '../release-2.4.0.ts';
import { tradeForThreeWeeks } from '../three-weeks.ts';

const openedAt = new Date('2026-03-02T00:00:00Z');
const address = { street: 'Mill Lane 3', city: 'Bremen' };

async function openFromStates(store: Store) {
  const open: unknown[] = [];
  for await (const { streamId, state } of statesOf(store, order, 'order')) {
    const { status, customer, address: at, items, totalCents } = state;
    if (status !== 'open') continue;
    const pieces = items.reduce((sum, { quantity }) => sum + quantity, 0);
    open.push({ orderId: streamId, customer, city: at?.city, pieces, cents: totalCents });
  }
  return open;
}

async function openFromTable(store: Store) {
  const rows = await longestOpen(viewOf(store, openOrders), 1000);
  return rows
    .map(({ orderId, customer, city, pieces, cents }) => ({ orderId, customer, city, pieces, cents }))
    .toSorted((left, right) => (left.orderId < right.orderId ? -1 : 1));
}

suite('the open orders', () => {
  test('are those whose state is open, whatever was asked of them', async () => {
    const command: fc.Arbitrary<OrderCommand> = fc.oneof(
      fc.record({
        do: fc.constant('add'),
        sku: fc.constantFrom('cup', 'tea'),
        quantity: fc.integer({ min: 1, max: 4 }),
        unitCents: fc.constant(850),
      }),
      fc.record({ do: fc.constant('remove'), sku: fc.constantFrom('cup', 'tea'), quantity: fc.constant(1) }),
      fc.constant<OrderCommand>({ do: 'updateAddress', address: { ...address, city: 'Hamburg' } }),
      fc.constant<OrderCommand>({ do: 'correctPrice', sku: 'tea', reason: 'taxed twice' }),
      fc.constant<OrderCommand>({ do: 'ship', carrier: 'bike' }),
      fc.constant<OrderCommand>({ do: 'cancel', reason: 'no longer wanted' }),
    );
    const step = fc.record({
      orderId: fc.constantFrom('order-1', 'order-2', 'order-3'),
      decider: fc.constantFrom(order, orderOfRelease240),
      command,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await using store = await openStore('memory:');
        for (const orderId of ['order-1', 'order-2', 'order-3'])
          await handle(store, order, orderId, { do: 'place', customer: 'ada', address });
        // What the rules refuse leaves no event, and is of no interest here.
        for (const { orderId, decider, command: given } of steps)
          await handle(store, decider, orderId, given).catch(() => undefined);
        await rebuildProjection(store, openOrders);
        assert.deepEqual(await openFromTable(store), await openFromStates(store));
      }),
      { numRuns: 20 },
    );
  });
});

suite("a customer's history", () => {
  test('has every order with what became of it, the oldest first', async () => {
    const clock = settableClock(openedAt);
    await using store = await openStore('memory:', { now: clock.now });
    await tradeForThreeWeeks(store, clock, openedAt);
    await rebuildProjection(store, customerHistory);
    const history = await historyOf(viewOf(store, customerHistory), 'dora');
    const expected = new Map<string, unknown>();
    for await (const { streamId, state } of statesOf(store, order, 'order'))
      if (state.customer === 'dora') expected.set(streamId, [state.status, state.totalCents]);
    assert.deepEqual(new Map(history.map(({ orderId, status, cents }) => [orderId, [status, cents]])), expected);
    const times = history.map(({ placedAt }) => placedAt);
    assert.deepEqual(times, times.toSorted());
    assert.match(history.find(({ status }) => status === 'cancelled')?.remarks.join() ?? '', /changed their mind/);
    assert.equal((await checkProjection(store, customerHistory)).differenceCount, 0);
  });

  test('of one order can be made anew alone', async () => {
    await using store = await openStore('memory:');
    await handle(store, order, 'order-1', { do: 'place', customer: 'ada', address });
    await rebuildProjection(store, customerHistory);
    await rebuildEntity(store, customerHistory, 'order-1');
    const [only] = await historyOf(viewOf(store, customerHistory), 'ada');
    assert.deepEqual([only?.orderId, only?.status], ['order-1', 'open']);
  });
});
