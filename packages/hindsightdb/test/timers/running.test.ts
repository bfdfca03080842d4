/** Timers that are run: sleeping, waking, several that run the same ones, stopping. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import { runTimers, setTimer, timerOf, type TimerRunner } from '../../src/timers/index.ts';
import { eventually, pauseMs } from '../consumers/scenes.ts';
import { inMemory, openAt, openNew, storeKinds } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { firedIn, noted, noting, pendingIn } from './timer-scenes.ts';

const group = 'noting';
const start = '2026-03-01T00:00:00.000000Z';

for (const kind of storeKinds) {
  test(`running timers are fired when their time has come by the clock of the store (${kind.name})`, async (context) => {
    const clock = settableClock(start);
    const store = await openNew(context, kind, { now: clock.now });
    await using running = runTimers(store, noting);
    await setTimer(store, { group, id: 'b', dueAt: '2026-03-01T00:00:02Z' });
    await setTimer(store, { group, id: 'a', dueAt: '2026-03-01T00:00:01Z' });
    await eventually('waiting', () => running.state.kind === 'waiting');
    assert.deepEqual(await firedIn(store), [], 'the clock stands still');
    clock.advanceMs(1000);
    await eventually('the first', async () => (await firedIn(store)).length === 1);
    clock.advanceMs(1000);
    await eventually('the second', async () => (await firedIn(store)).length === 2);
    assert.deepEqual(
      (await firedIn(store)).map(({ id }) => id),
      ['a', 'b'],
    );
    await running.stop();
    await running.stop();
    assert.equal(running.state.kind, 'stopped');
    assert.deepEqual(
      await store.context.engine.keyedScan({ prefix: 'timers/', limit: 9 }),
      [],
      'the lease was given back',
    );
  });
}

test('by the clock of the system a timer is fired when it is due and not before', async (context) => {
  const store = await openNew(context, inMemory);
  await using running = runTimers(store, noting);
  assert.equal(running.name, 'noting');
  const dueAt = new Date(Date.now() + 60);
  await setTimer(store, { group, id: 'a', dueAt });
  await eventually('fired', async () => (await firedIn(store)).length === 1);
  const [event] = await store.readStream('noted-1').toArray();
  assert.ok(new Date(event?.recordedAt ?? 0) >= dueAt);
});

for (const count of [2, 4]) {
  test(`${count} handles that run the same timers fire each once, in order, and one of them does the work`, async (context) => {
    const path = join(await temporaryFolder(context), 'store.db');
    const clock = settableClock(start);
    const stores = await Promise.all(Array.from({ length: count }, () => openAt(context, path, { now: clock.now })));
    const [store = assert.fail()] = stores;
    const ids = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0'));
    await Promise.all(ids.map(async (id) => await setTimer(store, { group, id, dueAt: start })));
    const running = stores.map((each) => runTimers(each, noting));
    await eventually('all are fired', async () => (await firedIn(store)).length >= ids.length);
    await eventually('one waits, the others stand by', () => {
      const kinds = running.map(({ state }) => state.kind).toSorted();
      return kinds.at(-1) === 'waiting' && kinds.slice(0, -1).every((kind) => kind === 'standby');
    });
    assert.deepEqual(
      (await firedIn(store)).map(({ id }) => id),
      ids,
    );
    // The one that does the work stops: another one goes on.
    await running.find(({ state }) => state.kind === 'waiting')?.stop();
    await setTimer(store, { group, id: 'afterwards', dueAt: start });
    await eventually('another one goes on', async () => (await pendingIn(store)).length === 0);
    assert.equal((await firedIn(store)).length, ids.length + 1);
    await Promise.all(running.map(async (each) => await each.stop()));
  });
}

test('a holder that has gone is replaced when its lease has run out', async (context) => {
  const clock = settableClock(start);
  const store = await openNew(context, inMemory, { now: clock.now });
  await store.context.engine.keyedWrite([
    { key: 'timers/noting', value: JSON.stringify({ holder: 'gone', expiresAt: clock.now() + 5_000_000 }) },
  ]);
  await setTimer(store, { group, id: 'a', dueAt: start });
  await using running = runTimers(store, noting);
  await eventually('standby', () => running.state.kind === 'standby');
  assert.deepEqual(await firedIn(store), []);
  clock.advanceMs(5000);
  await eventually('fired', async () => (await firedIn(store)).length === 1);
});

test('it stops by its signal, between two timers, and waits for fire only so long', async (context) => {
  const clock = settableClock(start);
  const store = await openNew(context, inMemory, { now: clock.now });
  for (const id of ['a', 'b']) await setTimer(store, { group, id, dueAt: start });
  const begun: string[] = [];
  const { promise: never } = Promise.withResolvers<undefined>();
  const timers = noted({ fire: ({ id }) => (begun.push(id), never) });
  const stopping = new AbortController();
  const running = runTimers(store, timers, { signal: stopping.signal });
  await eventually('it fires', () => begun.length === 1);
  stopping.abort();
  await running.stop({ timeoutMs: 1 });
  await running.ended;
  assert.deepEqual(begun, ['a']);
  assert.equal((await timerOf(store, { group, id: 'a' }))?.attempts, 0);
  const none = runTimers(store, timers, { signal: AbortSignal.abort() });
  await none.ended;
  assert.deepEqual(begun, ['a']);
});

test('the end of the store ends it', async () => {
  const running: TimerRunner[] = [];
  {
    await using store = await openStore('memory:');
    running.push(runTimers(store, noting));
    await pauseMs(10);
  }
  await running[0]?.ended;
  assert.equal(running[0]?.state.kind, 'stopped');
});
