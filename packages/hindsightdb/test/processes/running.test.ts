/** Process managers at work on a store: steps, timers, commands, rejections, versions. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { commandType, defineCommands, runCommands } from '../../src/commands/index.ts';
import { pauseConsumer, resumeConsumer } from '../../src/consumers/index.ts';
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
  runProcess,
  setTimer,
  simulateProcess,
  type Process,
} from '../../src/processes/index.ts';
import { MemoryEngine } from '../../src/engine/memory.ts';
import { storeOver } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { settableClock } from '../../src/testing/index.ts';
import { allStoreKinds, inFile, inMemory, openAt, openNew, storeKinds } from '../open-stores.ts';
import { day, invoiceCommands } from './billing.ts';
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

test('where the engine has a clock of its own that is behind, a timer waits for it without a rush', async () => {
  const [ahead, behind] = [settableClock('2026-03-01T01:00:00Z'), settableClock('2026-03-01T00:00:00Z')];
  const store = storeOver(new MemoryEngine({ now: behind.now, newId: () => crypto.randomUUID() }), { now: ahead.now });
  const brief = defineProcess({
    name: 'brief',
    startAt: 'beginning',
    initialState: 0,
    on: { InvoiceSent: () => setTimer('soon', { afterMs: 1000 }) },
    timers: { soon: ({ state }) => become(state + 1) },
  });
  await store.append('invoice-1', [sent]);
  await using _running = await runProcess(store, brief);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const times = await store.readLog({ includeReserved: true }).toArray();
  const passed = times.filter(({ type }) => type === '$timePassed').length;
  assert.ok(passed > 0 && passed < 10, `${passed} times were recorded`);
  assert.equal((await processInfo(store, brief, 'invoice-1'))?.state, 0);
  behind.advanceMs(1000);
  while ((await processInfo(store, brief, 'invoice-1'))?.state !== 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
});

test('an append that has read its clock before a timer was due goes before it, however late it is written', async (t) => {
  const [clock, slowClock] = [settableClock('2026-03-01T00:00:00Z'), settableClock('2026-03-01T00:00:00Z')];
  const address = await inFile.address(t);
  const store = await openAt(t, address, { now: clock.now });
  // The clock of a handle is read before its append waits for the lock of the file.
  const slow = await openAt(t, address, { now: slowClock.now });
  const patient = defineProcess({
    name: 'patient',
    startAt: 'beginning',
    initialState: [] as readonly string[],
    on: {
      InvoiceSent: () => [setTimer('first', { afterMs: 100 }), setTimer('second', { afterMs: 200 })],
      Passed: () => undefined,
      InvoicePaid: (_event, { state }) => become([...state, 'paid']),
    },
    timers: {
      first: async ({ state }) => {
        await slow.append('invoice-1', [paid]);
        return become([...state, 'first']);
      },
      second: ({ state }) => become([...state, 'second']),
    },
  });
  await store.append('invoice-1', [sent]);
  await advanceProcess(store, patient);
  slowClock.advanceMs(120);
  await slow.append('other-1', [{ type: 'Passed', data: null }]);
  slowClock.advanceMs(30);
  clock.advanceMs(300);
  await advanceProcess(store, patient);
  assert.deepEqual((await processInfo(store, patient, 'invoice-1'))?.state, ['first', 'paid', 'second']);
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
    while ((await allOf(listProcesses(store, pinging, { which: 'ended' }))).length < 2)
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

test('advancing ends with its signal, and says so where the store is closed under it', async (t) => {
  const store = await openNew(t, inMemory);
  const [stopping, reason] = [new AbortController(), new Error('enough')];
  const slow = defineProcess({
    name: 'slow',
    startAt: 'beginning',
    on: {
      InvoiceSent: () => {
        stopping.abort(reason);
        return undefined;
      },
      InvoicePaid: async () => {
        await store.close();
        return endProcess();
      },
    },
  });
  await store.append('invoice-1', [sent]);
  await assert.rejects(advanceProcess(store, slow, { signal: stopping.signal }), reason);
  await store.append('invoice-1', [paid]);
  await assert.rejects(advanceProcess(store, slow), { code: 'CONSUMER_FAILED' });
});
