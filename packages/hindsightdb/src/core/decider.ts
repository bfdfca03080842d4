/**
 * Deciders: the rules of one kind of entity as plain functions. `decide` turns a command and the present state into events,
 * `evolve` turns a state and an event into the next state. Both are pure: time and chance come with the command.
 */

import type { Event } from './event.ts';
import type { Fold } from './fold.ts';
import type { SnapshotPolicy } from './snapshot-policy.ts';

/** The rules of one kind of entity. Made by {@link defineDecider}, which infers the types. */
export interface Decider<State, Command, Events extends Event> extends Fold<State, Events> {
  /** The category that its streams belong to; checked against the stream id where given. */
  readonly category?: string;
  /**
   * The events that follow from a command: one, several or none. Throw to refuse the command: the error reaches the caller
   * unchanged and nothing is written.
   */
  readonly decide: (command: Command, state: State) => Events | readonly Events[];
  /** Raise it when `evolve` or the state's shape changes, so that snapshots of the earlier fold are not used. Default 1. */
  readonly version?: number | string;
  /** When to keep a snapshot. Default: never. The state must survive a JSON round trip. */
  readonly snapshots?: SnapshotPolicy<State, Events>;
}

/**
 * Declares a decider; state, command and event types are inferred from the functions' annotations.
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
  return decider;
}

/** The events of a decision as a list. */
export function decisionOf<Events extends Event>(decided: Events | readonly Events[]): readonly Events[] {
  return isList(decided) ? decided : [decided];
}

function isList<Events>(decided: Events | readonly Events[]): decided is readonly Events[] {
  return Array.isArray(decided);
}
