/**
 * Rebuilding: the view is built anew beside the one that is shown, and takes its place when it is complete.
 */

import { HindsightError } from '../core/errors.ts';
import { resumeConsumer } from '../consumers/consumer-admin.ts';
import { readConsumer } from '../consumers/consumer-record.ts';
import { recordedPlaces } from '../consumers/wait-for.ts';
import { assertFunction, assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { wakeable } from '../store/wakeable.ts';
import { startBuild, type BuildOptions, type BuildParts, type BuildRun } from './build-run.ts';
import { rebuildInline } from './inline-build.ts';
import { sumOf, type RebuildWatch } from './rebuild-watch.ts';
import { removeOldBuilds } from './replaced-builds.ts';
import { assertProjection, type Projection } from './projection.ts';
import { beginBuild, goneError, versionOf } from './view-builds.ts';
import { readPointer } from './view-pointer.ts';
import { buildName } from './view-tables.ts';

/** How far a rebuild is. */
export interface RebuildProgress {
  /** Positions of the log that are behind it, over all partitions. */
  readonly done: number;
  /** The newest positions of the log, added up; grows while others append. */
  readonly total: number;
  /** Events that were written into the view in each second since this call began. */
  readonly eventsPerSecond: number;
}

/** How a rebuild is followed and ended. */
export interface RebuildOptions extends Omit<BuildOptions, 'onDiverged'> {
  /** The store that keeps the view. Default: the one whose log is followed. */
  readonly viewsIn?: AnyStore;
  /** Called after each step, and at the end. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Interrupts the rebuild, throwing the signal's reason. The next call goes on where it was. */
  readonly signal?: AbortSignal;
}

/** What a rebuild has made. */
export interface Rebuilt {
  /** The number of the build that is shown now. */
  readonly build: number;
  /** Events that were written into it by this call. */
  readonly eventCount: number;
  readonly elapsedMs: number;
}

const lookEveryMs = 250;

/**
 * Builds the view of a projection anew, beside the one that is shown, and lets it take its place. Readers see the old one
 * until then, and no mixture. A rebuild that was interrupted, however that happened, goes on where it was; several processes
 * that rebuild at once work on the same build. The build that was replaced is removed by the next rebuild, or by
 * `removeReplacedBuilds`.
 *
 * Throws `CONSUMER_FAILED` when a handler fails; what is shown stays.
 */
export async function rebuildProjection(
  store: AnyStore,
  projection: Projection,
  options: RebuildOptions = {},
): Promise<Rebuilt> {
  const { engine: log } = contextOf(store);
  assertProjection(projection);
  assertObject('options', options);
  const { viewsIn: home = store, onProgress, signal, ...build } = options;
  const { engine } = contextOf(home);
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
  signal?.throwIfAborted();
  const startedAt = performance.now();
  let eventCount = 0;
  const report = async (done: number, count: number): Promise<void> => {
    eventCount = count;
    const total = sumOf(await log.heads());
    const seconds = (performance.now() - startedAt) / 1000;
    onProgress?.({ done, total, eventsPerSecond: seconds === 0 ? 0 : Math.round(count / seconds) });
  };
  const { name, version } = projection;
  await removeOldBuilds(engine, name, { version, signal });
  const known = versionOf(await readPointer(engine, name), projection);
  const isKept = known !== undefined && (known.shown !== null || known.building !== null);
  // Where nothing is kept, it becomes what the projection says: an asynchronous build could not be carried by appends.
  const mode = isKept ? known.mode : projection.isInline ? 'inline' : 'asynchronous';
  const id = await beginBuild(engine, projection, mode);
  if (mode === 'inline') await rebuildInline(store, projection, id, { report, signal });
  else await rebuildAside({ store, home, projection, options: build }, id, { report, signal });
  return { build: id.build, eventCount, elapsedMs: performance.now() - startedAt };
}

async function rebuildAside(
  parts: BuildParts,
  id: Parameters<typeof startBuild>[1],
  watch: RebuildWatch,
): Promise<void> {
  const waiting = wakeable(watch.signal);
  // To ask for it again is to say that the cause of a failure is mended.
  const known = await readConsumer(parts.home, buildName(id));
  if (known?.record.status === 'failed') await resumeConsumer(parts.home, buildName(id));
  const run = await startBuild(parts, id, { onProgress: waiting.wake });
  try {
    for (;;) {
      waiting.arm();
      watch.signal?.throwIfAborted();
      assertNotFailed(run);
      const fate = await run.look();
      await watch.report(await positionsDone(parts, run), run.progress?.handledCount ?? 0);
      if (fate === 'shown') return;
      if (fate === 'replaced' || run.consumer.state.kind === 'stopped') throw goneError(id);
      await waiting.wait(lookEveryMs);
    }
  } finally {
    waiting.end();
    await run.consumer.stop();
  }
}

function assertNotFailed({ consumer }: BuildRun): void {
  const { state } = consumer;
  if (state.kind !== 'failed') return;
  const { failure } = state;
  throw new HindsightError(
    'CONSUMER_FAILED',
    `The rebuild has stopped: ${failure.message} What was shown before is still shown. Rebuild again when the cause is mended: it goes on where it was.`,
    { details: { name: consumer.name, failure } },
  );
}

async function positionsDone({ home }: BuildParts, { consumer }: BuildRun): Promise<number> {
  const places = (await recordedPlaces(home, consumer.name, 0)) ?? [];
  return sumOf(places.map(({ position }) => position));
}
