/**
 * Bisect: the event after which something began to hold.
 */

import type { Event, Recorded } from '../core/event.ts';
import { initialStateOf } from '../core/fold.ts';
import { assertFunction } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { SnapshottedFold } from '../store/load-state.ts';
import { assertHistory, momentOf, stepPages, type HistoryOptions } from './steps.ts';

/** Says whether something holds of a state. `event` is the one that led to it; undefined for the initial state. */
export type StatePredicate<State, Events extends Event> = (
  state: State,
  event: Recorded<Events> | undefined,
) => boolean;

/** Where a predicate began to hold. */
export interface Bisected<State, Events extends Event> {
  readonly streamId: string;
  /** The first event after which it holds; undefined where the initial state satisfies it already. */
  readonly event: Recorded<Events> | undefined;
  /** The version of that event; 0 for the initial state. */
  readonly version: number;
  /** The state before that event. For the initial state it is that state itself, as `after` is. */
  readonly before: State;
  readonly after: State;
}

/**
 * Finds the first event after which a predicate over the state holds; undefined where it never does. It may hold, cease to
 * hold and hold again: the first time counts, so the history is walked from its beginning and not halved.
 */
export async function bisect<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  predicate: StatePredicate<State, Events>,
  options: Omit<HistoryOptions, 'elementKeys'> = {},
): Promise<Bisected<State, Events> | undefined> {
  const context = contextOf(store);
  assertHistory(context, fold, streamId, options);
  assertFunction('predicate', predicate);
  const moment = await momentOf(context, streamId, options);
  const initial = initialStateOf(fold);
  if (predicate(initial, undefined)) return { streamId, event: undefined, version: 0, before: initial, after: initial };
  for await (const steps of stepPages(context, fold, streamId, { moment, signal: options.signal }))
    for (const { event, before, after } of steps)
      if (predicate(after, event)) return { streamId, event, version: event.version, before, after };
  return undefined;
}
