/**
 * The history of a whole category: its entities as they stood, how they changed, and for which of them something ever held.
 */

import type { Event, Recorded } from '../core/event.ts';
import { initialStateOf, type ElementKeys } from '../core/fold.ts';
import { argumentError } from '../core/errors.ts';
import { assertFunction, assertObject } from '../store/argument-checks.ts';
import { logMoment, streamMoment, type AsOf, type LogMoment } from '../store/as-of.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { foldStream, loadMoment, type Loaded, type LoadedAsOf, type SnapshottedFold } from '../store/load-state.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import { readLogPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import type { Bisected, StatePredicate } from './bisect.ts';
import { collectChanges, type Change } from './changes.ts';
import { keyTreeOf } from './element-keys.ts';
import { assertEntities, lookAtEach, streamIdsOf, type EntitiesOptions } from './entities.ts';
import { stepPages } from './steps.ts';

/** An entity of a category, as it stood at a moment. */
export interface EntityState<State> extends LoadedAsOf<State> {
  readonly streamId: string;
}

/** As of which moment a category is looked at. */
export interface CategoryOptions extends EntitiesOptions {
  /** Default: the present. A version means nothing here, where each entity has its own. */
  readonly asOf?: AsOf;
}

/**
 * The states of a category's entities as of a moment, in the order of their ids: "the open orders as they stood on the first
 * of March". Entities that did not exist then are left out. Memory does not grow with their number.
 */
export async function* statesOf<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  category: string,
  options: CategoryOptions = {},
): AsyncGenerator<EntityState<State>> {
  const context = contextOf(store);
  assertEntities(context, fold, category, options);
  const moment = await categoryMoment(context, options.asOf, 'asOf');
  yield* lookAtEach(streamIdsOf(context, category), options, async (streamId) => {
    const loaded = await loadAt(context, fold, streamId, { moment, signal: options.signal });
    return loaded.version === 0 ? undefined : { streamId, ...loaded };
  });
}

/** What became of an entity between two moments. */
export interface EntityChange<State> {
  readonly streamId: string;
  /**
   * `appeared`: it did not exist before. `ended`: the fold's `isTerminal` says so of the later state and not of the earlier.
   * `passed`: both. `changed`: neither, and something was recorded.
   */
  readonly kind: 'appeared' | 'changed' | 'ended' | 'passed';
  readonly from: Loaded<State>;
  readonly to: Loaded<State>;
  /** May be empty: not every event changes the state. */
  readonly changes: readonly Change[];
}

/** Which two moments of a category are compared. */
export interface CategoryDiffOptions extends EntitiesOptions {
  readonly from: AsOf;
  /** Default: the present. Not before `from`. */
  readonly to?: AsOf;
  /** How the elements of arrays are told apart. Default: as the fold says. */
  readonly elementKeys?: ElementKeys;
}

/**
 * How the entities of a category changed between two moments: which appeared, which ended, what changed of the others. Those
 * of which nothing was recorded in between are left out. Between moments of recording only what lies in between is looked
 * for, and the ids of those entities are kept in memory; moments of occurrence look at every entity.
 */
export async function* diffCategory<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  category: string,
  options: CategoryDiffOptions,
): AsyncGenerator<EntityChange<State>> {
  const context = contextOf(store);
  assertEntities(context, fold, category, options);
  assertObject('from', options.from);
  const keys = keyTreeOf(options.elementKeys ?? fold.elementKeys);
  const from = await categoryMoment(context, options.from, 'from');
  const to = await categoryMoment(context, options.to, 'to');
  const { signal } = options;
  const isRecorded = from.occurredUntil === undefined && to.occurredUntil === undefined;
  const streamIds = isRecorded ? await touchedBetween(context, category, from, to) : streamIdsOf(context, category);
  yield* lookAtEach(streamIds, options, async (streamId) => {
    const before = await loadAt(context, fold, streamId, { moment: from, signal });
    const after = await loadAt(context, fold, streamId, {
      moment: to,
      signal,
      baseline: isRecorded ? before : undefined,
    });
    const changes = collectChanges({ before: before.state, after: after.state }, keys);
    if (after.version === before.version && changes.length === 0) return undefined;
    const hasEnded = fold.isTerminal?.(after.state) === true && !fold.isTerminal(before.state);
    const [appearing, remaining] = hasEnded ? (['passed', 'ended'] as const) : (['appeared', 'changed'] as const);
    return { streamId, kind: before.version === 0 ? appearing : remaining, from: before, to: after, changes };
  });
}

/** An entity for which a predicate held at least once. */
export interface BisectedEntity<State, Events extends Event> extends Bisected<State, Events> {
  readonly event: Recorded<Events>;
  /** Its newest state, or that as of the moment asked for, and whether the predicate holds of it. */
  readonly state: State;
  readonly isHolding: boolean;
}

/**
 * The entities of a category for which a predicate over the state ever held, each with the event after which it did so
 * first. An entity whose initial state satisfies it counts from its first event on.
 */
export async function* bisectCategory<State, Events extends Event>(
  store: AnyStore,
  fold: SnapshottedFold<State, Events>,
  category: string,
  predicate: StatePredicate<State, Events>,
  options: CategoryOptions = {},
): AsyncGenerator<BisectedEntity<State, Events>> {
  const context = contextOf(store);
  assertEntities(context, fold, category, options);
  assertFunction('predicate', predicate);
  const { signal } = options;
  const moment = await categoryMoment(context, options.asOf, 'asOf');
  yield* lookAtEach(streamIdsOf(context, category), options, async (streamId) => {
    const own = await streamMoment(context, streamId, moment);
    let first: (Bisected<State, Events> & { readonly event: Recorded<Events> }) | undefined;
    let state = initialStateOf(fold);
    let isHolding = false;
    for await (const steps of stepPages(context, fold, streamId, { moment: own, signal })) {
      for (const { event, before, after } of steps) {
        isHolding = predicate(after, event);
        if (isHolding) first ??= { streamId, event, version: event.version, before, after };
        state = after;
      }
    }
    return first && { ...first, state, isHolding };
  });
}

/** A moment that means the same for every entity: positions are found once, for all of them. */
async function categoryMoment(context: StoreContext, asOf: AsOf | undefined, what: string): Promise<LogMoment> {
  const moment = await logMoment(context, asOf, what);
  if (moment.toVersion !== Number.MAX_SAFE_INTEGER)
    throw argumentError(
      'INVALID_ARGUMENT',
      `${what} must be a checkpoint or a time: each entity of a category has versions of its own.`,
    );
  return { ...moment, positions: moment.positions ?? (await context.engine.heads()) };
}

async function loadAt<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  options: {
    readonly moment: LogMoment;
    readonly signal: AbortSignal | undefined;
    /** An earlier state to fold on from. */
    readonly baseline?: Loaded<State> | undefined;
  },
): Promise<LoadedAsOf<State>> {
  const { signal, baseline } = options;
  const moment = await streamMoment(context, streamId, options.moment);
  if (baseline === undefined || baseline.version === 0)
    return await loadMoment(context, fold, streamId, { moment, signal });
  const from = { ...baseline, snapshotVersion: 0 };
  const { state, version } = await foldStream(context, fold, streamId, {
    baseline: from,
    toVersion: moment.toVersion,
    signal,
  });
  return { state, version, ...(moment.isProvisional && { isProvisional: true }) };
}

/** The ids of the streams of which something was recorded between two moments, in the order in which that was. */
async function touchedBetween(
  context: StoreContext,
  category: string,
  from: LogMoment,
  to: LogMoment,
): Promise<ReadonlySet<string>> {
  const { engine } = context;
  const [first, last] = [from.positions ?? [], to.positions ?? []];
  if (first.some((position, partition) => position > (last[partition] ?? 0)))
    throw argumentError('INVALID_ARGUMENT', 'from must not be later than to.');
  const [after, until] = (await Promise.all([placesAt(engine, first), placesAt(engine, last)])).map((places) =>
    checkpointOf(engine, places),
  );
  const touched = new Set<string>();
  const range = { ...(after !== undefined && { after }), ...(until !== undefined && { until }) };
  for await (const { events } of readLogPages(context, { category }, range)())
    for (const { streamId } of events) touched.add(streamId);
  return touched;
}
