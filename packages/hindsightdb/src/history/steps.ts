/**
 * Steps: a stream folded event by event, with the state before and after each. Timeline, blame and bisect walk over them.
 */

import type { Event, Recorded } from '../core/event.ts';
import { initialStateOf, type ElementKeys } from '../core/fold.ts';
import { argumentError } from '../core/errors.ts';
import { assertFold } from '../core/decider.ts';
import { whileReplaying } from '../core/replay.ts';
import { assertName } from '../core/text.ts';
import { assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { logMoment, streamMoment, type AsOf, type StreamMoment } from '../store/as-of.ts';
import { recordedAs } from '../store/decode.ts';
import { assertOfCategory, loadEntity, type SnapshottedFold } from '../store/load-state.ts';
import { streamMomentPages } from '../store/moment-events.ts';
import type { StoreContext } from '../store/settings.ts';

/** What every look into the history of an entity can be told. */
export interface HistoryOptions {
  /** Look as of this moment: what it does not include did not happen. Default: the present. */
  readonly asOf?: AsOf;
  /** How the elements of arrays are told apart. Default: as the fold says. */
  readonly elementKeys?: ElementKeys;
  readonly signal?: AbortSignal;
}

/** One event, and what it did to the state. */
export interface Step<State, Events extends Event> {
  readonly event: Recorded<Events>;
  readonly before: State;
  readonly after: State;
}

/** Checks what every look into an entity's history takes, before anything is read. */
export function assertHistory(
  { limits }: StoreContext,
  fold: { readonly category?: string },
  streamId: string,
  options: HistoryOptions,
): void {
  assertFold('fold', fold);
  assertName('A stream id', streamId, limits.streamIdBytesMax);
  assertOfCategory(fold.category, streamId);
  assertObject('options', options);
  assertOptionalSignal(options.signal);
}

/** The moment of an entity that options ask for. */
export async function momentOf(
  context: StoreContext,
  streamId: string,
  { asOf }: Pick<HistoryOptions, 'asOf'>,
): Promise<StreamMoment> {
  return await streamMoment(context, streamId, await logMoment(context, asOf));
}

/** Steps of a page: each holds two states, and those of a whole page of events would outlive the young generation. */
const stepsMax = 64;

/** Folds a stream step by step, in pages of steps. Memory holds a page. */
export async function* stepPages<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  walk: {
    readonly moment: StreamMoment;
    readonly fromVersion?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): AsyncGenerator<readonly Step<State, Events>[]> {
  const { moment, fromVersion = 1, signal } = walk;
  let { state } = await stateBefore(context, fold, streamId, { moment, fromVersion, signal });
  for await (const { events } of streamMomentPages(context, streamId, moment, { fromVersion, signal })) {
    for (let from = 0; from < events.length; from += stepsMax)
      yield whileReplaying(() =>
        recordedAs<Events>(events.slice(from, from + stepsMax)).map((event) => {
          const before = state;
          state = fold.evolve(before, event);
          return { event, before, after: state };
        }),
      );
  }
}

async function stateBefore<State, Events extends Event>(
  context: StoreContext,
  fold: SnapshottedFold<State, Events>,
  streamId: string,
  walk: { readonly moment: StreamMoment; readonly fromVersion: number; readonly signal: AbortSignal | undefined },
): Promise<{ readonly state: State }> {
  const { moment, fromVersion, signal } = walk;
  assertWhole('fromVersion', fromVersion, { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (fromVersion === 1) return { state: initialStateOf(fold) };
  if (moment.occurredUntil !== undefined)
    throw argumentError(
      'INVALID_ARGUMENT',
      'fromVersion goes with moments of recording: by occurrence, events that come before it may be folded after it.',
    );
  const before = await streamMoment(context, streamId, await logMoment(context, { version: fromVersion - 1 }));
  return await loadEntity(context, fold, streamId, { toVersion: before.toVersion, signal });
}
