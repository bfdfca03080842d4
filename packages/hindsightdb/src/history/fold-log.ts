/**
 * Whole-model history: a fold over many streams, as of a moment.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import type { Event } from '../core/event.ts';
import { foldEvents, initialStateOf } from '../core/fold.ts';
import { argumentError } from '../core/errors.ts';
import type { Query } from '../core/query.ts';
import { assertFold } from '../core/decider.ts';
import { assertName } from '../core/text.ts';
import { assertFunction, assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { logMoment, type AsOf } from '../store/as-of.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { recordedAs } from '../store/decode.ts';
import type { SnapshottedFold } from '../store/load-state.ts';
import { logMomentPages } from '../store/moment-events.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import { checkedQuery } from '../store/read-options.ts';

/** Which events of the log are folded, and as of when. */
export interface FoldLogOptions {
  /** Only streams of this category. */
  readonly category?: string;
  /** Only what this query means. */
  readonly query?: Query;
  /** Default: the present. A version means nothing here, where each stream has its own. */
  readonly asOf?: AsOf;
  /** Called after each page with the number of events that were looked at. */
  readonly onProgress?: (events: number) => void;
  readonly signal?: AbortSignal;
}

/** What a fold over the log gave. */
export interface FoldedLog<State> {
  readonly state: State;
  /** How many events were folded. */
  readonly eventCount: number;
  /** How far the log was looked through: everything that is included lies at or before it. */
  readonly checkpoint: Checkpoint;
  /** Whether events that are recorded later may still belong to the moment. */
  readonly isProvisional: boolean;
}

/**
 * Folds a category, a query or the whole log into one state, as of a moment: totals, lists and whatever a question needs,
 * without a read model that was kept for it. Events come in the order of the log; where it has several partitions, those of
 * one come after those of another. Removed events come as type `$removed`. Memory holds the state and a page.
 */
export async function foldLog<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  options: FoldLogOptions = {},
): Promise<FoldedLog<State>> {
  const context = contextOf(store);
  assertFold('fold', fold);
  assertObject('options', options);
  const { category, query, asOf, onProgress, signal } = options;
  if (category !== undefined) assertName('A category', category, context.limits.streamIdBytesMax);
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
  const filter = {
    ...(category !== undefined && { category }),
    ...(query !== undefined && { query: checkedQuery(context.limits, query) }),
  };
  const moment = await logMoment(context, asOf);
  if (moment.toVersion !== Number.MAX_SAFE_INTEGER)
    throw argumentError(
      'INVALID_ARGUMENT',
      'asOf must be a checkpoint or a time: each stream of a log has versions of its own.',
    );
  const positions = moment.positions ?? (await context.engine.heads());
  let state = initialStateOf(fold);
  let eventCount = 0;
  let scanned = 0;
  for await (const page of logMomentPages(context, filter, { ...moment, positions }, { signal })) {
    const events = recordedAs<Events>(page.events);
    state = foldEvents(fold, state, events);
    eventCount += events.length;
    scanned += page.scanned;
    onProgress?.(scanned);
  }
  const checkpoint = checkpointOf(context.engine, await placesAt(context.engine, positions));
  return { state, eventCount, checkpoint, isProvisional: moment.isProvisional };
}
