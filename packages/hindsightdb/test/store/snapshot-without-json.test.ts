/** A snapshot is a cache: a state that it cannot hold is folded from its events, and one that cannot be read counts as none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineDecider, handle, openStore, type Event, type Recorded } from '../../src/index.ts';

type CartEvent = Event<'CartOpened', { items: number }> | Event<'CartClosed', null>;

type Cart = { readonly items: number } | undefined;
const cart = defineDecider({
  category: 'cart',
  initialState: (): Cart => undefined,
  decide: (command: CartEvent): CartEvent => command,
  evolve: (_: Cart, event: Recorded<CartEvent>): Cart => (event.type === 'CartOpened' ? event.data : undefined),
  snapshots: { every: 1 },
});

test('an entity whose state is undefined can be loaded and handled on', async () => {
  await using store = await openStore('memory:');
  await handle(store, cart, 'cart-1', { type: 'CartOpened', data: { items: 2 } });
  await handle(store, cart, 'cart-1', { type: 'CartClosed', data: null });
  await settled();
  assert.deepEqual(await store.load(cart, 'cart-1'), { state: undefined, version: 2 });
  await handle(store, cart, 'cart-1', { type: 'CartOpened', data: { items: 1 } });
  assert.deepEqual(await store.load(cart, 'cart-1'), { state: { items: 1 }, version: 3 });
});

test('a snapshot that cannot be read counts as none', async () => {
  await using store = await openStore('memory:');
  await handle(store, cart, 'cart-1', { type: 'CartOpened', data: { items: 2 } });
  await settled();
  const { engine } = store.context;
  const [snapshot] = await engine.keyedScan({ prefix: 'snapshot/', limit: 1 });
  assert.ok(snapshot !== undefined);
  await engine.keyedWrite([{ key: snapshot.key, value: '{"version":1,"state":' }]);
  assert.deepEqual(await store.load(cart, 'cart-1'), { state: { items: 2 }, version: 1 });
});

/** Snapshots are written in the background; in memory they are done after a turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
