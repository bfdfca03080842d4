/**
 * Tests of deciders in three words: given what happened, when a command comes, then this is decided.
 */

import { assertDecider, decisionOf, type Decider } from '../core/decider.ts';
import type { Event } from '../core/event.ts';
import { describe } from '../core/text.ts';
import { carefulFold, differing, fromSnapshot, isMutation, messageOf } from './careful-fold.ts';
import { deepFreeze } from './deep-freeze.ts';
import { linesOf } from './difference.ts';
import { isSame, recordedEvents, statedBy } from './test-events.ts';
import { TestFailure } from './test-failure.ts';

/** How an error is recognised: by its class, by its message, by some of its members, or by a function. */
export type ErrorMatcher =
  | (abstract new (...values: never[]) => Error)
  | RegExp
  | Readonly<Record<string, unknown>>
  | ((error: unknown) => boolean);

/** What happened. */
export interface Given<Command, Events extends Event> {
  /** Decides a command on the state that the events led to. */
  when(command: Command): Decided<Events>;
}

/** What was decided, waiting to be compared. */
export interface Decided<Events extends Event> {
  /** Asserts that exactly these events were decided. Every member that an event states counts; ids, metadata and tags too. */
  then(events: Events | readonly Events[]): void;
  /** Asserts that there was nothing to do. */
  thenNothing(): void;
  /** Asserts that the command was refused, with an error that matches. */
  thenThrows(matcher?: ErrorMatcher): void;
}

/**
 * Begins a test of a decider with the events that have happened to an entity.
 *
 * Beside what the test asserts, the kit sees to what deciders promise: `evolve` and `decide` change nothing that they are given
 * (everything is frozen), both answer the same when asked again, and the state survives being kept as a snapshot at any
 * version. Failures are {@link TestFailure}s that show the difference.
 *
 * ```ts
 * import { defineDecider, type Event, type Recorded } from 'hindsightdb';
 * import { given } from 'hindsightdb/testing';
 *
 * type Added = Event<'Added', { amount: number }>;
 *
 * const counter = defineDecider({
 *   initialState: { count: 0 },
 *   decide: (command: { add: number }): Added => ({ type: 'Added', data: { amount: command.add } }),
 *   evolve: (state, event: Recorded<Added>) => ({ count: state.count + event.data.amount }),
 * });
 *
 * given(counter, [{ type: 'Added', data: { amount: 1 } }])
 *   .when({ add: 2 })
 *   .then([{ type: 'Added', data: { amount: 2 } }]);
 * ```
 */
export function given<State, Command, Events extends Event>(
  decider: Decider<State, Command, Events>,
  events: readonly NoInfer<Events>[],
): Given<Command, Events> {
  assertDecider(decider);
  const given: unknown = events;
  if (!Array.isArray(given)) throw new TypeError(`given takes an array of events, not ${describe(given)}.`);
  const streamId = `${decider.category ?? 'test'}-1`;
  const recorded = recordedEvents(streamId, events, 0);
  const states = carefulFold(decider, recorded);
  return {
    when: (command) => {
      const outcome = decideCarefully(decider, states, command);
      // What was decided has to fold as well, on what was there before.
      if (outcome.kind === 'decided')
        carefulFold(decider, [...recorded, ...recordedEvents(streamId, outcome.events, recorded.length)]);
      return new Answer(outcome);
    },
  };
}

type Outcome<Events> =
  | { readonly kind: 'decided'; readonly events: readonly Events[] }
  | { readonly kind: 'refused'; readonly error: unknown };

function decideCarefully<State, Command, Events extends Event>(
  { decide }: Decider<State, Command, Events>,
  states: readonly State[],
  command: Command,
): Outcome<Events> {
  const version = states.length - 1;
  // There is an initial state at least.
  const state = states[version] as State;
  const ask = (asked: State): Outcome<Events> => decided(decide, deepFreeze(command), asked);
  const outcome = ask(state);
  const again = ask(state);
  if (!isSame(shown(outcome), shown(again)))
    throw differing(
      'decide answered the same command on the same state in two ways; time, ids and chance come with the command.',
      shown(outcome),
      shown(again),
    );
  const cut = version === 0 ? outcome : ask(fromSnapshot(state, version));
  if (!isSame(shown(outcome), shown(cut)))
    throw differing(
      'On a state that comes from a snapshot something else is decided: the state must survive JSON.',
      shown(outcome),
      shown(cut),
    );
  return outcome;
}

function decided<State, Command, Events extends Event>(
  decide: Decider<State, Command, Events>['decide'],
  command: Command,
  state: State,
): Outcome<Events> {
  let answer: Events | readonly Events[];
  try {
    answer = decide(command, state);
  } catch (error) {
    if (!isMutation(error)) return { kind: 'refused', error };
    throw new TestFailure(`decide may change neither the command nor the state that it is given: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const events = decisionOf(answer);
  for (const event of events) assertEvent(event);
  return { kind: 'decided', events };
}

function assertEvent(event: Event): void {
  const given: unknown = event;
  if (typeof given !== 'object' || given === null || !('type' in given)) {
    const what = given instanceof Promise ? 'a promise; a decision is made at once' : describe(given);
    throw new TestFailure(`decide gave ${what}, where events like { type, data } are due.`);
  }
  try {
    statedBy(event);
  } catch (cause) {
    throw new TestFailure(`decide gave an event that no store could keep: ${messageOf(cause)}`, { cause });
  }
}

/** An outcome as it is compared and shown: what the events state, or the error. */
function shown(outcome: Outcome<Event>): unknown {
  if (outcome.kind === 'decided') return outcome.events.map((event) => statedBy(event));
  const { error } = outcome;
  return error instanceof Error ? { threw: `${error.name}: ${error.message}` } : { threw: error };
}

class Answer<Events extends Event> implements Decided<Events> {
  readonly #outcome: Outcome<Events>;

  constructor(outcome: Outcome<Events>) {
    this.#outcome = outcome;
  }

  // The word that such tests end with. Whoever awaits an answer by mistake is told so, by the check below.
  // oxlint-disable-next-line unicorn/no-thenable
  then(events: Events | readonly Events[]): void {
    if (typeof events === 'function')
      throw new TestFailure('What when() answers is no promise; call then, thenNothing or thenThrows on it.');
    const expected = decisionOf(events).map((event) => statedBy(event));
    const actual = shown(this.#outcome);
    if (this.#outcome.kind === 'refused')
      throw new TestFailure(
        `The command was refused with ${messageOf(this.#outcome.error)}, where events were expected:\n\n${linesOf(expected).join('\n')}`,
        { expected, actual, cause: this.#outcome.error },
      );
    if (!isSame(expected, actual)) throw differing('Other events were decided.', expected, actual);
  }

  thenNothing(): void {
    if (this.#outcome.kind === 'refused' || this.#outcome.events.length > 0) this.then([]);
  }

  thenThrows(matcher?: ErrorMatcher): void {
    if (this.#outcome.kind === 'decided') {
      const actual = shown(this.#outcome);
      throw new TestFailure(
        `The command was expected to be refused; this was decided:\n\n${linesOf(actual).join('\n')}`,
        { actual },
      );
    }
    const { error } = this.#outcome;
    const complaint = matcher === undefined ? undefined : complaintAbout(error, matcher);
    if (complaint !== undefined)
      throw new TestFailure(`The command was refused with another error: ${complaint}`, {
        actual: error,
        cause: error,
      });
  }
}

/** What is wrong with an error, or undefined when it matches. */
function complaintAbout(error: unknown, matcher: ErrorMatcher): string | undefined {
  if (matcher instanceof RegExp)
    return matcher.test(messageOf(error))
      ? undefined
      : `${JSON.stringify(messageOf(error))} does not match ${String(matcher)}.`;
  if (typeof matcher !== 'function') return complaintAboutMembers(error, matcher);
  if (isErrorClass(matcher))
    return error instanceof matcher ? undefined : `${nameOf(error)} is no ${matcher.name}: ${messageOf(error)}`;
  return matcher(error) ? undefined : `${nameOf(error)}: ${messageOf(error)}`;
}

function complaintAboutMembers(error: unknown, members: Readonly<Record<string, unknown>>): string | undefined {
  const found = Object.keys(members).map((key): [string, unknown] => [key, Reflect.get(Object(error), key)]);
  const isMatch = found.every(([key, value]) => matchesMember(value, members[key]));
  return isMatch
    ? undefined
    : `${nameOf(error)}: ${messageOf(error)}\n\n${differing('', members, Object.fromEntries(found)).message.trim()}`;
}

function matchesMember(value: unknown, wanted: unknown): boolean {
  return wanted instanceof RegExp ? wanted.test(String(value)) : isSame(value, wanted);
}

function isErrorClass(matcher: ErrorMatcher): matcher is abstract new (...values: never[]) => Error {
  if (typeof matcher !== 'function') return false;
  const prototype: unknown = matcher.prototype;
  return matcher === Error || prototype instanceof Error;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : describe(error);
}
