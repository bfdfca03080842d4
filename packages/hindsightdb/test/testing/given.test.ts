/** The test kit passes what is right, fails what is wrong, and says why. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defineDecider, type Decider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { rawJson } from '../../src/core/raw-json.ts';
import { given } from '../../src/testing/index.ts';
import {
  account,
  deposit,
  Overdrawn,
  withdraw,
  type Account,
  type AccountCommand,
  type AccountEvent,
} from '../commands/accounts.ts';
import { callLoosely } from '../misuse.ts';
import { assertFails } from './assert-fails.ts';

const deposited = (amount: number): AccountEvent => ({ type: 'Deposited', data: { amount } });
const withdrawn = (amount: number): AccountEvent => ({ type: 'Withdrawn', data: { amount } });

/** The rules of an account with something changed about them. */
function accountWith(
  change: Partial<Decider<Account, AccountCommand, AccountEvent>>,
): Decider<Account, AccountCommand, AccountEvent> {
  return defineDecider({ ...account, ...change });
}

suite('a test passes', () => {
  test('when exactly the expected events are decided', () => {
    given(account, [])
      .when(deposit(5))
      .then([deposited(5)]);
    given(account, [deposited(5)])
      .when(withdraw(5))
      .then(withdrawn(5));
    given(account, [deposited(5), withdrawn(2)])
      .when({ do: 'deposit', amount: 1, times: 2 })
      .then([deposited(1), deposited(1)]);
    assert.ok(true);
  });

  test('when there is nothing to do', () => {
    given(account, [deposited(5)])
      .when({ do: 'look' })
      .thenNothing();
    given(account, []).when({ do: 'look' }).then([]);
  });

  test('when the command is refused with an error that matches', () => {
    const refused = given(account, [deposited(5)]).when(withdraw(6));
    refused.thenThrows();
    refused.thenThrows(Overdrawn);
    refused.thenThrows(Error);
    refused.thenThrows(/6 of 5/);
    refused.thenThrows({ message: '6 of 5' });
    refused.thenThrows({ message: /^6/, name: 'Error' });
    refused.thenThrows((error) => error instanceof Overdrawn && error.message.length === 6);
  });

  test('beside others on the same events', () => {
    const one = given(account, [deposited(5)]);
    one.when(withdraw(5)).then([withdrawn(5)]);
    one.when(withdraw(4)).then([withdrawn(4)]);
  });
});

suite('a test fails', () => {
  test('when other events are decided, and shows what is different', () => {
    const failure = assertFails(
      () =>
        given(account, [deposited(5)])
          .when(withdraw(2))
          .then([withdrawn(3)]),
      /^Other events were decided\.\n/,
      /\n {2} +"type": "Withdrawn",\n/,
      /\n- +"amount": 3\n\+ +"amount": 2\n/,
    );
    assert.deepEqual(failure.expected, [{ type: 'Withdrawn', data: { amount: 3 } }]);
    assert.deepEqual(failure.actual, [{ type: 'Withdrawn', data: { amount: 2 } }]);
  });

  test('when there are more, fewer or none', () => {
    const twice: AccountCommand = { do: 'deposit', amount: 1, times: 2 };
    assertFails(
      () =>
        given(account, [])
          .when(twice)
          .then([deposited(1)]),
      /\n\+ /,
    );
    assertFails(
      () =>
        given(account, [])
          .when(deposit(1))
          .then([deposited(1), deposited(1)]),
      /\n- /,
    );
    assertFails(
      () =>
        given(account, [])
          .when({ do: 'look' })
          .then([deposited(1)]),
      /\n- /,
    );
    assertFails(() => given(account, []).when(deposit(1)).then([]), /\n\+ /);
    assertFails(() => given(account, []).when(deposit(1)).thenNothing(), /\n\+ /);
  });

  test('when tags, metadata, id, time or content type are not as stated', () => {
    for (const change of [
      { tags: ['t'] },
      { metadata: { actor: 'ada' } },
      { id: 'e1' },
      { occurredAt: '2026-01-01' },
      { contentType: 'x' },
    ]) {
      const event = { ...deposited(1), ...change };
      const stating = accountWith({ decide: () => event });
      given(stating, []).when(deposit(1)).then(event);
      assertFails(() => given(stating, []).when(deposit(1)).then(deposited(1)));
      assertFails(() => given(account, []).when(deposit(1)).then(event));
    }
  });

  test('when the command is refused and events were expected, with the refusal as the cause', () => {
    const refused = given(account, []).when(withdraw(1));
    const failure = assertFails(() => refused.then([withdrawn(1)]), /refused with 1 of 0/, /"amount": 1/);
    assert.ok(failure.cause instanceof Overdrawn);
    assertFails(() => refused.thenNothing(), /refused with 1 of 0/);
  });

  test('when the command is not refused and was expected to be', () => {
    const decided = given(account, []).when(deposit(1));
    assertFails(() => decided.thenThrows(), /expected to be refused/, /"amount": 1/);
    assertFails(() => given(account, []).when({ do: 'look' }).thenThrows(Overdrawn), /\[\]/);
  });

  test('when it is refused with another error', () => {
    const refused = given(account, []).when(withdraw(1));
    assertFails(() => refused.thenThrows(RangeError), /Error is no RangeError: 1 of 0/);
    assertFails(() => refused.thenThrows(/poor/), /"1 of 0" does not match \/poor\//);
    assertFails(() => refused.thenThrows({ message: 'poor' }), /- +"message": "poor"\n\+ +"message": "1 of 0"/);
    assertFails(() => refused.thenThrows({ code: 'POOR' }), /"code"/);
    assertFails(() => refused.thenThrows(() => false), /1 of 0/);
  });

  test('when what is no promise is awaited', async () => {
    const decided: unknown = given(account, []).when(deposit(1));
    await assert.rejects(async () => await decided, /is no promise/);
  });
});

suite('a decider is found out', () => {
  test('when evolve changes the state that it was given', () => {
    const notes: string[] = [];
    const pushing = accountWith({
      initialState: { balance: 0, notes },
      evolve: (state, { data }) => {
        notes.push(`${data.amount}`);
        return { ...state, balance: state.balance + data.amount };
      },
    });
    const says = [/evolve failed on Deposited, the event of version 1/, /returns a new state/];
    assertFails(() => given(pushing, [deposited(1)]), ...says);
    assert.deepEqual(notes, []);
    const assigning = accountWith({
      evolve: (state, { data }) => Object.assign(state, { balance: state.balance + data.amount }),
    });
    assertFails(() => given(assigning, [deposited(1)]), ...says);
    assertFails(() => given(assigning, []).when(deposit(1)), ...says);
  });

  test('when evolve changes the event', () => {
    const changing = accountWith({
      evolve: (state, event) => {
        Object.assign(event.data, { amount: 0 });
        return state;
      },
    });
    assertFails(() => given(changing, [deposited(1)]), /nor the event/);
  });

  test('when decide changes the state or the command', () => {
    for (const isCommand of [true, false]) {
      const changing = accountWith({
        decide: (command, state) => {
          Object.assign(isCommand ? command : state, { balance: 7, amount: 7 });
          return [];
        },
      });
      const says = /decide may change neither the command nor the state/;
      assertFails(() => given(changing, []).when(deposit(1)), says);
    }
  });

  test('when evolve fails, with its error', () => {
    const cause = new Error('no such product');
    const failing = accountWith({
      evolve: () => {
        throw cause;
      },
    });
    assert.equal(assertFails(() => given(failing, [deposited(1)]), /no such product/).cause, cause);
  });

  test('when the state does not survive a snapshot: it holds a Map, a Set or a Date', () => {
    type Put = Event<'Put', { readonly name: string }>;
    const events: readonly Put[] = ['a', 'b'].map((name) => ({ type: 'Put', data: { name } }));
    const keeping = <State>(initialState: State, evolve: (state: State, event: Recorded<Put>) => State) =>
      defineDecider({ initialState, evolve, decide: (): Put[] => [] });
    const map = keeping(new Map<string, number>(), (state, { data }) => new Map([...state, [data.name, 1]]));
    const set = keeping(new Set<string>(), (state, { data }) => new Set([...state, data.name]));
    const date = keeping({ at: new Date(0) }, ({ at }) => ({ at: new Date(at.getTime() + 1) }));
    const counted = keeping({ size: 0, names: new Set<string>() }, ({ names }, { data }) => {
      const next = new Set([...names, data.name]);
      return { size: next.size, names: next };
    });
    for (const run of [
      () => given(map, events),
      () => given(set, events),
      () => given(date, events),
      () => given(counted, events),
    ])
      assertFails(run, /snapshot|evolve failed on Put/);
  });

  test('when it decides otherwise on a state that comes from a snapshot', () => {
    const infinite = defineDecider({
      initialState: { limit: 5 },
      evolve: () => ({ limit: Infinity }),
      decide: (amount: number, { limit }): Event<'Raised', number> | Event<'Refused', number> => ({
        type: amount < limit ? 'Raised' : 'Refused',
        data: amount,
      }),
    });
    given(infinite, []).when(9).then({ type: 'Refused', data: 9 });
    const raised = given(infinite, [{ type: 'Raised', data: 1 }]);
    assertFails(() => raised.when(9), /comes from a snapshot/, /\n- +"type": "Raised"/, /\n\+ +"type": "Refused"/);
  });

  test('when its state has no JSON form', () => {
    const big = defineDecider({
      initialState: 0n,
      evolve: (state) => state + 1n,
      decide: (): Event<'Added', null>[] => [],
    });
    assertFails(() => given(big, [{ type: 'Added', data: null }]), /BigInt/);
  });

  test('when chance or time enter a decision or a fold', () => {
    let calls = 0;
    const counting = accountWith({ decide: () => deposited((calls += 1)) });
    assertFails(() => given(counting, []).when(deposit(1)), /in two ways/, /\n- +"amount": 1\n\+ +"amount": 2/);
    const drifting = accountWith({ evolve: (state) => ({ ...state, balance: (calls += 1) }) });
    assertFails(() => given(drifting, [deposited(1)]), /another state for the same events/);
  });

  test('when it decides on something that is no event, or on what no store could keep', () => {
    for (const [answer, says] of [
      [undefined, /decide gave undefined/],
      ['Deposited', /decide gave "Deposited"/],
      [[null], /decide gave null/],
      [Promise.resolve([]), /decide gave a promise/],
      [{ type: 'Deposited', data: { amount: 1n } }, /BigInt/],
    ] as const) {
      // What plain JavaScript can answer.
      const decide: unknown = () => answer;
      const strange = { ...account, decide } as typeof account;
      assertFails(() => given(strange, []).when(deposit(1)), says);
    }
  });

  test('when it is none', () => {
    const strange = { ...account, decide: 1 };
    assert.throws(() => callLoosely(given, strange, []), { code: 'INVALID_ARGUMENT', message: /^decide/ });
    assert.throws(() => callLoosely(given, account, { type: 'Deposited' }), /array of events/);
  });
});

suite('events of a test', () => {
  type Noted = Event<'Noted'>;
  const seeing = () => {
    const seen: Recorded<Noted>[] = [];
    const decider = defineDecider({
      category: 'note',
      initialState: 0,
      decide: (): Noted[] => [],
      evolve: (state: number, event: Recorded<Noted>) => {
        seen.push(event);
        return state + 1;
      },
    });
    return { decider, seen };
  };

  test('reach the fold as a read would give them', () => {
    const { decider, seen } = seeing();
    const at = new Date('2026-03-01T09:30:00Z');
    given(decider, [
      { type: 'Noted', data: { at, left: undefined }, tags: ['b', 'a', 'b'], occurredAt: at },
      { type: 'Noted', data: rawJson('[1.10]'), id: 'own', metadata: { actor: 'ada' }, occurredAt: '2026-03-01' },
      { type: 'Noted', data: Uint8Array.of(1) },
    ]);
    const [first, second, third] = seen;
    assert.deepEqual(first, {
      id: 'event-1',
      type: 'Noted',
      data: { at: '2026-03-01T09:30:00.000Z' },
      metadata: {},
      tags: ['b', 'a'],
      occurredAt: '2026-03-01T09:30:00.000000Z',
      streamId: 'note-1',
      version: 1,
      partition: 0,
      position: 1,
      recordedAt: '2026-01-01T00:00:00.000000Z',
    });
    assert.deepEqual([second?.id, second?.data, second?.metadata], ['own', [1.1], { actor: 'ada' }]);
    assert.deepEqual([second?.occurredAt, second?.recordedAt], ['2026-03-01', '2026-01-01T00:00:01.000000Z']);
    assert.deepEqual([third?.data, third?.version], [Uint8Array.of(1), 3]);
  });

  test('are copies: what the test was written with stays as it is', () => {
    const data = { list: [1] };
    given(seeing().decider, [{ type: 'Noted', data }]);
    data.list.push(2);
    assert.deepEqual(data, { list: [1, 2] });
  });

  test('are compared as they will be stored: a Date is its text, and what is undefined is not there', () => {
    const at = new Date('2026-03-01T09:30:00Z');
    const stamping = defineDecider({
      initialState: null,
      evolve: (state: null) => state,
      decide: (): Noted => ({ type: 'Noted', data: { at, b: 1, a: undefined }, tags: ['x', 'y'] }),
    });
    given(stamping, [])
      .when({})
      .then({ type: 'Noted', data: { b: 1, at: at.toISOString() }, tags: ['y', 'x'] });
  });
});

test('a difference between large values is shown in bounded time', () => {
  const many = Array.from({ length: 300 }, (_, index) => deposited(index));
  const deciding = accountWith({ decide: () => many });
  assertFails(() => given(deciding, []).when(deposit(1)).then(many.slice(1)), /Other events/);
});
