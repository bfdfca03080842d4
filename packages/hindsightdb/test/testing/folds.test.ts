/** The test kit tries folds, at their end and as of a moment, and the states that deciders lead to. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Event, Recorded } from '../../src/core/event.ts';
import type { Fold } from '../../src/core/fold.ts';
import type { SnapshottedFold } from '../../src/store/load-state.ts';
import { given } from '../../src/testing/index.ts';
import { account, deposit } from '../commands/accounts.ts';
import { callLoosely } from '../misuse.ts';
import { assertFails } from './assert-fails.ts';

type Arrived = Event<'Arrived', { readonly port: string }>;

interface Voyage {
  readonly port: string | null;
  readonly calls: readonly string[];
}

const voyage: SnapshottedFold<Voyage, Arrived> = {
  category: 'ship',
  initialState: { port: null, calls: [] },
  evolve: ({ calls }, { data }: Recorded<Arrived>) => ({ port: data.port, calls: [...calls, data.port] }),
};

const arrived = (port: string, occurredAt?: string): Arrived => ({
  type: 'Arrived',
  data: { port },
  ...(occurredAt !== undefined && { occurredAt }),
});

suite('the state that events lead to', () => {
  test('is compared as JSON', () => {
    given(voyage, []).thenState({ port: null, calls: [] });
    given(voyage, [arrived('Oslo'), arrived('Kiel')]).thenState({ port: 'Kiel', calls: ['Oslo', 'Kiel'] });
    assertFails(
      () => given(voyage, [arrived('Oslo')]).thenState({ port: 'Kiel', calls: ['Oslo'] }),
      /^The events lead to another state\.\n\n\/port: expected "Kiel", got "Oslo"\n/,
    );
  });

  test('is that of a fold without a declared type', () => {
    const counting = {
      initialState: 0,
      evolve: (state: number, { data }: Recorded<Arrived>) => state + data.port.length,
    };
    given(counting, [arrived('Oslo'), arrived('Kiel')]).thenState(8);
    const counted: Fold<number, Arrived> = counting;
    given(counted, [arrived('Oslo')]).thenState(4);
  });

  test('is that of a decider too, beside what it decides', () => {
    const one = given(account, [{ type: 'Deposited', data: { amount: 5 } }]);
    one.thenState({ balance: 5, notes: [] });
    one.when(deposit(1)).then({ type: 'Deposited', data: { amount: 1 } });
    assertFails(() => one.thenState({ balance: 6, notes: [] }), /\/balance: expected 6, got 5/);
  });

  test('is held to what folds promise: the state survives a snapshot, and nothing is changed in place', () => {
    const pushing: SnapshottedFold<Voyage, Arrived> = {
      ...voyage,
      evolve: (state, { data }) => {
        // What plain JavaScript would let through.
        (state.calls as string[]).push(data.port);
        return state;
      },
    };
    assertFails(() => given(pushing, [arrived('Oslo')]), /returns a new state/);
  });

  test('is asked of folds alone, with a list of events', () => {
    assert.throws(() => callLoosely(given, {}, []), { code: 'INVALID_ARGUMENT', message: /^initialState of the fold/ });
    assert.throws(() => callLoosely(given, voyage, arrived('Oslo')), /array of events/);
  });
});

suite('as of a moment, a test sees', () => {
  const late = given(voyage, [
    arrived('Oslo', '2026-03-01T10:00:00Z'),
    arrived('Riga', '2026-03-05T10:00:00Z'),
    arrived('Kiel', '2026-03-03T10:00:00Z'),
  ]);

  test('so many of the events', () => {
    late.asOf({ version: 0 }).thenState({ port: null, calls: [] });
    late.asOf({ version: 2 }).thenState({ port: 'Riga', calls: ['Oslo', 'Riga'] });
    late.asOf({ version: 9 }).thenState({ port: 'Kiel', calls: ['Oslo', 'Riga', 'Kiel'] });
  });

  test('what had occurred, in the order of versions or of occurrence', () => {
    late.asOf({ occurredAt: '2026-03-03T10:00:00Z' }).thenState({ port: 'Kiel', calls: ['Oslo', 'Kiel'] });
    late.asOf({ occurredAt: new Date('2026-03-09') }).thenState({ port: 'Kiel', calls: ['Oslo', 'Riga', 'Kiel'] });
    late
      .asOf({ occurredAt: '2026-03-09', order: 'occurredAt' })
      .thenState({ port: 'Riga', calls: ['Oslo', 'Kiel', 'Riga'] });
  });

  test('what was known of it', () => {
    late.asOf({ occurredAt: '2026-03-04', known: { version: 2 } }).thenState({ port: 'Oslo', calls: ['Oslo'] });
  });

  test('events without a time of their own where they were recorded', () => {
    given(voyage, [arrived('Oslo'), arrived('Kiel')])
      .asOf({ occurredAt: '2026-01-01T00:00:00.999999Z' })
      .thenState({ port: 'Oslo', calls: ['Oslo'] });
  });

  test('nothing of a moment that is none', () => {
    for (const [moment, says] of [
      [{ version: -1 }, /moment\.version/],
      [{ occurredAt: 'yesterday' }, /moment\.occurredAt/],
      [{ occurredAt: '2026-03-01', order: 'time' }, /order/],
      [{ occurredAt: '2026-03-01', known: { version: 0.5 } }, /known\.version/],
      [7, /moment/],
    ] as const)
      assert.throws(() => callLoosely((given: unknown) => late.asOf(given as never), moment), says);
  });
});
