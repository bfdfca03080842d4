/** The rules of an order. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { handle, openStore } from 'hindsightdb';
import { given } from 'hindsightdb/testing';
import { order, type OrderEvent } from '../order.ts';
import { orderOfRelease240 } from '../release-2.4.0.ts';

const address = { street: 'Mill Lane 3', city: 'Bremen' };
const placed: OrderEvent = { type: 'OrderPlaced', data: { customer: 'ada', address } };
const added = (sku: string, quantity: number, unitCents: number): OrderEvent => ({
  type: 'ItemAdded',
  data: { sku, quantity, unitCents, cents: quantity * unitCents },
});
const shipped: OrderEvent = { type: 'OrderShipped', data: { carrier: 'bike' } };

suite('an order', () => {
  test('is placed once', () => {
    const place = { do: 'place', customer: 'ada', address } as const;
    given(order, [])
      .when(place)
      .then({ ...placed, tags: ['customer:ada'] });
    given(order, [placed])
      .when(place)
      .thenThrows(/placed already/);
  });

  test('takes items at the price of a piece times their number', () => {
    given(order, [placed])
      .when({ do: 'add', sku: 'cup', quantity: 4, unitCents: 1250 })
      .then({ type: 'ItemAdded', data: { sku: 'cup', quantity: 4, unitCents: 1250, cents: 5000 } });
  });

  test('gathers what is added of the same item in one line, at one price', () => {
    const twice = given(order, [placed, added('cup', 4, 1250), added('cup', 1, 1250)]);
    twice.thenState({
      status: 'open',
      customer: 'ada',
      address,
      items: [{ sku: 'cup', quantity: 5, unitCents: 1250, cents: 6250 }],
      totalCents: 6250,
    });
    twice.when({ do: 'add', sku: 'cup', quantity: 1, unitCents: 1300 }).thenThrows(/another price/);
  });

  test('loses an item by an event that says how much of its price goes with it', () => {
    const filled = given(order, [placed, added('cup', 4, 1250), added('tea', 3, 850)]);
    filled
      .when({ do: 'remove', sku: 'cup', quantity: 1 })
      .then({ type: 'ItemRemoved', data: { sku: 'cup', quantity: 1, cents: 1250 } });
    filled.when({ do: 'remove', sku: 'cup', quantity: 5 }).thenThrows(/4 of cup/);
    filled.when({ do: 'remove', sku: 'tray', quantity: 1 }).thenThrows(/0 of tray/);
  });

  test('takes a new address, and says nothing of the one that it has', () => {
    const moved = { street: 'Harbour Road 12', city: 'Bremen' };
    given(order, [placed])
      .when({ do: 'updateAddress', address: moved })
      .then({ type: 'AddressUpdated', data: { address: moved } });
    given(order, [placed]).when({ do: 'updateAddress', address }).thenNothing();
  });

  test('is shipped when there is something in it, and changes no more', () => {
    given(order, [placed])
      .when({ do: 'ship', carrier: 'bike' })
      .thenThrows(/nothing in the order/);
    const sent = given(order, [placed, added('cup', 1, 1250), shipped]);
    sent.when({ do: 'add', sku: 'tea', quantity: 1, unitCents: 850 }).thenThrows(/is shipped/);
    sent.when({ do: 'cancel', reason: 'too late' }).thenThrows(/is shipped/);
  });

  test('is cancelled and not deleted: what was in it can still be read', () => {
    given(order, [placed, added('cup', 1, 1250)])
      .when({ do: 'cancel', reason: 'no longer wanted' })
      .then({ type: 'OrderCancelled', data: { reason: 'no longer wanted' } });
    given(order, [placed, added('cup', 1, 1250), { type: 'OrderCancelled', data: { reason: 'x' } }]).thenState({
      status: 'cancelled',
      customer: 'ada',
      address,
      items: [{ sku: 'cup', quantity: 1, unitCents: 1250, cents: 1250 }],
      totalCents: 1250,
    });
  });

  test('refuses everything before it is placed, and numbers that count nothing', () => {
    given(order, [])
      .when({ do: 'ship', carrier: 'bike' })
      .thenThrows(/no such order/);
    for (const quantity of [0, -1, 1.5, Number.NaN, Infinity])
      given(order, [placed]).when({ do: 'add', sku: 'cup', quantity, unitCents: 1250 }).thenThrows(RangeError);
  });
});

suite('a price that release 2.4.0 made too high', () => {
  const overpriced: OrderEvent = {
    type: 'ItemAdded',
    data: { sku: 'tea', quantity: 3, unitCents: 850, cents: 3035 },
  };
  const correct = { do: 'correctPrice', sku: 'tea', reason: 'taxed twice' } as const;

  test('came from its decider', () => {
    given(orderOfRelease240, [placed]).when({ do: 'add', sku: 'tea', quantity: 3, unitCents: 850 }).then(overpriced);
  });

  test('is put right by a further event, also after the order was shipped', () => {
    const corrected: OrderEvent = {
      type: 'PriceCorrected',
      data: { sku: 'tea', fromCents: 3035, toCents: 2550, reason: 'taxed twice' },
    };
    given(order, [placed, overpriced]).when(correct).then(corrected);
    given(order, [placed, overpriced, shipped]).when(correct).then(corrected);
    given(order, [placed, overpriced, shipped, corrected]).when(correct).thenNothing();
  });

  test('is not looked for where there is no such item', () => {
    given(order, [placed])
      .when(correct)
      .thenThrows(/no tea/);
  });
});

test('whatever is added and removed, the total is the sum of the lines, and nothing is left of what went entirely', async () => {
  const step = fc.record({
    sku: fc.constantFrom('cup', 'tea', 'tray'),
    quantity: fc.integer({ min: 1, max: 5 }),
    what: fc.constantFrom('add', 'remove'),
    decider: fc.constantFrom(order, orderOfRelease240),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      await using store = await openStore('memory:');
      await handle(store, order, 'order-1', { do: 'place', customer: 'ada', address });
      for (const { sku, quantity, what, decider } of steps) {
        const { state } = await store.load(order, 'order-1');
        const isThere = (state.items.find((item) => item.sku === sku)?.quantity ?? 0) >= quantity;
        if (what === 'add')
          await handle(store, decider, 'order-1', { do: 'add', sku, quantity, unitCents: sku.length * 333 });
        else if (isThere) await handle(store, decider, 'order-1', { do: 'remove', sku, quantity });
      }
      const { items, totalCents } = (await store.load(order, 'order-1')).state;
      assert.equal(
        totalCents,
        items.reduce((sum, { cents }) => sum + cents, 0),
      );
      assert.ok(items.every(({ quantity, cents }) => quantity > 0 && Number.isSafeInteger(cents)));
    }),
    { numRuns: 60 },
  );
});
