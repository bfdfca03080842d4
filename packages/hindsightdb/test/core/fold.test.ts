/** Folds, deciders and when a folded state is worth keeping. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { decisionOf, defineDecider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import { foldEvents, initialStateOf, type Fold } from '../../src/core/fold.ts';
import { wantsSnapshot } from '../../src/core/snapshot-policy.ts';
import { assertArgumentError, callLoosely } from '../misuse.ts';
import { recorded } from './recorded-events.ts';

type Added = Event<'Added', { readonly amount: number }>;

const sum: Fold<number, Added> = {
  initialState: 0,
  evolve: (state: number, event: Recorded<Added>) => state + event.data.amount,
};
function added(amount: number): Recorded<Added> {
  return { ...recorded(), type: 'Added', data: { amount } };
}

suite('a fold', () => {
  test('begins with its initial state, which may be made anew for each', () => {
    assert.equal(initialStateOf(sum), 0);
    const fresh = { initialState: () => ({ counts: {} }), evolve: <State>(state: State) => state };
    assert.deepEqual(initialStateOf(fresh), { counts: {} });
    assert.notEqual(initialStateOf(fresh), initialStateOf(fresh));
  });

  test('can be cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(20), (amounts, cut) => {
        const events = amounts.map(added);
        const whole = foldEvents(sum, 0, events);
        assert.equal(foldEvents(sum, foldEvents(sum, 0, events.slice(0, cut)), events.slice(cut)), whole);
        assert.equal(
          whole,
          amounts.reduce((left, right) => left + right, 0),
        );
      }),
    );
  });
});

suite('a decider', () => {
  const decider = { initialState: 0, decide: (): Added[] => [], evolve: sum.evolve };

  test('is given back as it was defined', () => {
    assert.equal(defineDecider(decider), decider);
  });

  test('decides on one event, several or none', () => {
    const one: Added = { type: 'Added', data: { amount: 1 } };
    assert.deepEqual(decisionOf<Added>(one), [one]);
    assert.deepEqual(decisionOf<Added>([one, one]), [one, one]);
    assert.deepEqual(decisionOf<Added>([]), []);
  });

  for (const [what, change, named] of [
    ['is no object', undefined, /^A decider must be an object/],
    ['has no decide', { decide: undefined }, /^decide of the decider must be a function/],
    ['has an evolve that is no function', { evolve: {} }, /^evolve of the decider must be a function/],
    ['has a category with a dash', { category: 'a-b' }, /^category of the decider/],
    ['has an empty category', { category: '' }, /^category of the decider/],
    ['has a version that is an object', { version: {} }, /^version of the decider/],
    ['snapshots every 0 events', { snapshots: { every: 0 } }, /^snapshots\.every/],
    ['snapshots every 1.5 events', { snapshots: { every: 1.5 } }, /^snapshots\.every/],
    ['snapshots on a text', { snapshots: { on: 'Added' } }, /^snapshots\.on/],
    ['snapshots when nothing is asked', { snapshots: { when: true } }, /^snapshots\.when/],
    ['has a snapshot policy of another kind', { snapshots: { always: true } }, /^snapshots of the decider/],
    ['has a snapshot policy that is a number', { snapshots: 100 }, /^snapshots of the decider/],
  ] as const) {
    test(`is refused when it ${what}`, () => {
      assert.throws(
        () => callLoosely(defineDecider, change && { ...decider, ...change }),
        (error) => assertArgumentError(error, named, 'INVALID_ARGUMENT'),
      );
    });
  }
});

test('a decider without an initial state is refused, and undefined is one', () => {
  const parts = { decide: (): Added[] => [], evolve: (state: number | undefined) => state };
  assert.throws(
    () => callLoosely(defineDecider, parts),
    (error) => assertArgumentError(error, /^initialState of the decider/, 'INVALID_ARGUMENT'),
  );
  defineDecider({ ...parts, initialState: undefined });
});

suite('a snapshot is asked for', () => {
  const since = { snapshotVersion: 10, version: 12, state: 5, events: [added(1), added(2)] };

  test('never without a policy, and never twice at one version', () => {
    assert.equal(wantsSnapshot(undefined, since), false);
    for (const policy of [{ every: 1 }, { on: ['Added'] as const }, { when: () => true }])
      assert.equal(wantsSnapshot<number, Added>(policy, { ...since, version: 10 }), false);
  });

  test('every n events since the last one', () => {
    assert.deepEqual(
      [1, 2, 3].map((every) => wantsSnapshot({ every }, since)),
      [true, true, false],
    );
  });

  test('after events of given types', () => {
    assert.equal(wantsSnapshot<number, Added>({ on: ['Added'] }, since), true);
    assert.equal(wantsSnapshot<number, Added>({ on: ['Added'] }, { ...since, events: [] }), false);
    assert.equal(wantsSnapshot<number, Added>({ on: [] }, since), false);
  });

  test('when a function of the state and the last event says so', () => {
    const seen: unknown[] = [];
    const when = (state: number, event: Recorded<Added>): boolean => {
      seen.push(state, event.data.amount);
      return true;
    };
    assert.equal(wantsSnapshot<number, Added>({ when }, since), true);
    assert.equal(wantsSnapshot<number, Added>({ when }, { ...since, events: [] }), false);
    assert.deepEqual(seen, [5, 2]);
  });
});
