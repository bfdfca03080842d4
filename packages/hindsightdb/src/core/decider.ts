/**
 * Deciders: the rules of one kind of entity as plain functions. `decide` turns a command and the present state into events,
 * `evolve` turns a state and an event into the next state. Both are pure: time and chance come with the command.
 */

import { argumentError } from './errors.ts';
import type { Event } from './event.ts';
import type { Fold } from './fold.ts';
import { assertSnapshotPolicy, type SnapshotPolicy } from './snapshot-policy.ts';
import { describe } from './text.ts';

/** The rules of one kind of entity. Made by {@link defineDecider}, which infers the types. */
export interface Decider<State, Command, Events extends Event> extends Fold<State, Events> {
  /** The category that its streams belong to; checked against the stream id where given. */
  readonly category?: string;
  /**
   * The events that follow from a command: one, several or none. Throw to refuse the command: the error reaches the caller
   * unchanged and nothing is written.
   */
  readonly decide: (command: Command, state: State) => Events | readonly Events[];
  /**
   * Names the fold for its snapshots: change it when what `evolve` computes or the state's shape changes, so that those of
   * the earlier fold are not used. Default: a digest of the source text of `evolve`, which does not see what that calls.
   */
  readonly version?: number | string;
  /** When to keep a snapshot. Default: never. The state must survive a JSON round trip. */
  readonly snapshots?: SnapshotPolicy<State, Events>;
}

/**
 * Declares a decider; state, command and event types are inferred from the functions' annotations. Throws a `TypeError`
 * where it is none.
 *
 * ```ts
 * import { defineDecider, type Event, type Recorded } from 'hindsightdb';
 *
 * type Added = Event<'Added', { amount: number }>;
 *
 * const counter = defineDecider({
 *   category: 'counter',
 *   initialState: { count: 0 },
 *   decide: (command: { add: number }): Added => ({ type: 'Added', data: { amount: command.add } }),
 *   evolve: (state, event: Recorded<Added>) => ({ count: state.count + event.data.amount }),
 * });
 * ```
 */
export function defineDecider<State, Command, Events extends Event>(
  decider: Decider<State, Command, Events>,
): Decider<State, Command, Events> {
  assertDecider(decider);
  return decider;
}

/** Checks what a user hands in as a decider. Throws a `TypeError` with `INVALID_ARGUMENT`. */
export function assertDecider(decider: unknown): void {
  assertFold('decider', decider);
  const decide: unknown = typeof decider === 'object' && decider !== null ? Reflect.get(decider, 'decide') : undefined;
  if (typeof decide !== 'function')
    throw argumentError('INVALID_ARGUMENT', `decide of the decider must be a function, not ${describe(decide)}.`);
}

/** Checks what a user hands in as something to fold with. Throws a `TypeError` with `INVALID_ARGUMENT`. */
export function assertFold(what: string, fold: unknown): void {
  if (typeof fold !== 'object' || fold === null)
    throw argumentError('INVALID_ARGUMENT', `A ${what} must be an object, not ${describe(fold)}.`);
  const member = (name: string): unknown => Reflect.get(fold, name);
  const refuse = (name: string, wanted: string): TypeError =>
    argumentError('INVALID_ARGUMENT', `${name} of the ${what} must be ${wanted}, not ${describe(member(name))}.`);
  if (!('initialState' in fold)) throw refuse('initialState', 'there');
  if (typeof member('evolve') !== 'function') throw refuse('evolve', 'a function');
  const [category, version] = [member('category'), member('version')];
  if (category !== undefined && (typeof category !== 'string' || category === '' || category.includes('-')))
    throw refuse('category', 'the part of a stream id before the first dash');
  if (version !== undefined && typeof version !== 'string' && typeof version !== 'number')
    throw refuse('version', 'a number or a text');
  assertSnapshotPolicy(member('snapshots'));
}

/** The events of a decision as a list. */
export function decisionOf<Events extends Event>(decided: Events | readonly Events[]): readonly Events[] {
  const given: unknown = decided;
  if (given instanceof Promise) {
    // It is of no use, and what it may fail with is not what has to be said.
    given.catch(() => undefined);
    throw argumentError(
      'INVALID_ARGUMENT',
      'decide gave a promise. A decider is a plain function: what it needs to know comes with the command and the state.',
    );
  }
  return isList(decided) ? decided : [decided];
}

function isList<Events>(decided: Events | readonly Events[]): decided is readonly Events[] {
  return Array.isArray(decided);
}
