/**
 * Bringing a build up to date whose progress is an entry of its own, moved by the appends that carry the view: the first
 * build, a rebuild, and whatever was appended without the view. Whoever is faster wins; the entry's revision tells.
 */

import { HindsightError } from '../core/errors.ts';
import { categoryOf } from '../core/stream-id.ts';
import type { RecordedEvent } from '../core/event.ts';
import { EventFailure, type EventFilter } from '../consumers/consumer-spec.ts';
import { readFilter, type ReadFilter } from '../consumers/event-filter.ts';
import { blameEvent } from '../consumers/slice-failure.ts';
import type { AnyStore } from '../store/context-of.ts';
import { decodeEvents } from '../store/decode.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { placeOf } from './build-run.ts';
import { progressKey, readProgress, type InlineProgress } from './inline-progress.ts';
import type { Projection } from './projection.ts';
import { sumOf, type RebuildWatch } from './rebuild-watch.ts';
import { plainStatement } from './sql-text.ts';
import { fencedWrites, viewWrites, type BuildPlace } from './view-build.ts';
import { goneError, showBuild, type Showing } from './view-builds.ts';
import { writeTogether } from './view-pointer.ts';
import type { BuildId } from './view-tables.ts';

const batchSize = 2000;
const batchBytesMax = 4 * 1024 * 1024;

/** A build and what is needed to bring it up to date. */
export interface InlineBuild {
  readonly context: StoreContext;
  readonly projection: Projection;
  readonly id: BuildId;
  readonly place: BuildPlace;
  readonly filter: ReadFilter;
}

/** Makes ready to work on a build. */
export function inlineBuild({ context }: AnyStore, projection: Projection, id: BuildId): InlineBuild {
  const filter = readFilter(context, projection.filter);
  return { context, projection, id, place: placeOf(context.engine, id), filter };
}

/** Whether a projection follows an event, wherever that comes from. */
export function follows(filter: ReadFilter, { category }: EventFilter, event: RecordedEvent): boolean {
  return (category === undefined || categoryOf(event.streamId) === category) && filter.isWanted(event);
}

/** How a step towards the end of the log ended. */
export type Step =
  | { readonly kind: 'moved' | 'reached'; readonly positions: readonly number[]; readonly eventCount: number }
  /** Somebody else moved the build meanwhile. */
  | { readonly kind: 'outrun' }
  /** It has no progress any more: another build is shown. */
  | { readonly kind: 'gone' };

/** Gives a build that is new its progress. */
export async function beginProgress({ context, id }: InlineBuild): Promise<void> {
  const value = JSON.stringify(Array.from({ length: context.engine.identity.partitionCount }, () => 0));
  await context.engine.keyedWrite([{ key: progressKey(id), value, expectedRevision: 0 }]);
}

/** Applies the next batch of the log. Throws `VIEW_HANDLER_FAILED` for an event that cannot be handled. */
export async function stepForward(build: InlineBuild): Promise<Step> {
  const { context, id } = build;
  // In this order: appends that carry the view move both at once, and then it is not taken to be behind.
  const heads = await context.engine.heads();
  const progress = await readProgress(context.engine, id);
  if (progress === undefined) return { kind: 'gone' };
  const partition = heads.findIndex((head, index) => head > (progress.positions[index] ?? 0));
  if (partition === -1) return { kind: 'reached', positions: progress.positions, eventCount: 0 };
  return await applyPage(build, progress, partition);
}

async function applyPage(build: InlineBuild, progress: InlineProgress, partition: number): Promise<Step> {
  const { context, projection, id, place, filter } = build;
  const { engine } = context;
  const page = await engine.readLog({
    partition,
    direction: 'forward',
    from: progress.positions[partition] ?? 0,
    filter: filter.stored,
    limit: batchSize,
    bytesMax: batchBytesMax,
  });
  const events = (await decodeEvents(context, page.events)).filter(filter.isWanted);
  // What the filter leaves out is behind the view as well.
  const positions = progress.positions.map((position, index) => (index === partition ? page.scannedTo : position));
  const writes = await viewWrites(projection, place, events).catch((error: unknown) => {
    throw handlerError(projection, error);
  });
  const { keyedWrites, statements } = writes;
  const own: KeyedWrite = {
    key: progressKey(id),
    value: JSON.stringify(positions),
    expectedRevision: progress.revision,
  };
  const all = [own, ...fencedWrites(keyedWrites)];
  const conflicts = await writeTogether(engine, all, statements.map(plainStatement)).catch((error: unknown) => {
    throw handlerError(projection, blameEvent(error, writes));
  });
  return conflicts.length > 0 ? { kind: 'outrun' } : { kind: 'moved', positions, eventCount: events.length };
}

/** Brings a build as far as the log. */
export async function catchUpBuild(build: InlineBuild): Promise<'reached' | 'gone'> {
  for (;;) {
    const { kind } = await stepForward(build);
    if (kind === 'reached' || kind === 'gone') return kind;
  }
}

/** Shows a build that has reached the end of the log, and takes its progress from the one that was shown. */
export async function showInline({ context: { engine }, id }: InlineBuild): Promise<Showing> {
  return await showBuild(engine, id, async (shown) => {
    if (shown === undefined) return [];
    const [own, other] = [await readProgress(engine, id), await readProgress(engine, shown)];
    if (other === undefined) return [];
    const isBehind = other.positions.some((position, index) => position > (own?.positions[index] ?? 0));
    return isBehind ? 'outrun' : [{ key: progressKey(shown), value: null, expectedRevision: other.revision }];
  });
}

/** Holds back the appends of this process; those of others may come between. */
type Hold = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Brings a build to the end of the log and shows it. */
export async function completeBuild(
  build: InlineBuild,
  options: {
    readonly hold: Hold;
    readonly isStopped: () => boolean;
    readonly onStep?: (positions: readonly number[], eventCount: number) => Promise<void>;
  },
): Promise<Showing | 'stopped'> {
  await beginProgress(build);
  let eventCount = 0;
  while (!options.isStopped()) {
    const step = await stepForward(build);
    if (step.kind === 'gone') return 'gone';
    if (step.kind === 'outrun') continue;
    eventCount += step.eventCount;
    await options.onStep?.(step.positions, eventCount);
    if (step.kind !== 'reached') continue;
    // What is appended in between has to be caught up with; this process's own appends wait for that.
    const showing = await options.hold(async () => {
      const reached = await catchUpBuild(build);
      return reached === 'gone' ? 'gone' : await showInline(build);
    });
    if (showing !== 'outrun') return showing;
  }
  return 'stopped';
}

/** Rebuilds the view of an inline projection. See `rebuildProjection`. */
export async function rebuildInline(
  store: AnyStore,
  projection: Projection,
  id: BuildId,
  { report, signal }: RebuildWatch,
): Promise<void> {
  const showing = await completeBuild(inlineBuild(store, projection, id), {
    hold: async (work) => (store.inline === undefined ? await work() : await store.inline.hold(work)),
    isStopped: () => signal?.aborted === true,
    onStep: async (positions, eventCount) => await report(sumOf(positions), eventCount),
  });
  signal?.throwIfAborted();
  if (showing === 'gone') throw goneError(id);
}

/** The error of an inline view whose handler failed. */
export function handlerError({ name }: Projection, error: unknown): unknown {
  if (!(error instanceof EventFailure)) return error;
  const { id, type, streamId } = error.event;
  return new HindsightError(
    'VIEW_HANDLER_FAILED',
    `The handler of ${type} of the projection ${name} failed at event ${id} of ${streamId}, and nothing was written: ${error.message}`,
    { cause: error.cause, details: { name, eventId: id, type, streamId } },
  );
}
