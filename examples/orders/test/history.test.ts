/** What can be asked of three weeks of the shop, and what comes out. */

import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { openStore, type Store } from 'hindsightdb';
import { bisect, causationOf, foldLog, timeline } from 'hindsightdb/history';
import { given, settableClock } from 'hindsightdb/testing';
import { order, type OrderEvent } from '../order.ts';
import { linePrice } from '../price.ts';
import { removalsByProduct } from '../removals.ts';
import { answer, deployments, releaseAt } from '../shop.ts';
import { days, tradeForThreeWeeks } from '../three-weeks.ts';
import { blamedPrices, hasWrongTotal, wronglyPricedOrders } from '../wrong-total.ts';

suite('of three weeks of the shop it can be told', () => {
  const openedAt = new Date('2026-03-02T00:00:00Z');
  let store: Store;
  let eventCount: number;

  before(async () => {
    const clock = settableClock(openedAt);
    store = await openStore('memory:', { now: clock.now });
    eventCount = await tradeForThreeWeeks(store, clock, openedAt);
  });

  test('what happened to order 17, and by which release', async () => {
    const entries = await timeline(store, order, 'order-17').toArray();
    assert.deepEqual(
      entries.map(({ event }) => [event.type, event.metadata.release]),
      [
        ['OrderPlaced', '2.3.2'],
        ['ItemAdded', '2.3.2'],
        ['ItemAdded', '2.3.2'],
        ['ItemAdded', '2.4.0'],
        ['ItemRemoved', '2.4.0'],
        ['AddressUpdated', '2.4.1'],
        ['OrderShipped', '2.4.1'],
      ],
    );
    assert.equal(eventCount, (await store.readLog().toArray()).length);
  });

  test('which event set the wrong price, and that the total is wrong since then', async () => {
    const [wrong, ...others] = await blamedPrices(store, 'order-17');
    assert.deepEqual([wrong?.price.path, wrong?.price.value, others], ['/items/tea/cents', 3035, []]);
    assert.equal(wrong?.price.event?.metadata.release, '2.4.0');
    const found = await bisect(store, order, 'order-17', hasWrongTotal);
    assert.deepEqual([found?.version, found?.event?.id], [4, wrong?.price.event?.id]);
  });

  test('which orders the bad release touched: exactly those to which it added something', async () => {
    const touched = new Set<string>();
    for await (const { streamId, type, metadata } of store.readCategory('order'))
      if (type === 'ItemAdded' && metadata.release === '2.4.0') touched.add(streamId);
    const wrong = await wronglyPricedOrders(store);
    assert.deepEqual(new Set(wrong.map(({ streamId }) => streamId)), touched);
    assert.ok(touched.size > 5 && touched.has('order-17'));
    assert.deepEqual([...new Set(wrong.map(({ event }) => event.metadata.release))], ['2.4.0']);
  });

  test('how often an item was removed, and by whom', async () => {
    const { state } = await foldLog(store, removalsByProduct, { category: 'order' });
    let removed = 0;
    for await (const { type, data } of store.readCategory<OrderEvent>('order'))
      if (type === 'ItemRemoved') removed += data.quantity;
    const counts = Object.values(state);
    assert.equal(
      counts.reduce((sum, product) => sum + product.removed, 0),
      removed,
    );
    for (const product of counts)
      assert.equal(
        Object.values(product.by).reduce((sum, pieces) => sum + pieces, 0),
        product.removed,
      );
    assert.ok((state['cup']?.by['dora'] ?? 0) > 0);
  });

  test('what led to the complaint: the parcel, and before that the shipping', async () => {
    const tree = await causationOf(store, { streamId: 'complaint-1', version: 1 });
    assert.deepEqual(
      tree?.causes.map(({ type, streamId }) => [type, streamId]),
      [
        ['OrderShipped', 'order-17'],
        ['ParcelHandedOver', 'parcel-17'],
      ],
    );
    assert.equal(tree?.eventCount, 9);
  });

  test('that corrections put every order right, and what was wrong stays in its history', async () => {
    const release = releaseAt(days * 24);
    const wrong = await wronglyPricedOrders(store);
    for (const { streamId: orderId, state } of wrong)
      for (const { sku } of state.items)
        await answer(store, release, {
          orderId,
          actor: 'sam',
          command: { do: 'correctPrice', sku, reason: 'taxed twice' },
        });
    const corrected = await wronglyPricedOrders(store);
    assert.equal(corrected.length, wrong.length);
    for (const { streamId, isHolding, state } of corrected) {
      assert.equal(isHolding, false, streamId);
      for (const item of state.items) assert.equal(item.cents, linePrice(item));
    }
  });
});

test('each hour has the release that was deployed last', () => {
  assert.deepEqual(
    deployments.map(({ hour }) => releaseAt(hour).name),
    deployments.map(({ name }) => name),
  );
  assert.equal(releaseAt(deployments[1]!.hour - 0.01).name, '2.3.2');
  assert.throws(() => releaseAt(-1), RangeError);
});

test('removals are counted by product and by person', () => {
  const by = (actor: string) => ({ metadata: { actor } });
  given(removalsByProduct, [
    { type: 'ItemAdded', data: { sku: 'cup', quantity: 4, unitCents: 1250, cents: 5000 } },
    { type: 'ItemRemoved', data: { sku: 'cup', quantity: 1, cents: 1250 }, ...by('ada') },
    { type: 'ItemRemoved', data: { sku: 'cup', quantity: 2, cents: 2500 }, ...by('sam') },
    { type: 'OrderCancelled', data: { reason: 'no longer wanted' } },
  ]).thenState({ cup: { added: 4, removed: 3, by: { ada: 1, sam: 2 } } });
});
