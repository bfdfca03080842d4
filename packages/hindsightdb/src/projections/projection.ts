/**
 * Projections: what is kept of events for reading. Handlers are plain functions that return what is to be written and can
 * reach nothing else, so that the same ones run inline, asynchronously and on demand. See docs/decisions/0016.
 */

import { argumentError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import { normalizeQuery, type Query } from '../core/query.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import { embeddedLimits } from '../core/limits.ts';
import { assertFunction, assertObject, assertOptionalBoolean, assertWhole } from '../store/argument-checks.ts';
import type { EventFilter } from '../consumers/consumer-spec.ts';
import type { InlineView } from '../store/inline-view.ts';
import type { DocumentReader } from './document-reader.ts';
import type { DocumentsDefinition, DocumentsView, DocumentWrite } from './documents.ts';
import { openInlineView } from './inline-work.ts';
import type { PendingFact } from './pending-fact.ts';
import type { SqlReader } from './sql-reader.ts';
import type { SqlView } from './sql-tables.ts';
import type { SqlText } from './sql-text.ts';

/** A view of either kind. */
export type View = DocumentsDefinition | SqlView;

/** What a handler of such a view may write. */
export type WriteOf<Kind extends View> =
  Kind extends DocumentsView<infer Document> ? DocumentWrite<Document> : Kind extends SqlView ? SqlText : never;

/** What a handler returns: a write, several, or none. */
export type Writes<Kind extends View> = WriteOf<Kind> | readonly WriteOf<Kind>[] | undefined;

/** What such a view is read with. */
export type ReaderOf<Kind extends View> =
  Kind extends DocumentsView<infer Document>
    ? DocumentReader<Document>
    : Kind extends SqlView
      ? SqlReader
      : DocumentReader<unknown> | SqlReader;

/** An event as the handlers of an inline projection see it: what only the commit decides is a placeholder. */
export interface InlineEvent<Type extends string = string, Data = unknown> extends Omit<
  RecordedEvent<Type, Data>,
  'position' | 'version' | 'recordedAt'
> {
  readonly position: PendingFact<'position'>;
  readonly version: PendingFact<'version'>;
  readonly recordedAt: PendingFact<'recordedAt'>;
}

/** The same of an event type, or of a union of event types. */
export type InlineRecorded<Events extends Event> =
  Events extends Event<infer Type, infer Data> ? InlineEvent<Type, Data> : never;

/** The events that a store declares. */
export type EventsOfStore<Opened> = Opened extends { load: unknown; readLog: () => AsyncIterable<infer Read> }
  ? Read extends RecordedEvent<infer Type, infer Data>
    ? Event<Type, Data>
    : never
  : never;

/** What every projection says of itself. */
export interface ProjectionOptions<Kind extends View> {
  /** Letters, digits and `._-`; unique in the store. */
  readonly name: string;
  /** Which version of the view this code makes and reads, from 1. Change it with whatever the handlers compute. Default 1. */
  readonly version?: number;
  /** Only events of streams of this category. */
  readonly category?: string;
  /** Only events that this query means, and of those the types that have a handler. */
  readonly query?: Query;
  /** What is kept: `documents()` or `sqlTables()`. */
  readonly view: Kind;
  /**
   * Each document belongs to one stream: its id is that of the stream, or begins with it and a slash. Handlers that write
   * other documents fail; in return the documents of one entity can be rebuilt alone. Default false.
   */
  readonly perEntity?: boolean;
}

/** A projection whose handlers see recorded events. `Data` has what each type carries. */
export interface ProjectionDefinition<Kind extends View, Data> extends ProjectionOptions<Kind> {
  readonly inline?: false;
  /** What is written for an event, by its type. */
  readonly on: { readonly [Type in keyof Data]: (event: RecordedEvent<Type & string, Data[Type]>) => Writes<Kind> };
}

/** A projection that may run inline. Its handlers see placeholders for what only the commit decides. */
export interface InlineProjectionDefinition<Kind extends View, Data> extends ProjectionOptions<Kind> {
  readonly inline: true;
  /** What is written for an event, by its type. */
  readonly on: { readonly [Type in keyof Data]: (event: InlineEvent<Type & string, Data[Type]>) => Writes<Kind> };
}

/** A handler without its types. */
export type Handler = (event: RecordedEvent) => unknown;

/** A projection, checked. Made by `defineProjection`. */
export interface Projection<Kind extends View = View> {
  readonly name: string;
  readonly version: number;
  readonly view: Kind;
  readonly isInline: boolean;
  readonly isPerEntity: boolean;
  readonly filter: EventFilter;
  readonly handlers: ReadonlyMap<string, Handler>;
}

/** A projection that may run inline: a store can be opened with it. */
export interface InlineProjection<Kind extends View = View> extends Projection<Kind>, InlineView {
  readonly isInline: true;
}

/**
 * Declares a projection. The types of the events come from the annotations of the handlers, and only events that have a
 * handler are followed. Throws a `TypeError` where it is none.
 *
 * ```ts
 * import type { Event, Recorded } from 'hindsightdb';
 * import { defineProjection, documents } from 'hindsightdb/projections';
 *
 * type OrderPlaced = Event<'OrderPlaced', { customer: string; cents: number }>;
 * type OrderPaid = Event<'OrderPaid', { cents: number }>;
 *
 * const orders = documents<{ customer: string; cents: number }>({ indexes: ['customer'] });
 *
 * const openOrders = defineProjection({
 *   name: 'open-orders',
 *   category: 'order',
 *   view: orders,
 *   on: {
 *     OrderPlaced: ({ streamId, data }: Recorded<OrderPlaced>) => orders.set(streamId, data),
 *     OrderPaid: ({ streamId }: Recorded<OrderPaid>) => orders.remove(streamId),
 *   },
 * });
 * ```
 */
export function defineProjection<Kind extends View, Data>(
  definition: InlineProjectionDefinition<Kind, Data>,
): InlineProjection<Kind>;
/** Declares a projection that runs asynchronously or on demand. */
export function defineProjection<Kind extends View, Data>(
  definition: ProjectionDefinition<Kind, Data>,
): Projection<Kind>;
export function defineProjection<Kind extends View>(
  definition: ProjectionOptions<Kind> & { readonly inline?: boolean; readonly on: object },
): Projection<Kind> | InlineProjection<Kind> {
  assertObject('definition', definition);
  const { name, version = 1, category, query, view, inline = false, perEntity = false, on } = definition;
  assertProjectionName(name);
  assertWhole('version', version, { min: 1, max: 1_000_000 });
  if (category !== undefined) assertName('category', category, embeddedLimits.streamIdBytesMax);
  assertView(view);
  assertOptionalBoolean('inline', inline);
  assertOptionalBoolean('perEntity', perEntity);
  if (perEntity && view.kind === 'sql')
    throw argumentError(
      'INVALID_ARGUMENT',
      'perEntity is for views of documents: the rows of a table cannot be told apart by entity.',
    );
  assertObject('on', on);
  const handlers = new Map<string, Handler>();
  for (const [type, handler] of Object.entries<unknown>({ ...on })) {
    assertName('An event type of on', type, embeddedLimits.typeBytesMax);
    assertNotReserved('The event type', type);
    assertFunction(`on.${type}`, handler);
    // The store says which data the types have, and the handler's annotation repeats it.
    handlers.set(type, handler as Handler);
  }
  if (handlers.size === 0)
    throw argumentError('INVALID_ARGUMENT', 'on must have a handler for at least one event type.');
  const filter: EventFilter = {
    ...(category !== undefined && { category }),
    ...(query === undefined ? { types: [...handlers.keys()] } : { query: narrowed(normalizeQuery(query), handlers) }),
  };
  const projection = { name, version, view, isPerEntity: perEntity, filter, handlers };
  if (!inline) return { ...projection, isInline: false };
  const inlined: InlineProjection<Kind> = {
    ...projection,
    isInline: true,
    openInline: async (host) => await openInlineView(inlined, host),
  };
  return inlined;
}

/** Handlers for every event of a union, or for some of them. */
export type HandlersFor<Events extends Event, Kind extends View> = {
  readonly [Type in Events['type']]?: (event: Recorded<Extract<Events, { readonly type: Type }>>) => Writes<Kind>;
};

/** `defineProjection` for the events of a union: handlers need no annotation. */
export type ProjectionMaker<Events extends Event> = <Kind extends View>(
  definition: ProjectionOptions<Kind> & { readonly on: HandlersFor<Events, Kind> },
) => Projection<Kind>;

/**
 * `defineProjection` for the events of a store or of any other union, so that handlers need no annotation:
 * `const defineShopProjection = projectionsOf<EventsOfStore<typeof store>>();`
 */
export function projectionsOf<Events extends Event>(): ProjectionMaker<Events> {
  return (definition) => {
    const { on, ...options } = definition;
    const given: Readonly<Record<string, unknown>> = { ...on };
    // The handlers of a union take their events one by one; they are checked like any others.
    return defineProjection({ ...options, on: given as Record<string, () => undefined> });
  };
}

function narrowed(query: Query, handlers: ReadonlyMap<string, Handler>): Query {
  const items = query.flatMap((item) => {
    const types = (item.types ?? [...handlers.keys()]).filter((type) => handlers.has(type));
    return types.length === 0 ? [] : [{ ...item, types }];
  });
  if (items.length > 0) return items;
  throw argumentError('INVALID_QUERY', 'The query of the projection means no event that has a handler.');
}

function assertProjectionName(name: unknown): void {
  if (typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `The name of a projection must be of letters, digits and . _ -, at most 100, not ${describe(name)}.`,
  );
}

function assertView(view: unknown): void {
  assertObject('view', view);
  const kind: unknown = Reflect.get(view, 'kind');
  if (kind !== 'documents' && kind !== 'sql')
    throw argumentError('INVALID_ARGUMENT', 'view must be made by documents() or sqlTables().');
}

/** Throws a `TypeError` unless the value was made by `defineProjection`. */
export function assertProjection(projection: unknown): asserts projection is Projection {
  assertObject('projection', projection);
  if (!(Reflect.get(projection, 'handlers') instanceof Map))
    throw argumentError('INVALID_ARGUMENT', 'projection must be made by defineProjection().');
}
