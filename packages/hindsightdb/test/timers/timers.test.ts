/** Setting, moving, cancelling, listing and firing timers with a clock that stands still. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import {
  cancelTimer,
  fireDue,
  listTimers,
  setTimer,
  timerOf,
  type Timer,
  type TimerSetting,
} from '../../src/timers/index.ts';
import { openNew, storeKinds } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { firedIn, noted, noting, pendingIn } from './timer-scenes.ts';

const day = 24 * 60 * 60 * 1000;
const at = (dayOfMarch: number): string => `2026-03-${String(dayOfMarch).padStart(2, '0')}T00:00:00.000000Z`;
const timer = (id: string, dayOfMarch: number, more: Partial<TimerSetting> = {}): TimerSetting => ({
  group: 'noting',
  id,
  dueAt: at(dayOfMarch),
  ...more,
});

for (const kind of storeKinds) {
  const opened = async (context: Parameters<typeof openNew>[0]) => {
    const clock = settableClock(at(1));
    return { clock, store: await openNew(context, kind, { now: clock.now }) };
  };

  test(`a timer is set, moved, set to the same and cancelled by its id (${kind.name})`, async (context) => {
    const { store } = await opened(context);
    const data = { cents: 7, of: ['a'] };
    assert.deepEqual(await setTimer(store, timer('a', 9, { data, streamId: 'order-1' })), {
      outcome: 'set',
      dueAt: at(9),
    });
    assert.deepEqual(await timerOf(store, { group: 'noting', id: 'a' }), {
      group: 'noting',
      id: 'a',
      dueAt: at(9),
      data,
      streamId: 'order-1',
      state: 'pending',
      attempts: 0,
    });
    const sameInOtherWords = timer('a', 9, {
      data: { of: ['a'], cents: 7 },
      streamId: 'order-1',
      dueAt: new Date('2026-03-09T02:00:00+02:00'),
    });
    assert.equal((await setTimer(store, sameInOtherWords)).outcome, 'unchanged');
    assert.equal((await setTimer(store, timer('a', 9, { data }))).outcome, 'moved', 'it concerns no stream any more');
    assert.deepEqual(await setTimer(store, timer('a', 4)), { outcome: 'moved', dueAt: at(4) });
    assert.equal((await timerOf(store, { group: 'noting', id: 'a' }))?.data, null);
    assert.deepEqual(await pendingIn(store), ['a']);
    assert.equal(await cancelTimer(store, { group: 'noting', id: 'a' }), true);
    assert.equal(await cancelTimer(store, { group: 'noting', id: 'a' }), false);
    assert.equal(await timerOf(store, { group: 'noting', id: 'a' }), undefined);
    assert.deepEqual(await store.context.engine.keyedScan({ prefix: '', limit: 9 }), [], 'nothing is left of it');
  });

  test(`timers are listed in their order, from any place on and up to any time (${kind.name})`, async (context) => {
    const { store } = await opened(context);
    const ids = Array.from({ length: 600 }, (_, index) => String(index).padStart(3, '0'));
    await Promise.all(ids.toReversed().map(async (id) => await setTimer(store, timer(id, 1 + Number(id[0])))));
    await setTimer(store, { group: 'noting.b', id: 'other', dueAt: at(1) });
    assert.deepEqual(await pendingIn(store), ids);
    assert.deepEqual(await pendingIn(store, { until: at(2) }), ids.slice(0, 200));
    assert.deepEqual(await pendingIn(store, { until: at(1), state: 'pending' }), ids.slice(0, 100));
    assert.deepEqual(await pendingIn(store, { after: { dueAt: at(3), id: '298' }, until: at(4) }), ids.slice(299, 400));
    assert.deepEqual(await pendingIn(store, { state: 'failed' }), []);
  });

  test(`what is due is fired in the order of times and ids, late ones too, once and no more (${kind.name})`, async (context) => {
    const { store, clock } = await opened(context);
    await setTimer(store, timer('late', 20));
    for (const id of ['c', 'a', 'b/%20', 'b'])
      await setTimer(store, timer(id, id === 'c' ? 2 : 3, { data: { about: id } }));
    await setTimer(store, { group: 'noting', id: 'long ago', dueAt: '1901-01-01' });
    assert.equal(await fireDue(store, noting), 1);
    clock.advanceMs(10 * day);
    assert.equal(await fireDue(store, noting), 4);
    assert.equal(await fireDue(store, noting), 0);
    const order = ['long ago', 'c', 'a', 'b', 'b/%20'];
    assert.deepEqual(
      (await firedIn(store)).map(({ id }) => id),
      order,
    );
    assert.deepEqual(await pendingIn(store), ['late']);
    for await (const event of store.readStream('noted-1')) {
      // What `noting` appends.
      const { id, dueAt } = event.data as { readonly id: string; readonly dueAt: string };
      assert.equal(event.occurredAt, dueAt, 'it occurred when it was due');
      assert.equal(event.metadata.causationId, id);
      assert.equal(event.recordedAt, id === 'long ago' ? at(1) : at(11));
    }
  });

  test(`what fire says of times and causes goes before the defaults, and several streams are written at once (${kind.name})`, async (context) => {
    const { store } = await opened(context);
    const timers = noted({
      fire: ({ id }) =>
        id === 'nothing'
          ? undefined
          : {
              streams: [
                {
                  streamId: 'a-1',
                  events: [{ type: 'First', data: 1, occurredAt: at(7), metadata: { causationId: 'x' } }],
                },
                { streamId: 'b-1', events: [{ type: 'Second', data: 2 }], expectedVersion: 0 },
              ],
              metadata: { actor: 'clock' },
            },
    });
    await setTimer(store, timer('both', 1));
    await setTimer(store, timer('nothing', 1));
    assert.equal(await fireDue(store, timers), 2);
    const [first, second, ...none] = await store.readLog().toArray();
    assert.deepEqual([first?.occurredAt, first?.metadata], [at(7), { actor: 'clock', causationId: 'x' }]);
    assert.deepEqual([second?.occurredAt, second?.metadata], [at(1), { actor: 'clock', causationId: 'both' }]);
    assert.deepEqual(none, []);
    assert.deepEqual(await pendingIn(store), []);
  });

  test(`a timer that was moved or cancelled while fire thought about it leaves no trace (${kind.name})`, async (context) => {
    const { store } = await opened(context);
    const timers = noted({
      fire: async ({ id }) => {
        if (id === 'moved') await setTimer(store, timer('moved', 5));
        else await cancelTimer(store, { group: 'noting', id });
        return { streamId: 'noted-1', events: [{ type: 'Noted', data: { id } }] };
      },
    });
    await setTimer(store, timer('moved', 1));
    await setTimer(store, timer('cancelled', 1));
    assert.equal(await fireDue(store, timers), 0);
    assert.deepEqual(await firedIn(store), []);
    assert.deepEqual(await pendingIn(store), ['moved']);
  });

  test(`two that fire the same timers at once fire each of them once (${kind.name})`, async (context) => {
    const { store } = await opened(context);
    const ids = Array.from({ length: 700 }, (_, index) => `t${index}`);
    await Promise.all(ids.map(async (id) => await setTimer(store, timer(id, 1))));
    const counts = await Promise.all([fireDue(store, noting), fireDue(store, noting), fireDue(store, noting)]);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      ids.length,
    );
    const fired = (await firedIn(store)).map(({ id }) => id);
    assert.deepEqual(fired.toSorted(), ids.toSorted());
  });
}

test('timers outlive the process: a store that is opened again fires them', async (context) => {
  const path = join(await temporaryFolder(context), 'store.db');
  const clock = settableClock(at(1));
  {
    await using store = await openStore(path, { now: clock.now });
    await setTimer(store, timer('a', 2, { data: { kept: true } }));
  }
  clock.advanceMs(day);
  await using store = await openStore(path, { now: clock.now });
  assert.equal(await fireDue(store, noting), 1);
  await using reader = await openStore(path, { readOnly: true });
  assert.deepEqual(
    (await firedIn(reader)).map(({ id, dueAt }) => [id, dueAt]),
    [['a', at(2)]],
  );
  assert.deepEqual(await pendingIn(reader), []);
});

test('data of timers go through the codec, with the stream that they concern', async (context) => {
  const seen: string[] = [];
  const codec = {
    encode: async (
      items: readonly { data: string; metadata: string; kind: string; streamId: string; type: string }[],
    ) =>
      items.map(({ kind, type, streamId, data, metadata }) => {
        if (kind === 'journal') seen.push(`${type} ${streamId}`);
        return { data: JSON.stringify(Buffer.from(data).toString('base64')), metadata };
      }),
    decode: async (items: readonly { data: string; metadata: string }[]) =>
      items.map(({ data, metadata }) => ({
        data: Buffer.from(String(JSON.parse(data)), 'base64').toString(),
        metadata,
      })),
  };
  const clock = settableClock(at(1));
  const store = await openNew(context, storeKinds[0] ?? assert.fail(), { codec, now: clock.now });
  await setTimer(store, timer('a', 1, { data: { secret: 'rose' }, streamId: 'person-1' }));
  await setTimer(store, timer('b', 2, { data: 'lily' }));
  assert.deepEqual(seen, ['timer person-1', 'timer ']);
  const entries = await store.context.engine.keyedScan({ prefix: '', limit: 9 });
  assert.ok(!entries.some(({ value }) => /secret|rose|lily/.test(value)));
  const listed: Timer[] = [];
  for await (const each of listTimers(store, { group: 'noting' })) listed.push(each);
  assert.deepEqual(
    listed.map(({ data }) => data),
    [{ secret: 'rose' }, 'lily'],
  );
  assert.equal(await fireDue(store, noting), 1);
  const [event] = await store.readStream('noted-1').toArray();
  assert.deepEqual(event?.data, { id: 'a', dueAt: at(1), data: { secret: 'rose' } });
});
