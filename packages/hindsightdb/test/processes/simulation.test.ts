/** Simulating process managers: steps without a store. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '../../src/index.ts';
import {
  become,
  cancelTimer,
  defineProcess,
  endProcess,
  issue,
  processesOf,
  setTimer,
  simulateProcess,
  type Process,
  type SimulatedStep,
  type SimulateOptions,
} from '../../src/processes/index.ts';
import { day, invoiceCommands, minute, type BillingEvent } from './billing.ts';

const begin = Date.parse('2026-03-01T00:00:00Z');

/** The time so many milliseconds after the beginning. */
function time(afterMs: number): string {
  return new Date(begin + afterMs).toISOString().replace('Z', '000Z');
}

let lastPosition = 0;

function recorded(streamId: string, type: string, afterMs: number, data: unknown = null): RecordedEvent {
  lastPosition += 1;
  return {
    id: `e${lastPosition}`,
    type,
    data,
    metadata: {},
    tags: [],
    streamId,
    version: lastPosition,
    partition: 0,
    position: lastPosition,
    recordedAt: time(afterMs),
  };
}

async function simulated<State>(
  process: Process<State>,
  events: readonly RecordedEvent[],
  options?: SimulateOptions,
): Promise<readonly SimulatedStep<State>[]> {
  const steps: SimulatedStep<State>[] = [];
  for await (const step of simulateProcess(process, events, options)) steps.push(step);
  return steps;
}

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

test('a payment that comes in time leaves the timer unfired, and one that is missing fires it at its time', async () => {
  const events = [
    recorded('invoice-1', 'InvoiceSent', 0),
    recorded('invoice-2', 'InvoiceSent', minute),
    recorded('invoice-1', 'InvoicePaid', 14 * day - 1),
    recorded('invoice-2', 'InvoicePaid', 30 * day),
  ];
  const steps = await simulated(unpaid, events);
  assert.deepEqual(
    steps.map(({ key, at, on, commands, isEnded }) => [key, at, on.kind, commands.length, isEnded]),
    [
      ['invoice-1', time(0), 'event', 0, false],
      ['invoice-2', time(minute), 'event', 0, false],
      ['invoice-1', time(14 * day - 1), 'event', 0, true],
      ['invoice-2', time(14 * day + minute), 'timer', 1, false],
      ['invoice-2', time(30 * day), 'event', 0, true],
    ],
  );
  assert.deepEqual(steps[3]?.commands[0], {
    id: `${steps[3]?.id}.1`,
    commands: 'invoice-commands',
    type: 'Remind',
    streamId: 'invoice-2',
    data: { text: 'Pay.' },
  });
});

test('a timer that is due when an event is recorded goes before it, and until an end that is said all fire', async () => {
  const events = [recorded('invoice-3', 'InvoiceSent', 0), recorded('invoice-3', 'InvoicePaid', 14 * day)];
  assert.deepEqual(
    (await simulated(unpaid, events)).map(({ on }) => on.kind),
    ['event', 'timer', 'event'],
  );
  const [sent] = events;
  assert.ok(sent);
  assert.equal((await simulated(unpaid, [sent])).length, 1);
  assert.equal((await simulated(unpaid, [sent], { until: time(14 * day - 1) })).length, 1);
  assert.equal((await simulated(unpaid, [sent], { until: time(14 * day) })).length, 2);
  assert.equal((await simulated(unpaid, events, { until: time(day) })).length, 1);
});

const escalating = processesOf<BillingEvent>()({
  name: 'escalating',
  startAt: 'beginning',
  commands: [invoiceCommands],
  initialState: { reminders: 0, late: 'no' },
  on: {
    InvoiceSent: ({ recordedAt }) => [
      setTimer('first', { afterMs: 2 * minute }),
      setTimer('late', { at: recordedAt }),
      setTimer('never', { afterMs: minute }),
      cancelTimer('never'),
    ],
    InvoicePaid: ({ data }, { state }) =>
      data.cents < 100 ? undefined : [become({ ...state, late: 'paid' }), endProcess()],
  },
  timers: {
    first: ({ state, key }) => [
      become({ ...state, reminders: state.reminders + 1 }),
      issue(invoiceCommands, { type: 'Remind', streamId: key, data: { text: `${state.reminders}` } }),
      issue(invoiceCommands, { type: 'Remind', streamId: key, data: { text: 'again' }, dueAt: '2027-01-01T00:00:00Z' }),
      setTimer('first', { afterMs: minute }),
    ],
    late: ({ state, timers, at }) => become({ ...state, late: `${at} ${Object.keys(timers).join()}` }),
    never: () => assert.fail('cancelled'),
  },
});

test('timers set themselves anew from the time at which they were due, and those of an ended instance are gone', async () => {
  const events = [
    recorded('invoice-4', 'InvoiceSent', 0, { cents: 100 }),
    recorded('invoice-4', 'InvoicePaid', 150_000, { cents: 50 }),
    recorded('invoice-4', 'InvoicePaid', 190_000, { cents: 100 }),
    recorded('invoice-4', 'InvoicePaid', 200_000, { cents: 100 }),
  ];
  const steps = await simulated(escalating, events, { until: time(day) });
  assert.deepEqual(
    steps.map(({ on, at, state, timers }) => [on.kind === 'timer' ? on.timer : on.kind, at, state.reminders, timers]),
    [
      ['event', time(0), 0, { first: time(2 * minute), late: time(0) }],
      ['late', time(0), 0, { first: time(2 * minute) }],
      ['first', time(2 * minute), 1, { first: time(3 * minute) }],
      ['first', time(3 * minute), 2, { first: time(4 * minute) }],
      ['event', time(190_000), 2, {}],
    ],
  );
  assert.equal(steps[1]?.state.late, `${time(0)} first`);
  assert.deepEqual(
    steps[2]?.commands.map(({ id, dueAt }) => [id.slice(-2), dueAt]),
    [
      ['.1', undefined],
      ['.2', '2027-01-01T00:00:00.000000Z'],
    ],
  );
});

test('a simulation is repeatable to the id, and events out of their order are refused', async () => {
  const events = [recorded('invoice-5', 'InvoiceSent', 0), recorded('invoice-5', 'InvoicePaid', 40 * day)];
  assert.deepEqual(await simulated(unpaid, events), await simulated(unpaid, events));
  await assert.rejects(simulated(unpaid, events.toReversed()), { code: 'INVALID_ARGUMENT' });
});

test('an upcast event that became several is one input of each instance', async () => {
  const one = recorded('invoice-6', 'InvoiceSent', 0);
  const process = defineProcess({
    name: 'parts',
    startAt: 'beginning',
    initialState: [] as readonly string[],
    key: ({ data }) => String(data),
    on: {
      Part: ({ data }: RecordedEvent<'Part', string>, { state }) => become([...state, data]),
      InvoiceSent: () => undefined,
    },
  });
  const parts = ['a', 'b', 'a'].map((data) => ({ ...one, type: 'Part', data }));
  const steps = await simulated(process, parts);
  assert.deepEqual(
    steps.map(({ key, state }) => [key, state]),
    [
      ['a', ['a']],
      ['b', ['b']],
    ],
  );
});

test('what handlers may not do is refused with a sentence', async () => {
  const events = [recorded('invoice-7', 'InvoiceSent', 0)];
  const answering = (answer: unknown): Process =>
    defineProcess({
      name: 'odd',
      startAt: 'beginning',
      commands: [],
      // As JavaScript without types would.
      on: { InvoiceSent: () => answer as undefined },
      timers: { again: () => setTimer('again', { afterMs: 0 }) },
    });
  const refused: readonly (readonly [unknown, string])[] = [
    ['text', 'INVALID_ARGUMENT'],
    [[null], 'INVALID_ARGUMENT'],
    [setTimer('other', { afterMs: 1 }), 'INVALID_ARGUMENT'],
    [setTimer('again', { afterMs: Number.NaN }), 'INVALID_ARGUMENT'],
    [setTimer('again', { afterMs: 1e300 }), 'INVALID_ARGUMENT'],
    [setTimer('again', { at: 'tomorrow' }), 'INVALID_ARGUMENT'],
    [issue(invoiceCommands, { type: 'Remind', streamId: 'invoice-7', data: { text: '' } }), 'INVALID_ARGUMENT'],
    [become(() => 1), 'NOT_JSON'],
    [Array.from({ length: 1001 }, () => endProcess()), 'LIMIT_EXCEEDED'],
    [setTimer('again', { afterMs: 0 }), 'LIMIT_EXCEEDED'],
  ];
  for (const [answer, code] of refused) await assert.rejects(simulated(answering(answer), events), { code });
});
