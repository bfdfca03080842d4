/**
 * Checking a view: is it what its projection makes of the log?
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import { readFilter } from '../consumers/event-filter.ts';
import { assertFunction, assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { decodeEvents } from '../store/decode.ts';
import { checkpointOf, placesAt } from '../store/places.ts';
import { readLogPages } from '../store/read.ts';
import type { StoreContext } from '../store/settings.ts';
import { follows, handlerError } from './inline-build.ts';
import { assertProjection, type Projection } from './projection.ts';
import { sumOf } from './rebuild-watch.ts';
import { openScratch, type ScratchView } from './scratch-view.ts';
import { isSamePlace, shownPlace, type ShownPlace } from './shown-place.ts';
import {
  documentDifferences,
  tableDifferences,
  type FoundDifferences,
  type ViewDifference,
} from './view-difference.ts';
import { requiredSql } from './view-tables.ts';

/** How a check is followed and ended. */
export interface CheckProjectionOptions {
  /** The store that keeps the view. Default: the one whose log is followed. */
  readonly viewsIn?: AnyStore;
  /** Called now and then with how many positions of the log were folded. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** What a check found. */
export interface ProjectionReport {
  /** The build that was checked. */
  readonly build: number;
  /** The place for which it was compared. */
  readonly checkpoint: Checkpoint;
  readonly eventCount: number;
  /** How many documents with their index entries, or rows, were compared. */
  readonly comparedCount: number;
  /** How many differ. */
  readonly differenceCount: number;
  /** The first hundred of them. */
  readonly differences: readonly ViewDifference[];
}

/** How often a view that moves on meanwhile is compared again. */
const triesMax = 20;

/**
 * Compares the view that readers see with a fresh fold of the log in memory, for the place that the view has come to; it may
 * be kept up to date meanwhile. Throws `VIEW_HANDLER_FAILED` where a handler throws, `VIEW_NOT_BUILT` where no view is complete,
 * and `STORE_BUSY` for a view that never stood still long enough.
 */
export async function checkProjection(
  store: AnyStore,
  projection: Projection,
  options: CheckProjectionOptions = {},
): Promise<ProjectionReport> {
  const context = contextOf(store);
  assertProjection(projection);
  assertObject('options', options);
  const { viewsIn: home = store, onProgress, signal } = options;
  contextOf(home);
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
  const scratch = await openScratch(projection);
  try {
    const fold = new FreshFold(context, projection, scratch);
    for (let tries = 0; tries < triesMax; tries += 1) {
      const place = await shownPlace(store, home, projection);
      await fold.advance(place.positions, { onProgress, signal });
      const found = await compare(home, projection, { scratch, place, signal });
      // A difference counts only where the view stood still; where there is none, it need not have.
      const after = await shownPlace(store, home, projection);
      const isSame = after.id.build === place.id.build && isSamePlace(after.positions, place.positions);
      if (isSame || found.differenceCount === 0) return await report(context, place, fold, found);
    }
  } finally {
    await scratch.close();
  }
  throw new HindsightError(
    'STORE_BUSY',
    `The view ${projection.name} moved on at each of ${triesMax} comparisons that found differences. Pause what keeps it and check again.`,
  );
}

async function report(
  { engine }: StoreContext,
  { id, positions }: ShownPlace,
  { eventCount }: FreshFold,
  found: FoundDifferences,
): Promise<ProjectionReport> {
  const checkpoint = checkpointOf(engine, await placesAt(engine, positions));
  return { build: id.build, checkpoint, eventCount, ...found };
}

async function compare(
  home: AnyStore,
  { view }: Projection,
  { scratch, place, signal }: { scratch: ScratchView; place: ShownPlace; signal: AbortSignal | undefined },
): Promise<FoundDifferences> {
  const { engine } = home.context;
  return view.kind === 'documents'
    ? await documentDifferences({ source: engine, id: place.id, scratch: scratch.documents, signal })
    : await tableDifferences({ sql: requiredSql(engine), id: place.id, scratch: scratch.sql, view, signal });
}

/** A fold of the log that can be taken further. */
class FreshFold {
  readonly #context: StoreContext;
  readonly #projection: Projection;
  readonly #scratch: ScratchView;
  #positions: readonly number[];
  #eventCount = 0;

  constructor(context: StoreContext, projection: Projection, scratch: ScratchView) {
    this.#context = context;
    this.#projection = projection;
    this.#scratch = scratch;
    this.#positions = Array.from({ length: context.engine.identity.partitionCount }, () => 0);
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  async advance(
    positions: readonly number[],
    { onProgress, signal }: { readonly [Name in 'onProgress' | 'signal']: CheckProjectionOptions[Name] | undefined },
  ): Promise<void> {
    const { engine } = this.#context;
    const filter = readFilter(this.#context, this.#projection.filter);
    const [after, until] = await Promise.all([placesAt(engine, this.#positions), placesAt(engine, positions)]);
    const range = { after: checkpointOf(engine, after), until: checkpointOf(engine, until), pageSize: 2000 };
    const walk = { ...range, ...(signal !== undefined && { signal }) };
    const done = [...this.#positions];
    for await (const page of readLogPages(this.#context, filter.stored, walk)()) {
      const events = (await decodeEvents(this.#context, page.events)).filter((event) =>
        follows(filter, this.#projection.filter, event),
      );
      try {
        await this.#scratch.apply(events);
      } catch (error) {
        throw handlerError(this.#projection, error);
      }
      this.#eventCount += events.length;
      for (const { partition, position } of page.events) done[partition] = position;
      onProgress?.({ done: sumOf(done), total: sumOf(positions) });
    }
    this.#positions = positions;
    onProgress?.({ done: sumOf(positions), total: sumOf(positions) });
  }
}
