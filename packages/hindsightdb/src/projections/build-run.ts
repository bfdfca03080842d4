/**
 * One build at work: the consumer that fills it, and the moment in which it is shown.
 */

import { decodeCheckpoint, type Checkpoint } from '../core/checkpoint.ts';
import type { Consumer } from '../consumers/consumer.ts';
import type { ConsumerState } from '../consumers/consumer-state.ts';
import { sliceKey } from '../consumers/consumer-keys.ts';
import type { ConsumerSpec, SliceProgress } from '../consumers/consumer-spec.ts';
import { runConsumer } from '../consumers/run-consumer.ts';
import { decodeSlice, encodeSlice } from '../consumers/slice-entry.ts';
import type { RetryPolicy } from '../consumers/retry-policy.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import { emptyBuild } from './replaced-builds.ts';
import type { Projection } from './projection.ts';
import { plainStatement, StatementMaker } from './sql-text.ts';
import { fencedWrites, viewWrites, type BuildPlace } from './view-build.ts';
import { hideBuild, showBuild, versionOf } from './view-builds.ts';
import { readPointer, tableNames } from './view-pointer.ts';
import { buildName, buildPrefix, buildTable, type BuildId } from './view-tables.ts';

/** What may be said of how a build is filled. */
export interface BuildOptions {
  /** How many events are read and written at once, 1 to 10,000. Default 2000. */
  readonly batchSizeMax?: number;
  /** After how long without a sign another process takes over, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How often an event that failed is tried again. */
  readonly retry?: RetryPolicy;
  /** What becomes of an event that fails in all tries: the projection stops and says why (default), or the event is set aside. */
  readonly onFailure?: 'stop' | 'setAside';
  /** How many events may be set aside before it stops. Default 10,000. */
  readonly lettersMax?: number;
  /** When the log was restored to an earlier state: stop and say so (default), or build the view anew. */
  readonly onDiverged?: 'stop' | 'reset';
}

/** What a build is run with. */
export interface BuildParts {
  /** The store whose log is followed. */
  readonly store: AnyStore;
  /** The store that keeps the view. */
  readonly home: AnyStore;
  readonly projection: Projection;
  readonly options: BuildOptions;
}

/** What became of a build that is at work. */
export type BuildFate = 'building' | 'shown' | 'replaced';

const batchSizeDefault = 2000;

/** Where a build lies in a store. */
export function placeOf(engine: Engine, id: BuildId): BuildPlace {
  return {
    prefix: buildPrefix(id),
    source: engine,
    maker: new StatementMaker(({ name }) => buildTable(name, id)),
  };
}

/** A build and its consumer in this process. */
export class BuildRun {
  readonly id: BuildId;
  readonly #parts: BuildParts;
  readonly #consumer: Consumer;
  readonly #progress: { latest: SliceProgress | undefined };

  /** Use `startBuild`. */
  constructor(
    parts: BuildParts,
    id: BuildId,
    running: { readonly consumer: Consumer; readonly progress: { latest: SliceProgress | undefined } },
  ) {
    this.#parts = parts;
    this.id = id;
    this.#consumer = running.consumer;
    this.#progress = running.progress;
  }

  /** The consumer that fills the build. */
  get consumer(): Consumer {
    return this.#consumer;
  }

  /** How far this process has brought it; undefined where it has not held it. */
  get progress(): SliceProgress | undefined {
    return this.#progress.latest;
  }

  /** Looks what became of the build, and shows it when it is complete. */
  async look(): Promise<BuildFate> {
    const home = this.#parts.home.context.engine;
    const known = versionOf(await readPointer(home, this.id.name), this.id);
    if (known?.shown === this.id.build) return 'shown';
    if (known?.building !== this.id.build) return 'replaced';
    const { latest } = this.#progress;
    if (latest?.isCaughtUp !== true) return 'building';
    const showing = await showBuild(home, this.id, async (shown) => await handOver(home, latest.checkpoint, shown));
    return showing === 'shown' ? 'shown' : showing === 'gone' ? 'replaced' : 'building';
  }
}

/** Starts the consumer of a build. `onProgress` is called after each commit and when a reset takes the build out of sight. */
export async function startBuild(
  parts: BuildParts,
  id: BuildId,
  listeners: { readonly onProgress: () => void; readonly onState?: (state: ConsumerState) => void },
): Promise<BuildRun> {
  const progress: { latest: SliceProgress | undefined } = { latest: undefined };
  const spec = specOf(parts, id, (latest) => {
    progress.latest = latest;
    listeners.onProgress();
  });
  const { onState } = listeners;
  const consumer = await runConsumer(parts.store, spec, onState === undefined ? {} : { onState });
  return new BuildRun(parts, id, { consumer, progress });
}

function specOf(
  { home, projection, options }: BuildParts,
  id: BuildId,
  onProgress: (progress: SliceProgress) => void,
): ConsumerSpec {
  const { engine } = home.context;
  const place = placeOf(engine, id);
  const { batchSizeMax = batchSizeDefault, leaseMs, retry, onFailure, lettersMax, onDiverged } = options;
  return {
    kind: 'projection',
    name: buildName(id),
    filter: projection.filter,
    startAt: 'beginning',
    home,
    batchSizeMax,
    handle: async ({ events }) => {
      const { keyedWrites, statements, eventOf } = await viewWrites(projection, place, events);
      return { keyedWrites: fencedWrites(keyedWrites), statements: statements.map(plainStatement), eventOf };
    },
    whenReset: async () => {
      await hideBuild(engine, id);
      await emptyBuild(engine, id, tableNames(projection.view));
      return [];
    },
    onProgress,
    ...(leaseMs !== undefined && { leaseMs }),
    ...(retry !== undefined && { retry }),
    ...(onFailure !== undefined && { onFailure }),
    ...(lettersMax !== undefined && { lettersMax }),
    ...(onDiverged !== undefined && { onDiverged }),
  };
}

/**
 * Takes the slice of the build that is shown from its holder, so that it cannot move on while the newer one takes its place.
 * Only where the newer one has come as far.
 */
async function handOver(
  home: Engine,
  checkpoint: Checkpoint,
  shown: BuildId | undefined,
): Promise<readonly KeyedWrite[] | 'outrun'> {
  if (shown === undefined) return [];
  const key = sliceKey(buildName(shown), 0);
  const entry = await home.keyedGet(key);
  if (entry === undefined) return [];
  const slice = decodeSlice(key, entry.value);
  if (slice.checkpoint !== null && !reaches(checkpoint, slice.checkpoint)) return 'outrun';
  const taken = { ...slice, token: slice.token + 1, holder: null, expiresAt: 0, writes: 0 };
  return [{ key, value: encodeSlice(taken), expectedRevision: entry.revision }];
}

/** Whether one checkpoint lies at or behind another in every partition. */
export function reaches(checkpoint: Checkpoint, other: Checkpoint): boolean {
  const { places } = decodeCheckpoint(checkpoint);
  return decodeCheckpoint(other).places.every(
    ({ position }, partition) => (places[partition]?.position ?? 0) >= position,
  );
}
