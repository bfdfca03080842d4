/** Process managers at work on a store: steps, timers, commands, rejections, versions. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { commandType, defineCommands, runCommands } from '../../src/commands/index.ts';
import { listLetters, pauseConsumer, resumeConsumer, retryAllLetters } from '../../src/consumers/index.ts';
import { blame, causationOf, timeline } from '../../src/history/index.ts';
import {
  advanceProcess,
  become,
  defineProcess,
  endProcess,
  issue,
  listProcesses,
  processFold,
  processInfo,
  processStatus,
  runProcess,
  setTimer,
  simulateProcess,
  type Process,
} from '../../src/processes/index.ts';
import type { Store } from '../../src/store/store.ts';
import { settableClock } from '../../src/testing/index.ts';
import { allStoreKinds, inMemory, openNew, storeKinds } from '../open-stores.ts';
import { day, invoiceCommands, minute } from './billing.ts';
import { allOf, stepsIn } from './stepping.ts';

const sent = { type: 'InvoiceSent', data: { cents: 100 } } as const;
const paid = { type: 'InvoicePaid', data: { cents: 100 } } as const;

const unpaid = defineProcess({
  name: 'unpaid',
  startAt: 'beginning',
  commands: [invoiceCommands],
  on: {
    InvoiceSent: () => setTimer('overdue', { afterMs: 14 * day }),
    InvoicePaid: () => endProcess(),
  },
  timers: { overdue: ({ key }) => issue(invoiceCommands, { type: 'Remind', streamId: key, data: { text: 'Pay.' } }) },
});

/** Decides what is submitted so far. */
async function decideAll(store: Store): Promise<void> {
  const consumer = await runCommands(store, invoiceCommands);
  await consumer.waitFor(await store.head());
  await consumer.stop();
}

for (const kind of allStoreKinds)
  test(`${kind.name}: what is not paid in time is reminded of, once, and what is paid is not`, async (t) => {
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(t, kind, { now: clock.now });
    await store.append('invoice-1', [sent]);
    await store.append('invoice-2', [sent]);
    await advanceProcess(store, unpaid);
    clock.advanceMs(10 * day);
    await store.append('invoice-2', [paid]);
    await advanceProcess(store, unpaid);
    clock.advanceMs(4 * day - 1);
    await advanceProcess(store, unpaid);
    assert.deepEqual((await stepsIn(store, 'unpaid', 'invoice-1')).length, 1);
    clock.advanceMs(1);
    await advanceProcess(store, unpaid);
    await advanceProcess(store, unpaid);
    const [first, second, ...rest] = await stepsIn(store, 'unpaid', 'invoice-1');
    assert.deepEqual(rest, []);
    assert.equal(second?.occurredAt, '2026-03-15T00:00:00.000000Z');
    assert.equal(second?.metadata.causationId, first?.id);
    assert.equal(first?.metadata.causationId, (await store.readStream('invoice-1').toArray())[0]?.id);
    await decideAll(store);
    const reminders = (await store.readStream('invoice-1').toArray()).filter(({ type }) => type === 'InvoiceReminded');
    assert.equal(reminders.length, 1);
    assert.equal(reminders[0]?.metadata.causationId, `${second?.id}.1`);
    assert.deepEqual(
      (await allOf(listProcesses(store, unpaid, { which: 'all' }))).map(({ key, isEnded, timers }) => [
        key,
        isEnded,
        timers,
      ]),
      [
        ['invoice-1', false, {}],
        ['invoice-2', true, {}],
      ],
    );
  });

test('a payment that came in time counts, however late the process manager is', async (t) => {
  const clock = settableClock('2026-03-01T00:00:00Z');
  const store = await openNew(t, inMemory, { now: clock.now });
  await store.append('invoice-1', [sent]);
  await store.append('invoice-2', [sent]);
  await advanceProcess(store, unpaid);
  clock.advanceMs(13 * day);
  await store.append('invoice-1', [paid]);
  clock.advanceMs(100 * day);
  await store.append('invoice-2', [paid]);
  await advanceProcess(store, unpaid);
  assert.deepEqual(
    (await stepsIn(store, 'unpaid', 'invoice-1')).map(({ data }) => data.on.kind),
    ['event', 'event'],
  );
  assert.deepEqual(
    (await stepsIn(store, 'unpaid', 'invoice-2')).map(({ data }) => data.on.kind),
    ['event', 'timer', 'event'],
  );
});

for (const kind of storeKinds)
  test(`${kind.name}: steps are those of the simulation, and a silent log comes to its timers by itself`, async (t) => {
    const store = await openNew(t, kind);
    const pinging = defineProcess({
      name: 'pinging',
      startAt: 'beginning',
      initialState: 0,
      on: { Started: () => setTimer('ping', { afterMs: 20 }) },
      timers: {
        ping: ({ state }) => (state === 4 ? endProcess() : [become(state + 1), setTimer('ping', { afterMs: 5 })]),
      },
    });
    await using consumer = await runProcess(store, pinging);
    await store.append('game-1', [{ type: 'Started', data: null }]);
    await store.append('game-2', [{ type: 'Started', data: null }]);
    for (let live = 2; live > 0; live = (await allOf(listProcesses(store, pinging))).length)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const simulated = await allOf(simulateProcess(pinging, store.readLog(), { until: new Date(Date.now() + day) }));
    for (const key of ['game-1', 'game-2'])
      assert.deepEqual(
        (await stepsIn(store, 'pinging', key)).map(({ id, data }) => [id, data.on, data.state]),
        simulated.filter((step) => step.key === key).map(({ id, on, state }) => [id, on, state]),
      );
    assert.equal(consumer.state.kind, 'live');
  });

suite('rejections', () => {
  const insisting = (): Process<{ refusals: readonly string[] }> =>
    defineProcess({
      name: 'insisting',
      startAt: 'beginning',
      commands: [invoiceCommands],
      initialState: { refusals: [] as readonly string[] },
      on: {
        InvoiceSent: ({ streamId }) =>
          ['1', '2', '3', '4'].map((text) => issue(invoiceCommands, { type: 'Remind', streamId, data: { text } })),
        OtherSent: () => issue(invoiceCommands, { type: 'Remind', streamId: 'nothing-1', data: { text: '' } }),
      },
      rejected: {
        Remind: ({ kind, error }, { state }) => [
          become({ refusals: [...state.refusals, `${kind}: ${error?.message}`] }),
          endProcess(),
        ],
      },
    });

  for (const kind of storeKinds)
    test(`${kind.name}: a process manager hears of what was rejected by the decider`, async (t) => {
      const store = await openNew(t, kind);
      await store.append('invoice-1', [sent]);
      await advanceProcess(store, insisting());
      await decideAll(store);
      await advanceProcess(store, insisting());
      const info = await processInfo(store, insisting(), 'invoice-1');
      assert.deepEqual(info?.state, { refusals: ['rejected: Nobody is reminded more than three times.'] });
      assert.equal(info?.isEnded, true);
      assert.equal(info?.lastStep.on.kind, 'rejection');
      const simulated = await allOf(simulateProcess(insisting(), store.readLog({ includeReserved: true })));
      assert.deepEqual(
        (await stepsIn(store, 'insisting', 'invoice-1')).map(({ id, data }) => [id, data.on]),
        simulated.map(({ id, on }) => [id, on]),
      );
    });

  test('and of what was refused when it was submitted', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [{ type: 'InvoiceSent', data: null }]);
    const careful = defineCommands({
      decider: invoiceCommands.decider,
      name: 'careful',
      types: { Remind: commandType<{ readonly text: string }>() },
      check: () => 'Not today.',
    });
    const process = defineProcess({
      name: 'refused',
      startAt: 'beginning',
      commands: [careful],
      initialState: '',
      on: { InvoiceSent: ({ streamId }) => issue(careful, { type: 'Remind', streamId, data: { text: 'Pay.' } }) },
      rejected: { Remind: ({ kind, error }) => become(`${kind} ${error?.code}`) },
    });
    await advanceProcess(store, process);
    assert.equal((await processInfo(store, process, 'invoice-1'))?.state, 'rejected COMMAND_REFUSED');
  });
});

suite('failures', () => {
  test('a handler that fails is tried again, then its instance waits with all that comes behind, its timers too', async (t) => {
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(t, inMemory, { now: clock.now });
    let isBroken = true;
    const brittle = defineProcess({
      name: 'brittle',
      startAt: 'beginning',
      retry: { attemptsMax: 2, firstDelayMs: 1 },
      on: {
        InvoiceSent: () => setTimer('overdue', { afterMs: minute }),
        InvoicePaid: () => {
          if (isBroken) throw new Error('not yet');
          return endProcess();
        },
      },
      timers: { overdue: () => undefined },
    });
    await store.append('invoice-1', [sent, paid]);
    await store.append('invoice-2', [sent]);
    await advanceProcess(store, brittle);
    clock.advanceMs(minute);
    await store.append('invoice-1', [sent]);
    await advanceProcess(store, brittle);
    assert.deepEqual(
      (await allOf(listLetters(store, 'brittle'))).map(({ streamId, type, state, attempts }) => [
        streamId,
        type,
        state,
        attempts,
      ]),
      [
        ['invoice-1', 'InvoicePaid', 'failed', 2],
        ['invoice-1', 'InvoiceSent', 'waiting', 0],
      ],
    );
    assert.equal((await stepsIn(store, 'brittle', 'invoice-1')).length, 1);
    assert.equal((await stepsIn(store, 'brittle', 'invoice-2')).length, 2);
    isBroken = false;
    await retryAllLetters(store, 'brittle');
    await advanceProcess(store, brittle);
    assert.deepEqual(await allOf(listLetters(store, 'brittle')), []);
    assert.deepEqual(
      (await stepsIn(store, 'brittle', 'invoice-1')).map(({ data }) => [data.on.kind, data.ended]),
      [
        ['event', undefined],
        ['event', true],
      ],
    );
  });

  test('a timer that fails is tried again until it succeeds, and says so', async (t) => {
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(t, inMemory, { now: clock.now });
    let isBroken = true;
    const brittle = defineProcess({
      name: 'brittle',
      startAt: 'beginning',
      on: { InvoiceSent: () => setTimer('overdue', { afterMs: minute }) },
      timers: {
        overdue: () => {
          if (isBroken) throw new Error('not yet');
          return endProcess();
        },
      },
    });
    await store.append('invoice-1', [sent]);
    await advanceProcess(store, brittle);
    clock.advanceMs(minute);
    await advanceProcess(store, brittle);
    const info = await processInfo(store, brittle, 'invoice-1');
    assert.equal(info?.failing.overdue?.error.message, 'not yet');
    assert.equal(info?.isEnded, false);
    isBroken = false;
    clock.advanceMs(minute);
    await advanceProcess(store, brittle);
    const after = await processInfo(store, 'brittle', 'invoice-1');
    assert.equal(after?.isEnded, true);
    assert.deepEqual(after?.failing, {});
    assert.equal((await processStatus(store, brittle)).nextTimerAt, undefined);
  });

  test('where the key cannot be told the event becomes a letter', async (t) => {
    const store = await openNew(t, inMemory);
    const process = defineProcess({
      name: 'keyless',
      startAt: 'beginning',
      retry: { attemptsMax: 1 },
      key: ({ data, streamId }) => (data === null ? '' : streamId === 'invoice-3' ? undefined : streamId),
      on: { InvoiceSent: () => endProcess() },
    });
    await store.append('invoice-1', [{ type: 'InvoiceSent', data: null }]);
    await store.append('invoice-2', [sent]);
    await store.append('invoice-3', [sent]);
    await advanceProcess(store, process);
    assert.deepEqual(
      (await allOf(listLetters(store, 'keyless'))).map(({ streamId, error }) => [streamId, error?.code]),
      [['invoice-1', 'INVALID_TEXT']],
    );
    assert.deepEqual(
      (await allOf(listProcesses(store, process, { which: 'ended' }))).map(({ key }) => key),
      ['invoice-2'],
    );
  });
});

suite('versions', () => {
  const counting = (version: number, slices = 1): Process<unknown> =>
    defineProcess({
      name: 'counting',
      version,
      slices,
      startAt: 'beginning',
      initialState: version === 1 ? 0 : { count: 0 },
      on: {
        InvoiceSent: (_event, { state }) => become(version === 1 ? Number(state) + 1 : { count: countOf(state) + 10 }),
      },
      migrate: (state, from) => ({ count: from === 1 ? Number(state) : -1 }),
    });

  test('a new version goes on where the last one was, on a state that it has made its own', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [sent, sent]);
    await advanceProcess(store, counting(1));
    await store.append('invoice-1', [sent]);
    await advanceProcess(store, counting(2));
    assert.deepEqual(
      (await stepsIn(store, 'counting', 'invoice-1')).map(({ data }) => [data.version, data.state]),
      [
        [1, 1],
        [1, 2],
        [2, { count: 12 }],
      ],
    );
    await assert.rejects(runProcess(store, counting(1)), { code: 'PROCESS_OUTDATED' });
    await assert.rejects(runProcess(store, defineProcess({ ...options, slices: 2 })), { code: 'CONSUMER_MISMATCH' });
    const back = await runProcess(store, counting(1), { onOutdated: 'run' });
    await back.stop();
  });

  test('an old version that runs stops when a newer one begins', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [sent]);
    const old = await runProcess(store, counting(1, 2));
    await old.waitFor(await store.head());
    await using next = await runProcess(store, counting(2, 2));
    await old.ended;
    assert.equal(next.name, 'counting');
  });

  const options = { name: 'counting', startAt: 'beginning', on: { InvoiceSent: () => undefined } } as const;
});

function countOf(state: unknown): number {
  return typeof state === 'object' && state !== null && 'count' in state ? Number(state.count) : Number.NaN;
}

test('timeline, blame and causation work on an instance as on any entity', async (t) => {
  const clock = settableClock('2026-03-01T00:00:00Z');
  const store = await openNew(t, inMemory, { now: clock.now });
  const [event] = [{ ...sent, id: 'sent-1', metadata: { correlationId: 'order-7' } }];
  await store.append('invoice-1', [event]);
  await advanceProcess(store, unpaid);
  clock.advanceMs(14 * day);
  await advanceProcess(store, unpaid);
  await decideAll(store);
  const entries = await timeline(store, processFold(unpaid), 'unpaid-invoice-1').toArray();
  assert.deepEqual(
    entries.map(({ changes }) => changes.map(({ kind, path }) => [kind, path])),
    [[['added', '/timers/overdue']], [['removed', '/timers/overdue']]],
  );
  assert.ok(await blame(store, processFold(unpaid), 'unpaid-invoice-1'));
  const reminded = (await store.readStream('invoice-1').toArray()).at(-1);
  assert.equal(reminded?.type, 'InvoiceReminded');
  assert.equal(reminded?.metadata.correlationId, 'order-7');
  assert.deepEqual((await store.load(processFold(unpaid), 'unpaid-invoice-1')).state, {
    state: undefined,
    timers: {},
    isEnded: false,
  });
  assert.ok(reminded);
  const tree = await causationOf(store, reminded);
  assert.ok(tree);
});

test('a process manager stands paused where it is told to, and advancing it says so', async (t) => {
  const store = await openNew(t, inMemory);
  await advanceProcess(store, unpaid);
  await pauseConsumer(store, 'unpaid', { reason: 'lunch' });
  await assert.rejects(advanceProcess(store, unpaid), { code: 'CONSUMER_FAILED', message: /lunch/ });
  await resumeConsumer(store, 'unpaid');
  await advanceProcess(store, unpaid);
});
