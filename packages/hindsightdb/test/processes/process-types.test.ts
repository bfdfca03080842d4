/** What the compiler sees of process managers: a timer that is not declared, another state or another command does not compile. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recorded } from '../../src/index.ts';
import {
  become,
  cancelTimer,
  defineProcess,
  endProcess,
  issue,
  processesOf,
  processFold,
  setTimer,
  type Process,
} from '../../src/processes/index.ts';
import type { Equal, Expect } from '../types/expect.ts';
import { invoiceCommands, type BillingEvent, type InvoiceSent } from './billing.ts';

const options = { name: 'typed', startAt: 'now' } as const;

test('types come from the annotations, the initial state and the names of the timers', () => {
  const process = defineProcess({
    ...options,
    commands: [invoiceCommands],
    initialState: { cents: 0, mood: 'calm' as 'calm' | 'cross' },
    on: {
      InvoiceSent: ({ data }: Recorded<InvoiceSent>, { state, timers }) => {
        type _State = Expect<Equal<typeof state, { cents: number; mood: 'calm' | 'cross' }>>;
        type _Timers = Expect<Equal<typeof timers, Readonly<Partial<Record<'overdue' | 'late', string>>>>>;
        return [become({ ...state, cents: data.cents }), setTimer('overdue', { afterMs: 1 })];
      },
      InvoicePaid: async () => endProcess(),
      InvoiceLost: () => undefined,
      InvoiceFound: ({ recordedAt }, { key }) =>
        key === '' ? cancelTimer('late') : setTimer('late', { at: recordedAt }),
    },
    timers: {
      overdue: ({ key, state }) => {
        type _State = Expect<Equal<typeof state, { cents: number; mood: 'calm' | 'cross' }>>;
        return issue(invoiceCommands, { type: 'Remind', streamId: key, data: { text: `${state.cents}` } });
      },
      late: () => become({ cents: 1, mood: 'cross' }),
    },
    rejected: { Remind: ({ commandId }, { state }) => (commandId === '' ? become(state) : endProcess()) },
    migrate: (state, version) => ({ cents: version === 1 ? Number(state) : 0, mood: 'calm' as const }),
  });
  type _ = Expect<Equal<typeof process, Process<{ cents: number; mood: 'calm' | 'cross' }>>>;
  assert.equal(processFold(process).category, 'typed');
  assert.deepEqual([...process.timers.keys()], ['overdue', 'late']);
});

test('without a state there is none', () => {
  const process = defineProcess({
    ...options,
    on: { Some: (_event, { state }) => (state === undefined ? [] : endProcess()) },
  });
  type _ = Expect<Equal<typeof process, Process<undefined>>>;
  assert.equal(process.initialState(), undefined);
});

test('handlers of a union need no annotation', () => {
  const process = processesOf<BillingEvent>()({
    ...options,
    key: ({ type, streamId, data }) => (type === 'InvoiceReminded' ? String(data.count) : streamId),
    initialState: { sum: 0 },
    on: {
      InvoiceSent: ({ data }, { state }) => {
        type _ = Expect<Equal<typeof data.cents, number>>;
        return become({ sum: state.sum + data.cents });
      },
    },
  });
  assert.equal(process.on.size, 1);
});

test('what is not declared does not compile', () => {
  const refused = defineProcess({
    ...options,
    commands: [invoiceCommands],
    initialState: { cents: 0 },
    on: {
      // @ts-expect-error There is no such timer.
      Misspelt: () => setTimer('overdew', { afterMs: 1 }),
      // @ts-expect-error Nor can it be cancelled.
      Cancelled: () => cancelTimer('overdew'),
      // @ts-expect-error This is another event.
      InvoicePaid: ({ data }: Recorded<InvoiceSent>) => become({ cents: data.cents }),
      // @ts-expect-error The state is of cents.
      Other: () => become({ euros: 1 }),
      // @ts-expect-error An action is made by a function.
      Text: () => 'remind',
      // @ts-expect-error A timer is due after some time, or at one.
      Timing: () => setTimer('overdue', {}),
      // @ts-expect-error There is no such command.
      Command: () => issue(invoiceCommands, { type: 'Remnid', streamId: 'invoice-1', data: { text: '' } }),
      // @ts-expect-error It takes a text.
      Data: () => issue(invoiceCommands, { type: 'Remind', streamId: 'invoice-1', data: { text: 1 } }),
    },
    timers: {
      overdue: () => endProcess(),
      // @ts-expect-error There is no such timer here either.
      other: () => setTimer('overdew', { afterMs: 1 }),
    },
  });
  assert.equal(refused.on.size, 8);
});

test('a process manager that is not as it should be is refused with a sentence', () => {
  const on = { Some: () => undefined };
  const wrong: readonly unknown[] = [
    undefined,
    { ...options },
    { ...options, on: {} },
    { ...options, on: { Some: 1 } },
    { ...options, on: { $some: () => undefined } },
    { ...options, name: 'with-dash', on },
    { ...options, name: '', on },
    { ...options, startAt: 'yesterday', on },
    { ...options, version: 0, on },
    { ...options, key: 'streamId', on },
    { ...options, timers: { '': () => undefined }, on },
    { ...options, commands: invoiceCommands, on },
    { ...options, commands: [{}], on },
    { ...options, commands: [invoiceCommands, invoiceCommands], on },
    { ...options, query: [{ types: ['Other'] }], on },
    { ...options, concurrencyMax: 0, on },
    { ...options, retry: { attemptsMax: 0 }, on },
    { ...options, initialState: Symbol('none'), on },
  ];
  for (const definition of wrong)
    // As JavaScript without types would call it.
    assert.throws(() => defineProcess(definition as Parameters<typeof defineProcess>[0]), {
      name: /TypeError|RangeError/,
    });
});
