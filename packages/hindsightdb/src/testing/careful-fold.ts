/**
 * Folding with suspicion: states and events are frozen, every fold is done twice, and once more from a snapshot at every
 * version. What is different then would be different in production on some day.
 */

import type { Event, Recorded } from '../core/event.ts';
import { initialStateOf, type Fold } from '../core/fold.ts';
import { whileReplaying } from '../core/replay.ts';
import type { CompareOptions } from '../history/changes.ts';
import { deepFreeze } from './deep-freeze.ts';
import { differenceOf } from './difference.ts';
import { isSame, throughJson } from './test-events.ts';
import { TestFailure } from './test-failure.ts';

/** Folds events, and throws a {@link TestFailure} where the fold cannot be relied on. Gives the state at every version, the initial one first. */
export function carefulFold<State, Events extends Event>(
  fold: Fold<State, Events>,
  events: readonly Recorded<Events>[],
): readonly State[] {
  const states = statesOf(fold, deepFreeze(initialStateOf(fold)), events);
  const snapshots = states.map((state, version) => (version === 0 ? state : fromSnapshot(state, version)));
  const last = states.at(-1);
  const again = statesOf(fold, deepFreeze(initialStateOf(fold)), events).at(-1);
  if (!isSame(last, again))
    throw differing('evolve gave another state for the same events; time and chance come with events.', last, again);
  snapshots.forEach((snapshot, version) => {
    if (version === 0) return;
    const cut = statesOf(fold, snapshot, events.slice(version)).at(-1);
    if (!isSame(last, cut))
      throw differing(
        `From a snapshot at version ${version} the fold gives another state: the state must survive JSON, without Map, Set, Date and the like.`,
        last,
        cut,
      );
  });
  return states;
}

/** A state as a snapshot gives it back. */
export function fromSnapshot<State>(state: State, version: number): State {
  // No snapshot is kept of a state that is undefined: there may be nothing yet.
  if (state === undefined) return state;
  try {
    // What comes back is what a load would fold on: a state, by the rule that states survive JSON.
    return deepFreeze(throughJson(`The state at version ${version}`, state) as State);
  } catch (cause) {
    throw new TestFailure(messageOf(cause), { cause });
  }
}

function statesOf<State, Events extends Event>(
  { evolve }: Fold<State, Events>,
  first: State,
  events: readonly Recorded<Events>[],
): readonly State[] {
  const states = [first];
  let state = first;
  for (const event of events) {
    state = deepFreeze(evolved(evolve, state, event));
    states.push(state);
  }
  return states;
}

function evolved<State, Events extends Event>(
  evolve: Fold<State, Events>['evolve'],
  state: State,
  event: Recorded<Events>,
): State {
  try {
    return whileReplaying(() => evolve(state, event));
  } catch (cause) {
    const { type, version }: { readonly type: string; readonly version: number } = event;
    throw new TestFailure(
      `evolve failed on ${type}, the event of version ${version}: ${messageOf(cause)}${isMutation(cause) ? '\nevolve returns a new state; it may change neither the one that it was given nor the event.' : ''}`,
      { cause },
    );
  }
}

/** Whether an error is what changing something frozen throws. */
export function isMutation(error: unknown): boolean {
  return (
    error instanceof TypeError && /read[- ]?only|not extensible|cannot (?:add|delete) property/i.test(error.message)
  );
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A failure that shows two values. */
export function differing(
  message: string,
  expected: unknown,
  actual: unknown,
  options: CompareOptions = {},
): TestFailure {
  return new TestFailure(`${message}\n\n${differenceOf(expected, actual, options)}`, { expected, actual });
}
