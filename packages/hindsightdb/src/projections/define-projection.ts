/**
 * Declaring projections.
 */

import { argumentError } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import { embeddedLimits } from '../core/limits.ts';
import { normalizeQuery, type Query } from '../core/query.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import type { EventFilter } from '../consumers/consumer-spec.ts';
import { assertFunction, assertObject, assertOptionalBoolean, assertWhole } from '../store/argument-checks.ts';
import { openInlineView } from './inline-work.ts';
import type {
  Handler,
  InlineProjection,
  InlineProjectionDefinition,
  Projection,
  ProjectionDefinition,
  ProjectionMaker,
  ProjectionOptions,
  View,
} from './projection.ts';

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

/**
 * `defineProjection` for the events of a store or of any other union, so that handlers need no annotation:
 * `const defineShopProjection = projectionsOf<EventsOfStore<typeof store>>();`
 */
export function projectionsOf<Events extends Event>(): ProjectionMaker<Events> {
  const define = <Kind extends View>(
    definition: ProjectionOptions<Kind> & { readonly inline?: boolean; readonly on: object },
  ): Projection<Kind> => {
    const { on, inline = false, ...options } = definition;
    const given: Readonly<Record<string, unknown>> = { ...on };
    // The handlers of a union take their events one by one; they are checked like any others.
    const handlers = given as Record<string, () => undefined>;
    return inline
      ? defineProjection({ ...options, inline: true, on: handlers })
      : defineProjection({ ...options, on: handlers });
  };
  // With `inline: true` what is defined is an inline projection, which the type of one function for both cannot say.
  return define as ProjectionMaker<Events>;
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
