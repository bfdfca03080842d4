/**
 * What a decider decides, asked with suspicion and compared with what a test expects.
 */

import { decisionOf, type Decider } from '../core/decider.ts';
import type { Event } from '../core/event.ts';
import { describe } from '../core/text.ts';
import { differing, fromSnapshot, isMutation, messageOf } from './careful-fold.ts';
import { deepFreeze } from './deep-freeze.ts';
import { linesOf } from './difference.ts';
import { complaintAbout, type ErrorMatcher } from './error-matcher.ts';
import { isSame, statedBy } from './test-events.ts';
import { TestFailure } from './test-failure.ts';

/** What was decided, waiting to be compared. */
export interface Decided<Events extends Event> {
  /** Asserts that exactly these events were decided. Every member that an event states counts; ids, metadata and tags too. */
  then(events: Events | readonly Events[]): void;
  /** Asserts that there was nothing to do. */
  thenNothing(): void;
  /** Asserts that the command was refused, with an error that matches. */
  thenThrows(matcher?: ErrorMatcher): void;
}

/** What came of a command. */
export type Outcome<Events> =
  | { readonly kind: 'decided'; readonly events: readonly Events[] }
  | { readonly kind: 'refused'; readonly error: unknown };

/** Decides a command on the last of these states, twice, and once on that state as a snapshot gives it back. */
export function decideCarefully<State, Command, Events extends Event>(
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
  const events = eventsOf(answer);
  for (const event of events) assertEvent(event);
  return { kind: 'decided', events };
}

function eventsOf<Events extends Event>(answer: Events | readonly Events[]): readonly Events[] {
  try {
    return decisionOf(answer);
  } catch (cause) {
    throw new TestFailure(messageOf(cause), { cause });
  }
}

function assertEvent(event: Event): void {
  const given: unknown = event;
  if (typeof given !== 'object' || given === null || !('type' in given))
    throw new TestFailure(`decide gave ${describe(given)}, where events like { type, data } are due.`);
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

/** An outcome that waits to be compared. */
export class Answer<Events extends Event> implements Decided<Events> {
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
