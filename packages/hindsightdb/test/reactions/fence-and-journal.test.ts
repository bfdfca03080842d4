/** Versions, the journal, restored stores, and reactions that are refused. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { consumerInfo, resumeConsumer } from '../../src/consumers/index.ts';
import { defineReaction, runReaction } from '../../src/reactions/index.ts';
import { restoreStore } from '../../src/store/open.ts';
import { assertRefused, callLoosely } from '../misuse.ts';
import { inMemory, openAt, openNew, settableClock } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { effectsIn, eventually, react } from './reacting.ts';
import { orderMails, placed, World } from './shop.ts';

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

test('after a restore a reaction is shown as paused, and can be resumed, before any process starts it', async (t) => {
  const folder = await temporaryFolder(t);
  const world = new World();
  const first = await openAt(t, join(folder, 'first.db'));
  await first.append('order-1', [placed('ada', 'e1')]);
  await react(first, orderMails(world));
  await first.backup(join(folder, 'backup.db'));
  await restoreStore(join(folder, 'backup.db'), join(folder, 'second.db'));
  const second = await openAt(t, join(folder, 'second.db'));
  const { status, reason } = await consumerInfo(second, 'mails');
  assert.deepEqual([status, reason?.startsWith('The store was restored at ')], ['paused', true]);
  assert.equal((await consumerInfo(first, 'mails')).status, 'running');

  await resumeConsumer(second, 'mails');
  const resumed = await consumerInfo(second, 'mails');
  assert.deepEqual([resumed.status, resumed.reason], ['running', undefined]);
  await second.append('order-1', [placed('eve', 'e3')]);
  await react(second, orderMails(world));
  assert.deepEqual(world.keys, ['mails:e1:mail:1', 'mails:e3:mail:1']);
});
