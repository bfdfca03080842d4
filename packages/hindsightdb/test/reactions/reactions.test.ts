/** Reactions do what they planned: at least once, under one key, in order for each entity, and never below the fence. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import {
  consumerInfo,
  listLetters,
  removeConsumer,
  resetConsumer,
  resumeConsumer,
  retryLetters,
  skipLetter,
  type Letter,
} from '../../src/consumers/index.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import {
  defineGateway,
  defineReaction,
  effect,
  guardEffect,
  listEffects,
  runReaction,
  type EffectContext,
  type ListedEffect,
  type ListEffectsOptions,
} from '../../src/reactions/index.ts';
import type { Reaction } from '../../src/reactions/reaction.ts';
import type { RunReactionOptions } from '../../src/reactions/run-reaction.ts';
import type { Store } from '../../src/store/store.ts';
import { assertRefused, callLoosely } from '../misuse.ts';
import { allStoreKinds, inMemory, openNew, settableClock } from '../open-stores.ts';
import { encryptingCodec } from '../store/encrypting-codec.ts';
import { impatient, orderMails, paid, placed, World, type OrderPlaced } from './shop.ts';

/** Runs a reaction until it has come to the end of the log. */
async function react(store: Store, reaction: Reaction, options: RunReactionOptions = {}): Promise<void> {
  const consumer = await runReaction(store, reaction, options);
  try {
    await consumer.waitFor(await store.head());
  } finally {
    await consumer.stop();
  }
}

async function effectsIn(
  store: Store,
  name = 'mails',
  options: ListEffectsOptions = {},
): Promise<readonly ListedEffect[]> {
  return await allOf(listEffects(store, name, options));
}

async function lettersIn(store: Store, name = 'mails'): Promise<readonly Letter[]> {
  return await allOf(listLetters(store, name));
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail('It did not come about within 20 seconds.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

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

    test('works on several entities at once, and on the events of one in order', async (t) => {
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

suite('the handler of a reaction', () => {
  test('asks gateways, whose answers stand when it is called again', async (t) => {
    const store = await openNew(t, inMemory);
    let asked = 0;
    const rates = defineGateway({ name: 'rates', ask: (_: { readonly to: string }) => (asked += 1) });
    const done: unknown[] = [];
    let failures = 1;
    const reaction = defineReaction({
      name: 'asking',
      startAt: 'beginning',
      retry: impatient,
      effects: { note: (data: { readonly rate: number }) => void done.push(data) },
      on: {
        OrderPlaced: async ({ data }: Recorded<OrderPlaced>, { ask }: { ask: AskFor }) => {
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
      world.deeds.map(({ key, data }) => [key, Reflect.get(Object(data), 'to')]),
      [
        ['mails:e1:mail:1', 'ada'],
        ['mails:e1:mail:2', 'copy'],
      ],
    );
  });
});

/** The way in which a handler asks. */
type AskFor = Parameters<Exclude<ReturnType<Reaction['handlers']['get']>, undefined>>[1]['ask'];

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

suite('versions', () => {
  test('an older one than has planned is refused, unless it is run on purpose', async (t) => {
    const store = await openNew(t, inMemory);
    const world = new World();
    await store.append('order-1', [placed('ada', 'e1')]);
    await react(store, orderMails(world, { version: 2 }));
    await assert.rejects(runReaction(store, orderMails(world)), {
      code: 'REACTION_OUTDATED',
      details: { name: 'mails', version: 1, newest: 2 },
    });
    await store.append('order-1', [placed('bob', 'e2')]);
    await react(store, orderMails(world), { onOutdated: 'run' });
    await react(store, orderMails(world));
    assert.deepEqual(world.keys, ['mails:e1:mail:1', 'mails:e2:mail:1']);
  });

  test('a running one stops when it meets what a newer one has planned', async (t) => {
    const store = await openNew(t, inMemory);
    const world = new World();
    const old = await runReaction(store, orderMails(world));
    await old.waitFor(await store.head());
    const { engine } = store.context;
    await engine.keyedWrite([
      {
        key: 'fence/mails/0000',
        value: JSON.stringify({ epoch: store.identity.lineage[0]?.epoch, version: 3, positions: [0] }),
      },
    ]);
    await store.append('order-1', [placed('ada', 'e1')]);
    await old.ended;
    assert.deepEqual(world.deeds, []);
    assert.equal((await consumerInfo(store, 'mails')).status, 'running');
    await react(store, orderMails(world, { version: 3 }));
    assert.deepEqual(world.keys, ['mails:e1:mail:1']);
  });
});

suite('the journal', () => {
  test('keeps what was done for as long as it says, and what is not done for longer', async (t) => {
    const clock = settableClock();
    const store = await openNew(t, inMemory, { now: clock.now });
    const world = new World();
    world.failure = ({ data }) => (Reflect.get(Object(data), 'to') === 'eve' ? 'not eve' : undefined);
    const reaction = orderMails(world, { journalKeptMs: 60_000 });
    await store.append('order-1', [placed('ada', 'e1')]);
    await store.append('order-2', [placed('eve', 'e2')]);
    await react(store, reaction);
    clock.micros += 61_000_000;
    for (let round = 3; round < 8; round += 1) {
      await store.append('order-1', [placed('ada', `e${round}`)]);
      await react(store, reaction);
    }
    const listed = (await effectsIn(store)).map(({ eventId, state }) => `${eventId} ${state}`);
    assert.deepEqual(listed, ['e2 planned', 'e3 done', 'e4 done', 'e5 done', 'e6 done', 'e7 done']);
    await react(store, reaction);
    assert.equal(world.keys.filter((key) => key.includes('e1')).length, 1);
  });

  test('may lie in another store than the log', async (t) => {
    const log = await openNew(t, inMemory);
    const home = await openNew(t, inMemory);
    const world = new World();
    await log.append('order-1', [placed('ada', 'e1')]);
    const consumer = await runReaction(log, orderMails(world), { progressIn: home });
    await consumer.waitFor(await log.head());
    await consumer.stop();
    assert.deepEqual([(await effectsIn(home)).length, (await effectsIn(log)).length], [1, 0]);
  });
});

suite('a reaction is refused', () => {
  const handlers = { OrderPlaced: () => undefined };
  for (const [what, change, named] of [
    ['without a start place', { startAt: undefined }, /^startAt must be/],
    ['with a name that has a slash', { name: 'a/b' }, /^The name of a reaction/],
    ['with a version below 1', { version: 0 }, /^version/],
    ['without handlers', { on: {} }, /^on must have a handler/],
    ['with a handler that is no function', { on: { OrderPlaced: 1 } }, /^on\.OrderPlaced must be a function/],
    ['with a reserved type', { on: { $removed: () => undefined } }, /\$/],
    ['with an effect that is no function', { effects: { mail: 'yes' } }, /^effects\.mail must be a function/],
    ['with an effect of a strange name', { effects: { 'a:b': () => {} } }, /^The name of an effect/],
    ['with no concurrency', { concurrencyMax: 0 }, /^concurrencyMax/],
    ['with a journal kept for no time', { journalKeptMs: 0 }, /^journalKeptMs/],
    ['with a retry policy out of range', { retry: { attemptsMax: 0 } }, /^retry\.attemptsMax/],
    ['with a query that means no handled type', { query: [{ types: ['Other'] }] }, /^The query of the reaction/],
  ] as const) {
    test(what, async () => {
      const definition = { name: 'a', startAt: 'now', effects: {}, on: handlers, ...change };
      await assertRefused(() => callLoosely(defineReaction, definition), { what, named });
    });
  }

  test('when it was not made by defineReaction, and with strange options', async (t) => {
    const store = await openNew(t, inMemory);
    const world = new World();
    await assertRefused(async () => await callLoosely(runReaction, store, { name: 'a' }), {
      what: 'no reaction',
      named: /^reaction must be made by defineReaction/,
    });
    await assertRefused(async () => await callLoosely(runReaction, store, orderMails(world), { onOutdated: 'pray' }), {
      what: 'a strange choice',
      named: /^onOutdated/,
    });
  });
});

test('a reaction in a new epoch stands paused until it is resumed', async (t) => {
  const { join } = await import('node:path');
  const { restoreStore } = await import('../../src/store/open.ts');
  const { openAt } = await import('../open-stores.ts');
  const { temporaryFolder } = await import('../temporary-folder.ts');
  const folder = await temporaryFolder(t);
  const world = new World();
  const first = await openAt(t, join(folder, 'first.db'));
  await first.append('order-1', [placed('ada', 'e1')]);
  await react(first, orderMails(world));
  await first.backup(join(folder, 'backup.db'));
  await first.append('order-1', [placed('bob', 'e2')]);
  await react(first, orderMails(world));
  await restoreStore(join(folder, 'backup.db'), join(folder, 'second.db'));
  const second = await openAt(t, join(folder, 'second.db'));
  await second.append('order-1', [placed('eve', 'e3')]);
  const consumer = await runReaction(second, orderMails(world));
  await eventually(async () => consumer.state.kind === 'paused');
  assert.deepEqual(world.keys, ['mails:e1:mail:1', 'mails:e2:mail:1']);
  await resumeConsumer(second, 'mails');
  await consumer.waitFor(await second.head());
  await consumer.stop();
  assert.deepEqual(world.keys, ['mails:e1:mail:1', 'mails:e2:mail:1', 'mails:e3:mail:1']);
});

test('reactionsOf gives handlers the types of a union', async (t) => {
  const { reactionsOf } = await import('../../src/reactions/index.ts');
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
