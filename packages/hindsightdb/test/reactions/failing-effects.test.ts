/** What a reaction cannot do is tried again, and then set aside with what is left of its plan. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { consumerInfo, retryLetters, skipLetter } from '../../src/consumers/index.ts';
import type { Recorded } from '../../src/core/event.ts';
import { defineReaction, effect, runReaction, type EffectContext } from '../../src/reactions/index.ts';
import type { Store } from '../../src/store/store.ts';
import { allStoreKinds, openNew } from '../open-stores.ts';
import { effectsIn, eventually, lettersIn, react } from './reacting.ts';
import { impatient, orderMails, paid, placed, World, type OrderPlaced } from './shop.ts';

for (const kind of allStoreKinds) {
  suite(`a reaction that fails over ${kind.name}`, () => {
    const open = async (t: TestContext): Promise<Store> => await openNew(t, kind);

    test('tries an effect again under the same key, then sets its event aside with what is left of the plan', async (t) => {
      const store = await open(t);
      const world = new World();
      let isMended = false;
      world.failure = ({ what }) => (what === 'parcel' && !isMended ? 'no parcels today' : undefined);
      await store.append('order-1', [paid('ada', 1, 'e1'), placed('ada', 'e2')]);
      await store.append('order-2', [placed('bob', 'e3')]);
      const consumer = await runReaction(store, orderMails(world));
      await consumer.waitFor(await store.head());
      assert.deepEqual(world.keys.toSorted(), ['mails:e1:mail:1', 'mails:e3:mail:1']);
      assert.deepEqual(
        (await lettersIn(store)).map(({ eventId, state, attempts, error }) => [
          eventId,
          state,
          attempts,
          error?.message,
        ]),
        [
          ['e1', 'failed', 2, 'no parcels today'],
          ['e2', 'waiting', 0, undefined],
        ],
      );
      const planned = await effectsIn(store, 'mails', { state: 'planned', eventId: 'e1' });
      assert.deepEqual(
        planned.map(({ name, attempts, error }) => [name, attempts, error?.message]),
        [
          ['parcel', 2, 'no parcels today'],
          ['mail', 0, undefined],
        ],
      );
      await store.append('order-1', [placed('ada', 'e4')]);
      await consumer.waitFor(await store.head());
      isMended = true;
      await retryLetters(store, 'mails', 'order-1');
      await eventually(async () => (await consumerInfo(store, 'mails')).letterCount === 0);
      await consumer.stop();
      const ofOne = world.deeds.filter(({ key }) => !key.includes('e3'));
      assert.deepEqual(
        ofOne.map(({ key, attempt }) => [key, attempt]),
        [
          ['mails:e1:mail:1', 1],
          ['mails:e1:parcel:1', 3],
          ['mails:e1:mail:2', 1],
          ['mails:e2:mail:1', 1],
          ['mails:e4:mail:1', 1],
        ],
      );
    });

    test('sets an event aside whose handler fails, and plans it when the letter is tried again', async (t) => {
      const store = await open(t);
      const done: unknown[] = [];
      let isMended = false;
      const reaction = defineReaction({
        name: 'strict',
        startAt: 'beginning',
        retry: impatient,
        effects: { note: (data: string) => void done.push(data) },
        on: {
          OrderPlaced: ({ data }: Recorded<OrderPlaced>) => {
            if (data.to === 'ada' && !isMended) throw new RangeError('not her');
            return effect('note', data.to);
          },
        },
      });
      await store.append('order-1', [placed('bob', 'e1'), placed('ada', 'e2'), placed('eve', 'e3')]);
      const consumer = await runReaction(store, reaction);
      await consumer.waitFor(await store.head());
      assert.deepEqual(done, ['bob']);
      assert.deepEqual((await effectsIn(store, 'strict')).length, 1);
      isMended = true;
      await retryLetters(store, 'strict', 'order-1');
      await eventually(async () => done.length === 3);
      assert.deepEqual(done, ['bob', 'ada', 'eve']);
      await consumer.stop();
      await react(store, reaction);
      assert.equal(done.length, 3);
    });

    test('drops what a skipped letter had left, and goes on with the events behind it', async (t) => {
      const store = await open(t);
      const world = new World();
      world.failure = ({ what }) => (what === 'parcel' ? 'never' : undefined);
      await store.append('order-1', [paid('ada', 1, 'e1'), placed('ada', 'e2')]);
      const consumer = await runReaction(store, orderMails(world));
      await consumer.waitFor(await store.head());
      await skipLetter(store, 'mails', 'order-1');
      await eventually(async () => world.keys.includes('mails:e2:mail:1'));
      await consumer.stop();
      await react(store, orderMails(world));
      assert.deepEqual(world.keys, ['mails:e1:mail:1', 'mails:e2:mail:1']);
    });

    test('sets aside what an old plan names and new code does not declare', async (t) => {
      const store = await open(t);
      const world = new World();
      await store.append('order-1', [paid('ada', 1, 'e1')]);
      world.failure = ({ what }) => (what === 'parcel' ? 'not now' : undefined);
      await react(store, orderMails(world));
      const withoutParcels = defineReaction({
        name: 'mails',
        version: 2,
        startAt: 'beginning',
        effects: { mail: (data: unknown, context: EffectContext) => world.act({ ...context, what: 'mail', data }) },
        on: { OrderPlaced: () => undefined, OrderPaid: () => undefined },
      });
      const consumer = await runReaction(store, withoutParcels);
      await retryLetters(store, 'mails', 'order-1');
      await eventually(async () => (await lettersIn(store))[0]?.error?.code === 'EFFECT_UNKNOWN');
      await consumer.stop();
      assert.deepEqual(world.keys, ['mails:e1:mail:1']);
      const [left] = await effectsIn(store, 'mails', { state: 'planned' });
      assert.equal(left?.error?.code, 'EFFECT_UNKNOWN');
    });
  });
}
