/** A reaction that was removed and is started again does nothing twice, and is not spread in another way than before. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { removeConsumer } from '../../src/consumers/index.ts';
import { runReaction } from '../../src/reactions/index.ts';
import type { Store } from '../../src/store/store.ts';
import { allStoreKinds, openNew } from '../open-stores.ts';
import { orderMails, placed, World } from './shop.ts';

async function place(store: Store, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) await store.append(`order-${index}`, [placed('ada', `e${index}`)]);
}

async function runToEnd(store: Store, world: World, slices: number): Promise<void> {
  const consumer = await runReaction(store, orderMails(world, { slices }));
  await consumer.waitFor(await store.head());
  await consumer.stop();
}

for (const kind of allStoreKinds)
  suite(`a reaction that was removed, over ${kind.name},`, () => {
    for (const [before, after] of [
      [1, 4],
      [4, 1],
      [4, 3],
    ] as const)
      test(`is refused over ${after} slices in place of ${before}, and does nothing again`, async (t) => {
        const store = await openNew(t, kind);
        const world = new World();
        await place(store, 0, 20);
        await runToEnd(store, world, before);
        await removeConsumer(store, 'mails');
        await place(store, 20, 40);
        await assert.rejects(runToEnd(store, world, after), {
          code: 'CONSUMER_MISMATCH',
          details: { name: 'mails', slices: before, wanted: after },
        });
        await runToEnd(store, world, before);
        assert.deepEqual([world.keys.length, new Set(world.keys).size], [40, 40]);
      });
  });
