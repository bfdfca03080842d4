/**
 * Views on demand: folded in memory when they are asked for, also as of a moment in the past.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { argumentError } from '../core/errors.ts';
import { assertName } from '../core/text.ts';
import { readFilter } from '../consumers/event-filter.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { logMoment, streamMoment, type AsOf, type LogMoment } from '../store/as-of.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { logMomentPages, streamMomentPages, type MomentPage } from '../store/moment-events.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import type { StoreContext } from '../store/settings.ts';
import { follows, handlerError } from './inline-build.ts';
import { assertProjection, type Projection, type ReaderOf, type View } from './projection.ts';
import { openScratch, type ScratchView } from './scratch-view.ts';

/** Which events are folded, and as of when. */
export interface FoldLiveOptions {
  /** Default: the present. A version only together with `streamId`, since each stream has its own. */
  readonly asOf?: AsOf;
  /** Only the events of this stream. */
  readonly streamId?: string;
  readonly signal?: AbortSignal;
}

/** A view in memory, as of the moment that was asked for. It does not move on. */
export class LiveView<Kind extends View = View> {
  /** The view, for reading. */
  readonly view: ReaderOf<Kind>;
  /** How many events were folded. */
  readonly eventCount: number;
  /** How far the log was looked through. */
  readonly checkpoint: Checkpoint;
  /** Whether events that are recorded later may still belong to the moment. */
  readonly isProvisional: boolean;
  readonly #scratch: ScratchView;

  /** Use `foldLive`. */
  constructor(
    scratch: ScratchView,
    folded: { readonly eventCount: number; readonly checkpoint: Checkpoint; readonly isProvisional: boolean },
  ) {
    this.#scratch = scratch;
    // A reader of the kind that the view is.
    this.view = scratch.reader() as ReaderOf<Kind>;
    this.eventCount = folded.eventCount;
    this.checkpoint = folded.checkpoint;
    this.isProvisional = folded.isProvisional;
  }

  /** Releases the memory of its tables. Calling it again changes nothing. */
  async close(): Promise<void> {
    await this.#scratch.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Folds a projection in memory, for reading: nothing is kept and nothing needs to run. With `asOf` it is the view as it was, or
 * would have been, at that moment: by checkpoint, time of recording or time of occurrence. Memory holds the whole view.
 *
 * Throws `VIEW_HANDLER_FAILED` where a handler throws, and `UNSUPPORTED` for SQL tables where there is no SQLite.
 */
export async function foldLive<Kind extends View>(
  store: AnyStore,
  projection: Projection<Kind>,
  options: FoldLiveOptions = {},
): Promise<LiveView<Kind>> {
  const context = contextOf(store);
  assertProjection(projection);
  assertObject('options', options);
  const { asOf, streamId, signal } = options;
  if (streamId !== undefined) assertName('A stream id', streamId, context.limits.streamIdBytesMax);
  assertOptionalSignal(signal);
  const moment = await logMoment(context, asOf);
  if (streamId === undefined && moment.toVersion !== Number.MAX_SAFE_INTEGER)
    throw argumentError(
      'INVALID_ARGUMENT',
      'asOf may be a version only together with streamId: each stream has its own.',
    );
  const positions = moment.positions ?? (await context.engine.heads());
  const scratch = await openScratch(projection);
  try {
    const pages = await momentPages(context, projection, { ...moment, positions }, { streamId, signal });
    const eventCount = await foldPages(context, projection, scratch, pages);
    const checkpoint = checkpointOf(context.engine, await placesAt(context.engine, positions));
    return new LiveView(scratch, { eventCount, checkpoint, isProvisional: moment.isProvisional });
  } catch (error) {
    await scratch.close();
    throw handlerError(projection, error);
  }
}

async function momentPages(
  context: StoreContext,
  { filter }: Projection,
  moment: LogMoment,
  options: { readonly streamId: string | undefined; readonly signal: AbortSignal | undefined },
): Promise<AsyncGenerator<MomentPage>> {
  const { streamId, signal } = options;
  if (streamId === undefined) return logMomentPages(context, readFilter(context, filter).stored, moment, { signal });
  return streamMomentPages(context, streamId, await streamMoment(context, streamId, moment), { signal });
}

async function foldPages(
  context: StoreContext,
  projection: Projection,
  scratch: ScratchView,
  pages: AsyncIterable<MomentPage>,
): Promise<number> {
  const filter = readFilter(context, projection.filter);
  let eventCount = 0;
  for await (const page of pages) {
    const events = page.events.filter((event) => follows(filter, projection.filter, event));
    await scratch.apply(events);
    eventCount += events.length;
  }
  return eventCount;
}
