/**
 * The timeline of an entity: its events, and what each changed.
 */

import type { Event, Recorded } from '../core/event.ts';
import { assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { SnapshottedFold } from '../store/load-state.ts';
import { Reading, type PageOf } from '../store/reading.ts';
import { collectChanges, type Change } from './changes.ts';
import { keyTreeOf, type KeyTree } from './element-keys.ts';
import { assertHistory, momentOf, stepPages, type HistoryOptions, type Step } from './steps.ts';

/** One event of an entity's history, with the state before and after it. */
export class TimelineEntry<State, Events extends Event> implements Step<State, Events> {
  readonly event: Recorded<Events>;
  /** The state before the event. Not to be changed. */
  readonly before: State;
  /** The state after it. Not to be changed. */
  readonly after: State;
  readonly #keys: KeyTree | undefined;
  #changes: readonly Change[] | undefined;

  /** Made by {@link timeline}. */
  constructor({ event, before, after }: Step<State, Events>, keys: KeyTree | undefined) {
    this.event = event;
    this.before = before;
    this.after = after;
    this.#keys = keys;
  }

  /** What the event changed; worked out when it is first asked for. Empty where it changed nothing. */
  get changes(): readonly Change[] {
    this.#changes ??= collectChanges(this, this.#keys);
    return this.#changes;
  }

  /** The event and its changes; the states are left out, of which every entry would repeat most. */
  toJSON(): { readonly event: Recorded<Events>; readonly changes: readonly Change[] } {
    return { event: this.event, changes: this.changes };
  }
}

/** Which part of a timeline is wanted. */
export interface TimelineOptions extends HistoryOptions {
  /** Begin with the event at this version; a snapshot saves folding what lies before. Default 1. */
  readonly fromVersion?: number;
  /** How many entries at most. Default: no limit. */
  readonly limit?: number;
}

/**
 * The history of an entity, event by event, each with the difference that it made to the state. Walk it with `for await`;
 * memory does not grow with the history, as long as entries are not kept. An event that upcasters make several of has an
 * entry for each; one that they drop has none. Throws `HISTORY_HIDDEN` where truncation hides what the states depend on.
 */
export function timeline<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: TimelineOptions = {},
): Reading<TimelineEntry<State, Events>, PageOf<TimelineEntry<State, Events>>> {
  const context = contextOf(store);
  assertHistory(context, fold, streamId, options);
  const { fromVersion, limit = Number.MAX_SAFE_INTEGER, signal } = options;
  assertWhole('limit', limit, { min: 0, max: Number.MAX_SAFE_INTEGER });
  const keys = keyTreeOf(options.elementKeys ?? fold.elementKeys);
  return new Reading(async function* () {
    let left = limit;
    if (left === 0) return;
    const moment = await momentOf(context, streamId, options);
    for await (const steps of stepPages(context, fold, streamId, { moment, fromVersion, signal })) {
      yield { events: steps.slice(0, left).map((step) => new TimelineEntry(step, keys)) };
      left -= steps.length;
      if (left <= 0) return;
    }
  });
}
