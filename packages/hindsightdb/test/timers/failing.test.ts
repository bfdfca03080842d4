/** Timers whose firing fails: tried again, set aside, put back; and arguments that are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HindsightError, isHindsightError } from '../../src/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import {
  cancelTimer,
  defineTimers,
  fireDue,
  listTimers,
  retryTimer,
  runTimers,
  setTimer,
  timerOf,
  type FailedFiring,
  type Firing,
  type Timer,
} from '../../src/timers/index.ts';
import { alteredStore } from '../consumers/scenes.ts';
import { inMemory, openNew, storeKinds } from '../open-stores.ts';
import { firedIn, noted, noting, pendingIn } from './timer-scenes.ts';

const start = '2026-03-01T00:00:00.000000Z';
const group = 'noting';
const retry = { attemptsMax: 3, firstDelayMs: 1000, factor: 2, jitter: 0 };

for (const kind of storeKinds) {
  test(`a timer that fails is tried again after growing pauses and then set aside; others are not held up (${kind.name})`, async (context) => {
    const clock = settableClock(start);
    const store = await openNew(context, kind, { now: clock.now });
    let isBroken = true;
    const timers = noted({
      retry,
      fire: (timer) => {
        if (isBroken && timer.id.startsWith('bad')) throw new RangeError(`no ${timer.id}`);
        return noting.fire(timer as Timer<never>);
      },
    });
    for (let index = 0; index < 300; index += 1) await setTimer(store, { group, id: `bad ${index}`, dueAt: start });
    await setTimer(store, { group, id: 'good', dueAt: start });
    const failures: FailedFiring[] = [];
    const onFailure = (failure: FailedFiring): void => void failures.push(failure);
    assert.equal(await fireDue(store, timers, { onFailure }), 1);
    assert.equal((await firedIn(store)).length, 1);
    assert.equal(failures.length, 300);
    assert.deepEqual(failures[0]?.timer, {
      group,
      id: 'bad 0',
      dueAt: start,
      data: null,
      state: 'pending',
      attempts: 1,
      error: { name: 'RangeError', message: 'no bad 0' },
      retryAt: '2026-03-01T00:00:01.000000Z',
    });
    assert.ok(failures[0]?.error instanceof RangeError);
    for (const [advance, attempts] of [
      [999, 1],
      [1, 2],
      [1999, 2],
      [1, 3],
    ] as const) {
      clock.advanceMs(advance);
      assert.equal(await fireDue(store, timers), 0);
      assert.equal((await timerOf(store, { group, id: 'bad 7' }))?.attempts, attempts);
    }
    const { state, retryAt } = (await timerOf(store, { group, id: 'bad 7' })) ?? {};
    assert.deepEqual([state, retryAt], ['failed', undefined]);
    assert.equal((await pendingIn(store, { state: 'pending' })).length, 0);
    assert.equal((await pendingIn(store, { state: 'failed' })).length, 300);

    await setTimer(store, { group, id: 'between', dueAt: '2026-02-01' });
    await setTimer(store, { group, id: 'later', dueAt: '2026-09-01' });
    const all = await pendingIn(store);
    assert.deepEqual([all[0], all.length, all.at(-1)], ['between', 302, 'later'], 'both orders are merged by time');

    isBroken = false;
    assert.equal(await retryTimer(store, { group, id: 'bad 7' }), true);
    assert.equal(await retryTimer(store, { group, id: 'bad 7' }), false, 'it is pending by now');
    assert.equal(await retryTimer(store, { group, id: 'unknown' }), false);
    assert.equal((await setTimer(store, { group, id: 'bad 8', dueAt: start })).outcome, 'moved');
    assert.equal(await cancelTimer(store, { group, id: 'bad 9' }), true);
    assert.equal(await fireDue(store, timers), 3);
    const fired = (await firedIn(store)).map(({ id, dueAt }) => [id, dueAt]);
    assert.deepEqual(fired.slice(2), [
      ['bad 7', start],
      ['bad 8', start],
    ]);
    assert.equal((await pendingIn(store, { state: 'failed' })).length, 297);
  });
}

const refusedFirings: readonly (readonly [string, unknown, string])[] = [
  ['a number', 7, 'INVALID_ARGUMENT'],
  ['null', null, 'INVALID_ARGUMENT'],
  ['an object of nothing', {}, 'INVALID_ARGUMENT'],
  ['no events', { streamId: 'a-1', events: [] }, 'INVALID_ARGUMENT'],
  ['events that are none', { streamId: 'a-1', events: [null] }, 'INVALID_ARGUMENT'],
  ['events that are no array', { streamId: 'a-1', events: 'Due' }, 'INVALID_ARGUMENT'],
  ['a reserved stream', { streamId: '$a', events: [{ type: 'Due', data: 1 }] }, 'RESERVED_NAME'],
  ['data without a JSON form', { streamId: 'a-1', events: [{ type: 'Due', data: 1n }] }, 'NOT_JSON'],
  [
    'a version that is not there',
    { streamId: 'a-1', events: [{ type: 'Due', data: 1 }], expectedVersion: 4 },
    'VERSION_CONFLICT',
  ],
  [
    'metadata that are none',
    { streamId: 'a-1', events: [{ type: 'Due', data: 1, metadata: 'x' }] },
    'INVALID_ARGUMENT',
  ],
];

for (const [what, returned, code] of refusedFirings) {
  test(`an append that the store refuses is a failure of the timer: ${what}`, async (context) => {
    const clock = settableClock(start);
    const store = await openNew(context, inMemory, { now: clock.now });
    await setTimer(store, { group, id: 'a', dueAt: start });
    // What a program without types may return.
    const timers = noted({ fire: () => returned as Firing, retry: { attemptsMax: 1 } });
    assert.equal(await fireDue(store, timers), 0);
    const timer = await timerOf(store, { group, id: 'a' });
    assert.deepEqual([timer?.state, timer?.error?.code], ['failed', code]);
    assert.deepEqual(await store.readLog().toArray(), []);
  });
}

test('data that the codec cannot read fail alone', async (context) => {
  const codec = {
    encode: async (items: readonly { data: string; metadata: string }[]) => items,
    decode: async (items: readonly { data: string; metadata: string }[]) => {
      if (items.some(({ data }) => data === '"shredded"')) throw new Error('The key is gone.');
      return items;
    },
  };
  const clock = settableClock(start);
  const store = await openNew(context, inMemory, { codec, now: clock.now });
  await setTimer(store, { group, id: 'a', dueAt: start, data: 'shredded' });
  await setTimer(store, { group, id: 'b', dueAt: start, data: 'kept' });
  const failures: FailedFiring[] = [];
  const timers = noted({ retry: { attemptsMax: 1 } });
  assert.equal(await fireDue(store, timers, { onFailure: (failure) => failures.push(failure) }), 1);
  assert.deepEqual(
    failures.map(({ timer: { id, state, error } }) => [id, state, error?.message]),
    [['a', 'failed', 'The key is gone.']],
  );
  assert.equal(await retryTimer(store, { group, id: 'a' }), true);
  assert.equal(await fireDue(store, timers), 0);
  assert.equal((await setTimer(store, { group, id: 'a', dueAt: start, data: 'new' })).outcome, 'moved');
  await setTimer(store, { group, id: 'c', dueAt: start, data: 'shredded' });
  assert.equal(await cancelTimer(store, { group, id: 'c' }), true, 'nothing of it need be read');
  assert.equal(await fireDue(store, timers), 1);
});

test('the events of one firing are written once, also where they have ids and are there already', async (context) => {
  const clock = settableClock(start);
  const store = await openNew(context, inMemory, { now: clock.now });
  const timers = noted({
    fire: ({ id }) => ({ streamId: 'a-1', events: [{ type: 'Due', data: 1, id }], expectedVersion: 0 }),
  });
  await store.append('a-1', [{ type: 'Due', data: 1, id: 'a', occurredAt: start, metadata: { causationId: 'a' } }]);
  await setTimer(store, { group, id: 'a', dueAt: start });
  assert.equal(await fireDue(store, timers), 1);
  assert.deepEqual(await pendingIn(store), []);
  assert.equal((await store.readLog().toArray()).length, 1);
});

test('what is wrong with the store is no failure of a timer', async (context) => {
  const clock = settableClock(start);
  const store = await openNew(context, inMemory, { now: clock.now });
  await setTimer(store, { group, id: 'a', dueAt: start });
  let refusals = 3;
  const full = alteredStore(store, (engine) => ({
    append: async (batch, options) => {
      refusals -= 1;
      if (refusals >= 0) throw new HindsightError('DISK_FULL', 'There is no space left.');
      return await engine.append(batch, options);
    },
  }));
  await assert.rejects(fireDue(full, noting), (error) => isHindsightError(error, 'DISK_FULL'));
  assert.equal((await timerOf(store, { group, id: 'a' }))?.attempts, 0);
  const states: string[] = [];
  await using running = runTimers(full, noting, { onState: ({ kind }) => states.push(kind) });
  while ((await firedIn(store)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await running.stop();
  assert.deepEqual(await pendingIn(store), []);
  assert.ok(states.includes('retrying'));
  assert.equal(states.at(-1), 'stopped');
});

test('what fire says of another store is a failure of its timer, for good unless it passes', async (context) => {
  const clock = settableClock(start);
  const store = await openNew(context, inMemory, { now: clock.now });
  for (const code of ['CLOSED', 'STORE_BUSY']) await setTimer(store, { group, id: code, dueAt: start });
  await setTimer(store, { group, id: 'good', dueAt: start });
  const timers = noted({
    retry: { attemptsMax: 2, firstDelayMs: 0 },
    fire: (timer) => {
      const { id } = timer;
      if (id === 'CLOSED' || id === 'STORE_BUSY') throw new HindsightError(id, 'The other store is so.');
      return noting.fire(timer as Timer<never>);
    },
  });
  await using running = runTimers(store, timers);
  const attemptsOf = async (id: string): Promise<number> => (await timerOf(store, { group, id }))?.attempts ?? 0;
  while ((await attemptsOf('STORE_BUSY')) < 5) {
    clock.advanceMs(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.notEqual(running.state.kind, 'stopped');
  assert.equal((await firedIn(store)).length, 1);
  assert.deepEqual(await pendingIn(store, { state: 'failed' }), ['CLOSED']);
  assert.deepEqual(await pendingIn(store, { state: 'pending' }), ['STORE_BUSY']);
});

test('arguments that make no sense are refused with what would', async (context) => {
  const store = await openNew(context, inMemory);
  const refused = async (work: () => unknown, expected: RegExp): Promise<void> => {
    await assert.rejects(
      async () => await work(),
      (error: unknown) => (error instanceof TypeError || error instanceof RangeError) && expected.test(error.message),
    );
  };
  const dueAt = start;
  const good = { group, id: 'a', dueAt };
  await refused(() => setTimer({} as never, good), /store must be an open store/);
  await refused(() => setTimer(store, undefined as never), /A timer must be an object, not undefined/);
  await refused(() => setTimer(store, { ...good, group: 'a/b' }), /group of a timer must be of letters/);
  await refused(() => setTimer(store, { ...good, group: '' }), /group of a timer/);
  await refused(() => setTimer(store, { ...good, id: '' }), /id of a timer must not be empty/);
  await refused(() => setTimer(store, { ...good, id: 'x'.repeat(257) }), /takes 257 bytes; the limit is 256/);
  await refused(() => setTimer(store, { ...good, id: '\ud800' }), /lone surrogate/);
  await refused(() => setTimer(store, { ...good, dueAt: 'tomorrow' }), /dueAt must be a Date or ISO 8601/);
  await refused(() => setTimer(store, { ...good, dueAt: '2026-03-01T09:00' }), /dueAt must be a Date or ISO 8601/);
  await refused(() => setTimer(store, { ...good, dueAt: new Date(Number.NaN) }), /dueAt is an invalid Date/);
  await refused(() => setTimer(store, { ...good, dueAt: 1_700_000_000_000 as never }), /dueAt must be a Date/);
  await refused(
    () => setTimer(store, { ...good, dueAt: '9999-01-01' }),
    /between the years 1684 and 2255, not at 9999-01-01/,
  );
  await refused(() => setTimer(store, { ...good, data: () => 1 }), /data of a timer has no JSON form/);
  await refused(
    () => setTimer(store, { ...good, data: 'x'.repeat(17 * 1024 * 1024) }),
    /data of a timer take \d+ bytes/,
  );
  await refused(() => setTimer(store, { ...good, streamId: '' }), /streamId must not be empty/);
  await refused(() => cancelTimer(store, { group } as never), /id of a timer must be a string/);
  await refused(() => timerOf(store, 'a' as never), /A timer must be an object/);
  await refused(() => listTimers(store, {} as never), /group of a timer/);
  await refused(
    () => listTimers(store, { group, state: 'late' as never }),
    /state must be 'pending' or 'failed', not "late"/,
  );
  await refused(() => listTimers(store, { group, until: 'noon' }), /until must be a Date/);
  await refused(() => listTimers(store, { group, after: { id: 'a' } as never }), /time of after must be a Date/);
  await refused(() => defineTimers({ name: 'x' } as never), /fire must be a function/);
  await refused(() => defineTimers({ name: '$x', fire: () => undefined }), /group of a timer/);
  await refused(() => noted({ leaseMs: 1 }), /leaseMs must be a whole number/);
  await refused(() => noted({ retry: { attemptsMax: 0 } }), /retry.attemptsMax/);
  await refused(() => runTimers(store, { name: 'x', fire: () => undefined } as never), /which defineTimers makes/);
  await refused(() => runTimers(store, noting, { signal: 7 as never }), /signal must be an AbortSignal/);
  await refused(() => fireDue(store, noting, { onFailure: 7 as never }), /onFailure must be a function/);
  assert.deepEqual(await store.context.engine.keyedScan({ prefix: '', limit: 9 }), []);
});
