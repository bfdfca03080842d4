/** What handlers may do, and how effects are done. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Event, Recorded } from '../../src/core/event.ts';
import {
  defineGateway,
  defineReaction,
  effect,
  guardEffect,
  reactionsOf,
  runReaction,
  type EffectContext,
} from '../../src/reactions/index.ts';
import type { Reaction, ReactionContext } from '../../src/reactions/reaction.ts';
import { callLoosely } from '../misuse.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { effectsIn, eventually, lettersIn, react } from './reacting.ts';
import { impatient, orderMails, paid, placed, World, type OrderPlaced } from './shop.ts';

suite('the handler of a reaction', () => {
  test('asks gateways, whose answers stand when it is called again', async (t) => {
    const store = await openNew(t, inMemory);
    let asked = 0;
    const rates = defineGateway({ name: 'rates', ask: (): number => (asked += 1) });
    const done: unknown[] = [];
    let failures = 1;
    const reaction = defineReaction({
      name: 'asking',
      startAt: 'beginning',
      retry: impatient,
      effects: { note: (data: { readonly rate: number }) => void done.push(data) },
      on: {
        OrderPlaced: async ({ data }: Recorded<OrderPlaced>, { ask }: ReactionContext) => {
          const rate = await ask(rates, { to: data.to });
          if (failures-- > 0) throw new Error('behind the question');
          return effect('note', { rate });
        },
      },
    });
    await store.append('order-1', [placed('ada', 'e1')]);
    await react(store, reaction);
    assert.deepEqual([asked, done], [1, [{ rate: 1 }]]);
  });

  test('that returns something else has its event set aside', async (t) => {
    const store = await openNew(t, inMemory);
    for (const [name, answer] of [
      ['number', 7],
      ['undeclared', { name: 'other', data: 1 }],
      ['without-json', { name: 'note', data: 1n }],
      ['too-many', Array.from({ length: 1001 }, () => effect('note', 1))],
    ] as const) {
      const reaction = callLoosely(defineReaction, {
        name,
        startAt: 'beginning',
        retry: { attemptsMax: 1 },
        effects: { note: () => {} },
        on: { OrderPlaced: () => answer },
      });
      await store.append('order-1', [placed('ada')]);
      // What defineReaction gave.
      await react(store, reaction as Reaction);
      assert.ok(
        (await lettersIn(store, name)).some(({ state }) => state === 'failed'),
        name,
      );
    }
  });

  test('sees what upcasters make of an event, and all that they make is one plan', async (t) => {
    const upcast = ({ data }: { readonly data: unknown }) => [
      { type: 'OrderPlaced', data },
      { type: 'OrderPlaced', data: { to: 'copy' } },
    ];
    const store = await openNew(t, inMemory, { upcasters: [{ type: 'Ordered', upcast }] });
    const world = new World();
    await store.append('order-1', [{ type: 'Ordered', data: { to: 'ada' }, id: 'e1' }]);
    const reaction = orderMails(world);
    const anyType = { ...reaction, filter: { category: 'order' } };
    await react(store, anyType);
    assert.deepEqual(
      world.deeds.map(({ key, data }) => [key, JSON.stringify(data)]),
      [
        ['mails:e1:mail:1', '{"to":"ada","text":"placed","by":1}'],
        ['mails:e1:mail:2', '{"to":"copy","text":"placed","by":1}'],
      ],
    );
  });
});

suite('an effect', () => {
  test('may be a guarded function', async (t) => {
    const store = await openNew(t, inMemory);
    const sent: string[] = [];
    const send = guardEffect((to: string) => void sent.push(to));
    const reaction = defineReaction({
      name: 'guarded',
      startAt: 'beginning',
      effects: { send: (to: string) => send(to) },
      on: { OrderPlaced: ({ data }: Recorded<OrderPlaced>) => effect('send', data.to) },
    });
    await store.append('order-1', [placed('ada')]);
    await react(store, reaction);
    assert.deepEqual(sent, ['ada']);
  });

  test('is given data of its own, which it may change', async (t) => {
    const store = await openNew(t, inMemory);
    const seen: unknown[] = [];
    const reaction = defineReaction({
      name: 'changing',
      startAt: 'beginning',
      retry: impatient,
      effects: {
        change: (data: { list: number[] }) => {
          seen.push(structuredClone(data));
          data.list.push(7);
          if (seen.length === 1) throw new Error('again');
        },
      },
      on: { OrderPlaced: () => effect('change', { list: [1] }) },
    });
    await store.append('order-1', [placed('ada')]);
    await react(store, reaction);
    assert.deepEqual(seen, [{ list: [1] }, { list: [1] }]);
    assert.deepEqual((await effectsIn(store, 'changing'))[0]?.data, { list: [1] });
  });

  test('whose result has no JSON form is done without one', async (t) => {
    const store = await openNew(t, inMemory);
    const reaction = defineReaction({
      name: 'odd',
      startAt: 'beginning',
      effects: { big: () => 1n, none: () => undefined },
      on: { OrderPlaced: () => [effect('big'), effect('none')] },
    });
    await store.append('order-1', [placed('ada')]);
    await react(store, reaction);
    assert.deepEqual(
      (await effectsIn(store, 'odd')).map(({ state, result }) => [state, result]),
      [
        ['done', undefined],
        ['done', undefined],
      ],
    );
  });

  test('that takes long is recorded while others of its batch are still done', async (t) => {
    const store = await openNew(t, inMemory);
    const world = new World();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    world.before = async ({ key }) => {
      if (key.includes('last')) await held;
      else await new Promise((resolve) => setTimeout(resolve, 150));
    };
    for (const id of ['e1', 'e2', 'e3', 'last']) await store.append('order-1', [placed('ada', id)]);
    const consumer = await runReaction(store, orderMails(world));
    await eventually(async () => (await effectsIn(store, 'mails', { state: 'done' })).length >= 2);
    release();
    await consumer.waitFor(await store.head());
    await consumer.stop();
    assert.equal((await effectsIn(store, 'mails', { state: 'done' })).length, 4);
  });

  test('is told when nobody waits for it any more, and is done again under its key', async (t) => {
    const store = await openNew(t, inMemory);
    const world = new World();
    await store.append('order-1', [paid('ada', 1, 'e1')]);
    let isStarted = false;
    let isHeld = true;
    const signals: AbortSignal[] = [];
    const reaction = defineReaction({
      name: 'slow',
      startAt: 'beginning',
      effects: {
        slow: async (data: null, context: EffectContext) => {
          isStarted = true;
          signals.push(context.signal);
          if (isHeld)
            await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('gone'))));
          return await world.act({ ...context, what: 'mail', data });
        },
      },
      on: { OrderPaid: () => effect('slow') },
    });
    const consumer = await runReaction(store, reaction);
    await eventually(async () => isStarted);
    await consumer.stop({ timeoutMs: 1 });
    assert.equal(signals[0]?.aborted, true);
    isHeld = false;
    await react(store, reaction);
    assert.deepEqual(world.keys, ['slow:e1:slow:1']);
  });
});

test('reactionsOf gives handlers the types of a union', async (t) => {
  type Shop = OrderPlaced | Event<'OrderPaid', { readonly cents: number }>;
  const done: unknown[] = [];
  const reaction = reactionsOf<Shop>()({
    name: 'typed',
    startAt: 'beginning',
    effects: { note: (data: { readonly text: string }) => void done.push(data.text) },
    on: {
      OrderPlaced: ({ data }) => effect('note', { text: data.to }),
      OrderPaid: ({ data }) => effect('note', { text: String(data.cents + 1) }),
    },
  });
  const store = await openNew(t, inMemory);
  await store.append('order-1', [placed('ada'), { type: 'OrderPaid', data: { cents: 1 } }]);
  await react(store, reaction);
  assert.deepEqual(done, ['ada', '2']);
});
