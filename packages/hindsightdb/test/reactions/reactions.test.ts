/** Reactions do what they planned: at least once, under one key, in order for each entity, and never below the fence. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { removeConsumer, resetConsumer } from '../../src/consumers/index.ts';
import type { Store } from '../../src/store/store.ts';
import { allStoreKinds, openNew } from '../open-stores.ts';
import { encryptingCodec } from '../store/encrypting-codec.ts';
import { effectsIn, react } from './reacting.ts';
import { orderMails, paid, placed, World } from './shop.ts';

for (const kind of allStoreKinds) {
  suite(`a reaction over ${kind.name}`, () => {
    const open = async (t: TestContext): Promise<Store> => await openNew(t, kind);

    test('does what its handlers return, in order, under keys of their own', async (t) => {
      const store = await open(t);
      const world = new World();
      await store.append('order-1', [placed('ada', 'e1'), { type: 'OrderSeen', data: null }, paid('ada', 2, 'e2')]);
      await react(store, orderMails(world));
      assert.deepEqual(
        world.deeds.map(({ key, data, attempt }) => [key, data, attempt]),
        [
          ['mails:e1:mail:1', { to: 'ada', text: 'placed', by: 1 }, 1],
          ['mails:e2:mail:1', { to: 'ada', text: 'paid', by: 1 }, 1],
          ['mails:e2:parcel:1', { number: 1 }, 1],
          ['mails:e2:parcel:2', { number: 2 }, 1],
          ['mails:e2:mail:2', { to: 'ada', text: 'sent', by: 1 }, 1],
        ],
      );
      const listed = await effectsIn(store);
      assert.deepEqual(
        listed.map(({ key, state, result, attempts, version }) => [key, state, result, attempts, version]),
        world.deeds.map(({ key }, index) => [key, 'done', index + 1, 1, 1]),
      );
      assert.deepEqual((await effectsIn(store, 'mails', { eventId: 'e1' })).length, 1);
      assert.deepEqual(await effectsIn(store, 'mails', { state: 'planned' }), []);
    });

    test('goes on where it was, and does nothing twice', async (t) => {
      const store = await open(t);
      const world = new World();
      await store.append('order-1', [placed('ada', 'e1')]);
      await react(store, orderMails(world));
      await store.append('order-1', [placed('bob', 'e2')]);
      await react(store, orderMails(world));
      assert.deepEqual(world.keys, ['mails:e1:mail:1', 'mails:e2:mail:1']);
    });

    test('begins where it says, and a new version above what the last one planned', async (t) => {
      const store = await open(t);
      const world = new World();
      await store.append('order-1', [placed('old', 'e0')]);
      await react(store, orderMails(world, { startAt: 'now' }));
      await store.append('order-1', [placed('ada', 'e1')]);
      await react(store, orderMails(world, { startAt: 'beginning' }));
      await store.append('order-1', [placed('bob', 'e2')]);
      await react(store, orderMails(world, { version: 2 }));
      assert.deepEqual(
        world.deeds.map(({ data }) => data),
        [
          { to: 'ada', text: 'placed', by: 1 },
          { to: 'bob', text: 'placed', by: 2 },
        ],
      );
    });

    test('does nothing below its fence, wherever its progress is set', async (t) => {
      const store = await open(t);
      const world = new World();
      await store.append('order-1', [placed('ada', 'e1'), { type: 'OrderSeen', data: null }, paid('ada', 0, 'e2')]);
      await react(store, orderMails(world));
      const done = world.deeds.length;
      await assert.rejects(resetConsumer(store, 'mails'), { code: 'REPLAY_REFUSED' });
      await removeConsumer(store, 'mails');
      await react(store, orderMails(world, { version: 2 }));
      assert.equal(world.deeds.length, done);
      await store.append('order-1', [placed('bob', 'e3')]);
      await react(store, orderMails(world, { version: 2 }));
      assert.deepEqual(world.keys.slice(done), ['mails:e3:mail:1']);
    });

    test('keeps plans, data and results through the codec', async (t) => {
      const { codec } = await encryptingCodec();
      const store = await openNew(t, kind, { codec });
      const world = new World();
      await store.append('order-1', [placed('Ada-Secret', 'e1')]);
      await react(store, orderMails(world));
      const entries = await store.context.engine.keyedScan({ prefix: 'journal/', limit: 10 });
      assert.equal(entries.length, 1);
      assert.ok(entries.every(({ value }) => !value.includes('Secret')));
      const [listed] = await effectsIn(store);
      assert.deepEqual([listed?.data, listed?.result], [{ to: 'Ada-Secret', text: 'placed', by: 1 }, 1]);
    });

    test('does the effects of several entities at once, and those of one in order', async (t) => {
      const store = await open(t);
      const world = new World();
      let atOnce = 0;
      let most = 0;
      world.before = async () => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setTimeout(resolve, 2));
        atOnce -= 1;
      };
      for (let round = 0; round < 3; round += 1)
        for (let order = 0; order < 6; order += 1)
          await store.append(`order-${order}`, [placed(`${order}`, `e${order}.${round}`)]);
      await react(store, orderMails(world, { concurrencyMax: 3 }));
      assert.equal(world.deeds.length, 18);
      assert.ok(most > 1 && most <= 3, `${most} at once`);
      for (let order = 0; order < 6; order += 1)
        assert.deepEqual(
          world.keys.filter((key) => key.includes(`e${order}.`)),
          [0, 1, 2].map((round) => `mails:e${order}.${round}:mail:1`),
        );
    });
  });
}
