/**
 * Folds: state computed from events.
 */

import type { Event, Recorded } from './event.ts';
import { whileReplaying } from './replay.ts';

/** How state follows from events. `evolve` returns a new state and never changes the one it is given. */
export interface Fold<State, Events extends Event> {
  /** The state before the first event. */
  readonly initialState: State | (() => State);
  readonly evolve: (state: State, event: Recorded<Events>) => State;
  /** Whether an entity in this state has come to its end: the history of a category shows it as ended. Default: none has. */
  readonly isTerminal?: (state: State) => boolean;
  /**
   * By which member the elements of an array are told apart, for diff and blame: `{ '/items': 'sku' }`. A segment that
   * is an asterisk stands for any. Default: by their index.
   */
  readonly elementKeys?: ElementKeys;
}

/** Members that tell the elements of arrays apart, by the JSON Pointer of the array. */
export type ElementKeys = Readonly<Record<string, string>>;

/** The state before the first event. */
export function initialStateOf<State, Events extends Event>(fold: Fold<State, Events>): State {
  const { initialState } = fold;
  // A state that is itself a function would be ambiguous; state must survive a JSON round trip, so it is none.
  return typeof initialState === 'function' ? (initialState as () => State)() : initialState;
}

/** Folds events onto a state. Effects that `evolve` reaches are refused: see `core/replay.ts`. */
export function foldEvents<State, Events extends Event>(
  fold: Fold<State, Events>,
  state: State,
  events: Iterable<Recorded<Events>>,
): State {
  return whileReplaying(() => {
    let next = state;
    for (const event of events) next = fold.evolve(next, event);
    return next;
  });
}
