/**
 * Rebuilding a part of a view, in the build that is shown: one entity's documents, or what changed from a place on. What
 * cannot be right is refused.
 */

import { argumentError, HindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { assertName, utf8Length } from '../core/text.ts';
import { readFilter } from '../consumers/event-filter.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { decodeEvents } from '../store/decode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import { checkpointOf, placesAt, positionsOf, type Place } from '../store/places.ts';
import { readLogPages, readStreamPages } from '../store/read.ts';
import { placeOf } from './build-run.ts';
import { documentKey, documentWrites, type WriteOfEvent } from './document-batch.ts';
import type { DocumentsDefinition, DocumentWrite } from './documents.ts';
import { follows, handlerError } from './inline-build.ts';
import { unescapeKey } from './index-value.ts';
import { assertProjection, type Projection } from './projection.ts';
import { openScratch, type ScratchView } from './scratch-view.ts';
import type { StoreContext } from '../store/settings.ts';
import { shownPlace, type ShownPlace } from './shown-place.ts';
import { fencedWrites, isOwnDocument, type WriteListener } from './view-build.ts';

/** How a part of a view is rebuilt. */
export interface PartialRebuildOptions {
  /** The store that keeps the view. Default: the one whose log is followed. */
  readonly viewsIn?: AnyStore;
  readonly signal?: AbortSignal;
}

/** What a partial rebuild has done. */
export interface PartlyRebuilt {
  readonly eventCount: number;
  /** Documents that are not as they were. */
  readonly changedCount: number;
}

/** How often a part is computed again because the view moved on meanwhile. */
const triesMax = 100;
/** Documents that one partial rebuild may write: they are one transaction. */
const documentsMax = 20_000;

interface Part {
  readonly store: AnyStore;
  readonly home: AnyStore;
  readonly projection: Projection;
  readonly view: DocumentsDefinition;
  readonly signal: AbortSignal | undefined;
}

/** Which documents the part is of: those that are to be there, and those that may be there and are not to be. */
interface Recomputed {
  readonly scratch: ScratchView;
  readonly ids: ReadonlySet<string>;
  readonly eventCount: number;
  readonly lastEvent: RecordedEvent | undefined;
}

/**
 * Folds one entity's events anew and replaces its documents by what they give, in one transaction. Only for projections that
 * are `perEntity`; throws `UNSUPPORTED` for others, and for streams whose ids go together, like `a-1` and `a-1/x`.
 */
export async function rebuildEntity(
  store: AnyStore,
  projection: Projection,
  streamId: string,
  options: PartialRebuildOptions = {},
): Promise<PartlyRebuilt> {
  const part = checkedPart(store, projection, options);
  const { context } = store;
  assertName('A stream id', streamId, context.limits.streamIdBytesMax);
  if (!projection.isPerEntity)
    throw unsupported(
      projection,
      'does not say that it is perEntity, so another entity may have written to the same documents. Rebuild the whole view',
    );
  return await replace(part, async (place) => {
    const pages = readStreamPages(context, streamId, {})();
    const ids = new Set(await ownIds(part, place, streamId));
    await assertAlone(part, streamId, ids);
    return await recompute(part, decoded(context, pages, place.positions), ids, () => {});
  });
}

/**
 * Folds the log anew from a place on and replaces the documents that were written there, in one transaction. Only where the
 * handlers set and remove, and so never depend on what was there before; throws `UNSUPPORTED` where one updates. What was
 * written before the place stays as it is.
 */
export async function rebuildFrom(
  store: AnyStore,
  projection: Projection,
  after: Place,
  options: PartialRebuildOptions = {},
): Promise<PartlyRebuilt> {
  const part = checkedPart(store, projection, options);
  const { context } = store;
  const from = await positionsOf(context.engine, 'after', after);
  return await replace(part, async (place) => {
    const until = from.map((position, partition) => Math.max(position, place.positions[partition] ?? 0));
    const [first, last] = await Promise.all([placesAt(context.engine, from), placesAt(context.engine, until)]);
    const range = { after: checkpointOf(context.engine, first), until: checkpointOf(context.engine, last) };
    const pages = readLogPages(context, readFilter(context, projection.filter).stored, range)();
    return await recompute(part, decoded(context, pages, place.positions), new Set(), (event, write) => {
      if (write.kind !== 'update') return;
      throw unsupported(
        projection,
        `updates documents at ${event.type}, which depends on what was there before. Rebuild the whole view`,
      );
    });
  });
}

function checkedPart(store: AnyStore, projection: Projection, options: PartialRebuildOptions): Part {
  contextOf(store);
  assertProjection(projection);
  assertObject('options', options);
  const { viewsIn: home = store, signal } = options;
  contextOf(home);
  assertOptionalSignal(signal);
  const { view } = projection;
  if (view.kind === 'sql')
    throw unsupported(
      projection,
      'keeps tables, whose rows cannot be told apart by the events that wrote them. Rebuild the whole view',
    );
  return { store, home, projection, view, signal };
}

function unsupported({ name }: Projection, why: string): HindsightError {
  return new HindsightError('UNSUPPORTED', `A part of the view cannot be rebuilt: the projection ${name} ${why}.`, {
    details: { name },
  });
}

/** Computes and writes, again where the view has moved on in between. */
async function replace(part: Part, compute: (place: ShownPlace) => Promise<Recomputed>): Promise<PartlyRebuilt> {
  const { store, home, projection, view, signal } = part;
  const { engine } = home.context;
  for (let tries = 0; tries < triesMax; tries += 1) {
    signal?.throwIfAborted();
    const place = await shownPlace(store, home, projection);
    const recomputed = await compute(place);
    const writes = await recomputedWrites(recomputed);
    const build = placeOf(engine, place.id);
    const changes = fencedWrites(await documentWrites(view, build, writes));
    if (changes.length === 0) return { eventCount: recomputed.eventCount, changedCount: 0 };
    const conflicts = await engine.keyedWrite([place.fence, ...changes]);
    const start = documentKey(build.prefix, '');
    const changedCount = changes.filter(({ key }) => key.startsWith(start)).length;
    if (conflicts.length === 0) return { eventCount: recomputed.eventCount, changedCount };
  }
  throw new HindsightError(
    'STORE_BUSY',
    `The view ${projection.name} moved on at each of ${triesMax} tries to write a part of it. Pause what keeps it and try again.`,
  );
}

async function recompute(
  { store, projection, signal }: Part,
  pages: AsyncIterable<readonly RecordedEvent[]>,
  ids: Set<string>,
  assertWrite: WriteListener,
): Promise<Recomputed> {
  const scratch = await openScratch(projection);
  const filter = readFilter(store.context, projection.filter);
  let eventCount = 0;
  let lastEvent: RecordedEvent | undefined;
  for await (const page of pages) {
    signal?.throwIfAborted();
    const events = page.filter((event) => follows(filter, projection.filter, event));
    try {
      await scratch.apply(events, (event, write) => {
        assertWrite(event, write);
        ids.add(write.id);
      });
    } catch (error) {
      throw handlerError(projection, error);
    }
    assertSize(ids);
    eventCount += events.length;
    lastEvent = events.at(-1) ?? lastEvent;
  }
  return { scratch, ids, eventCount, lastEvent };
}

function assertSize(ids: ReadonlySet<string>): void {
  if (ids.size > documentsMax)
    throw argumentError(
      'LIMIT_EXCEEDED',
      `A partial rebuild writes ${documentsMax} documents at most, since they are one transaction. Rebuild the whole view.`,
    );
}

/** What is to be written so that the documents are as they were computed: set where they are to be, removed where not. */
async function recomputedWrites({
  scratch,
  ids,
  lastEvent,
}: Recomputed): Promise<readonly WriteOfEvent<DocumentWrite<unknown>>[]> {
  const writes: WriteOfEvent<DocumentWrite<unknown>>[] = [];
  for (const id of ids) {
    const entry = await scratch.documents.keyedGet(documentKey('', id));
    const write: DocumentWrite<unknown> =
      entry === undefined ? { kind: 'remove', id } : { kind: 'set', id, document: JSON.parse(entry.value) };
    writes.push({ event: lastEvent, write });
  }
  return writes;
}

/** Events up to the place that the view has come to. */
async function* decoded(
  context: StoreContext,
  pages: AsyncIterable<{ readonly events: readonly StoredEvent[] }>,
  positions: readonly number[],
): AsyncGenerator<readonly RecordedEvent[]> {
  for await (const { events } of pages)
    yield await decodeEvents(
      context,
      events.filter(({ partition, position }) => position <= (positions[partition] ?? 0)),
    );
}

/**
 * Throws `UNSUPPORTED` where another stream has its id before a slash of this one's or of its documents' ids: the two may write
 * the same documents, and which of them wrote one cannot be told.
 */
async function assertAlone({ store, projection }: Part, streamId: string, ids: ReadonlySet<string>): Promise<void> {
  const others = new Set([streamId, ...ids].flatMap(untilSlashes));
  others.delete(streamId);
  for (const other of others) {
    const isName = other !== '' && utf8Length(other) <= store.context.limits.streamIdBytesMax && other.isWellFormed();
    if (!isName || other.includes('\0') || (await store.context.engine.streamInfo(other)).version === 0) continue;
    throw unsupported(
      projection,
      `may have written documents of ${streamId} at events of ${other}, whose id goes together with it. Rebuild the whole view`,
    );
  }
}

/** The text, and what stands before each of its slashes. */
function untilSlashes(text: string): readonly string[] {
  const parts = text.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The ids of the documents that belong to a stream and are there. */
async function ownIds({ home }: Part, { id }: ShownPlace, streamId: string): Promise<readonly string[]> {
  const { engine } = home.context;
  const prefix = documentKey(placeOf(engine, id).prefix, streamId);
  const start = documentKey(placeOf(engine, id).prefix, '').length;
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const entries = await engine.keyedScan({ prefix, limit: 500, ...(after !== undefined && { after }) });
    ids.push(...entries.map(({ key }) => unescapeKey(key.slice(start))).filter((own) => isOwnDocument(streamId, own)));
    after = entries.at(-1)?.key;
    if (after === undefined || entries.length < 500) return ids;
  }
}
