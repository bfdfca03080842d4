/**
 * From what a consumer follows to what the engine is asked for. The engine knows events as they were stored; a consumer names
 * them as they are read. Types that an upcaster may turn into a wanted one are asked for too, and judged when they are read.
 */

import { argumentError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { matchesQuery, type Query } from '../core/query.ts';
import { categoryOf, isReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import { checkedQuery } from '../store/read-options.ts';
import type { LogFilter, StoredEvent } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import type { ConsumerKind, EventFilter } from './consumer-spec.ts';

/** A filter for the engine, and what remains to be judged of an event that was read. */
export interface ReadFilter {
  readonly stored: LogFilter;
  /** Whether an event is of the streams that are followed; the engine judges the same where it is asked by `stored`. */
  readonly isOfStreams: (event: Pick<StoredEvent, 'streamId'>) => boolean;
  readonly isWanted: (event: RecordedEvent) => boolean;
}

/** Whether consumers of the kind may follow the store's own events: those by which the library itself processes. */
export function followsReserved(kind: ConsumerKind): boolean {
  return kind === 'commands' || kind === 'process';
}

/** Checks a filter and makes it ready. One of a user's consumer reaches none of the store's own events. Throws a `TypeError`. */
export function readFilter(context: StoreContext, filter: EventFilter, kind: ConsumerKind = 'consumer'): ReadFilter {
  const { category, streamId, types } = filter;
  const { limits, upcasters } = context;
  if (category !== undefined) assertName('A category', category, limits.streamIdBytesMax);
  if (streamId !== undefined) assertName('A stream id', streamId, limits.streamIdBytesMax);
  if (types !== undefined && filter.query !== undefined)
    throw argumentError('INVALID_ARGUMENT', 'Give types or a query; the items of a query name their types themselves.');
  if (types !== undefined && !Array.isArray(types))
    throw argumentError('INVALID_ARGUMENT', `types must be an array of event types, not ${describe(types)}.`);
  const query = types === undefined ? filter.query : [{ types }];
  const stored: LogFilter = {
    includeReserved: followsReserved(kind) && reservedNamesOf(filter).length > 0,
    ...(category !== undefined && { category }),
    ...(streamId !== undefined && { streamId }),
  };
  const isOfStreams = (event: Pick<StoredEvent, 'streamId'>): boolean =>
    (category === undefined || categoryOf(event.streamId) === category) &&
    (streamId === undefined || event.streamId === streamId);
  if (query === undefined) return { stored, isOfStreams, isWanted: () => true };
  const wanted = checkedQuery(limits, query);
  const sources = upcasters.map(({ type }) => type);
  return {
    stored: { ...stored, query: withSources(wanted, sources) },
    isOfStreams,
    isWanted: ({ type, tags }) => matchesQuery(wanted, type, tags),
  };
}

/** What a filter names that belongs to the store. */
export function reservedNamesOf({ category, streamId, types = [], query = [] }: EventFilter): readonly string[] {
  const ofItems = query.flatMap((item) => item.types ?? []);
  return [category, streamId, ...types, ...ofItems].flatMap((name) =>
    name !== undefined && isReserved(name) ? [name] : [],
  );
}

function withSources(query: Query, sources: readonly string[]): Query {
  return query.map(({ types = [], tags = [] }) => ({
    tags,
    // No types mean any type.
    types: types.length === 0 ? types : [...new Set([...types, ...sources])],
  }));
}
