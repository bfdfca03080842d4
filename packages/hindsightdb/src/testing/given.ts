/**
 * Tests in three words: given what happened, when a command comes, then this is decided. Folds and upcasters are tried in the
 * same words.
 */

import { assertDecider, assertFold, type Decider } from '../core/decider.ts';
import type { Event, Recorded } from '../core/event.ts';
import type { Fold } from '../core/fold.ts';
import type { Upcaster } from '../core/upcast.ts';
import { describe } from '../core/text.ts';
import type { SnapshottedFold } from '../store/load-state.ts';
import { carefulFold, differing } from './careful-fold.ts';
import { Answer, decideCarefully, type Decided } from './decided.ts';
import { eventsAt, type TestMoment } from './moment.ts';
import { isSame, recordedEvents } from './test-events.ts';
import { Upcasted, type GivenStored } from './upcasted.ts';

/** What happened to an entity, as far as its state is concerned. */
export interface GivenState<State> {
  /** Asserts that the events lead to exactly this state, compared as JSON. */
  thenState(state: State): void;
  /** The same events as of a moment: what it does not include did not happen. */
  asOf(moment: TestMoment): GivenState<State>;
}

/** What happened to an entity about which something is decided. */
export interface Given<State, Command, Events extends Event> extends GivenState<State> {
  /** Decides a command on the state that the events led to. */
  when(command: Command): Decided<Events>;
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
 * const one = given(counter, [{ type: 'Added', data: { amount: 1 } }]);
 * one.when({ add: 2 }).then([{ type: 'Added', data: { amount: 2 } }]);
 * one.thenState({ count: 1 });
 * ```
 */
export function given<State, Command, Events extends Event>(
  decider: Decider<State, Command, Events>,
  events: readonly NoInfer<Events>[],
): Given<State, Command, Events>;
/**
 * Begins a test of a fold: which state follows from these events, at their end and as of a moment. The fold is tried as that
 * of a decider is.
 *
 * ```ts
 * import type { Event, Fold } from 'hindsightdb';
 * import { given } from 'hindsightdb/testing';
 *
 * type Arrived = Event<'Arrived', { port: string }>;
 *
 * const whereabouts: Fold<{ port: string | null }, Arrived> = {
 *   initialState: { port: null },
 *   evolve: (_, { data }) => ({ port: data.port }),
 * };
 *
 * const voyage = given(whereabouts, [
 *   { type: 'Arrived', data: { port: 'Oslo' }, occurredAt: '2026-03-02' },
 *   { type: 'Arrived', data: { port: 'Kiel' }, occurredAt: '2026-03-01' },
 * ]);
 * voyage.thenState({ port: 'Kiel' });
 * voyage.asOf({ occurredAt: '2026-03-03', order: 'occurredAt' }).thenState({ port: 'Oslo' });
 * ```
 */
export function given<State, const Events extends Event>(
  fold: SnapshottedFold<State, Events>,
  events: readonly Events[],
): GivenState<State>;
/**
 * Begins a test of upcasters with events as they were once stored.
 *
 * ```ts
 * import type { Upcaster } from 'hindsightdb';
 * import { given } from 'hindsightdb/testing';
 *
 * const inCents: Upcaster = {
 *   type: 'Paid',
 *   when: ({ data }) => typeof data === 'object' && data !== null && 'euros' in data,
 *   upcast: ({ data }) => ({ data: { cents: 100 * Number(Reflect.get(Object(data), 'euros')) } }),
 * };
 *
 * given([inCents], { type: 'Paid', data: { euros: 5 } }).then({ type: 'Paid', data: { cents: 500 } });
 * ```
 */
export function given(upcasters: readonly Upcaster[], stored: Event | readonly Event[]): GivenStored;
export function given(
  subject: SnapshottedFold<unknown, Event> | readonly Upcaster[],
  events: Event | readonly Event[],
): GivenState<unknown> | GivenStored {
  if (isList(subject)) return new Upcasted(subject, isList(events) ? events : [events]);
  assertFold('fold', subject);
  if (!isList(events)) throw new TypeError(`given takes an array of events, not ${describe(events)}.`);
  if (!('decide' in subject)) return new Past(subject, recordedEvents(streamIdOf(subject), events, 0));
  assertDecider(subject);
  // Checked the line before.
  return new Case(subject as Decider<unknown, unknown, Event>, events);
}

/** What happened, folded. */
class Past<State, Events extends Event> implements GivenState<State> {
  readonly #fold: Fold<State, Events>;
  readonly #events: readonly Recorded<Events>[];
  readonly #state: State | undefined;

  constructor(fold: Fold<State, Events>, events: readonly Recorded<Events>[]) {
    this.#fold = fold;
    this.#events = events;
    this.#state = carefulFold(fold, events).at(-1);
  }

  thenState(state: State): void {
    const { elementKeys } = this.#fold;
    if (!isSame(state, this.#state))
      throw differing('The events lead to another state.', state, this.#state, { elementKeys });
  }

  asOf(moment: TestMoment): GivenState<State> {
    return new Past(this.#fold, eventsAt(this.#events, moment));
  }
}

/** What happened to an entity, and a decider to decide about it. */
class Case<State, Command, Events extends Event> extends Past<State, Events> implements Given<State, Command, Events> {
  readonly #decider: Decider<State, Command, Events>;
  readonly #events: readonly Recorded<Events>[];

  constructor(decider: Decider<State, Command, Events>, events: readonly Events[]) {
    const recorded = recordedEvents(streamIdOf(decider), events, 0);
    super(decider, recorded);
    this.#decider = decider;
    this.#events = recorded;
  }

  when(command: Command): Decided<Events> {
    const outcome = decideCarefully(this.#decider, carefulFold(this.#decider, this.#events), command);
    // What was decided has to fold as well, on what was there before.
    if (outcome.kind === 'decided') {
      const decided = recordedEvents(streamIdOf(this.#decider), outcome.events, this.#events.length);
      carefulFold(this.#decider, [...this.#events, ...decided]);
    }
    return new Answer(outcome);
  }
}

function streamIdOf({ category = 'test' }: { readonly category?: string }): string {
  return `${category}-1`;
}

function isList<Element>(value: Element | readonly Element[] | object): value is readonly Element[] {
  return Array.isArray(value);
}
