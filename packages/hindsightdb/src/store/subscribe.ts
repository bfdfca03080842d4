/**
 * Subscriptions: the log from a place on, and then whatever is appended, without a gap or a seam. A subscription reads page
 * by page and waits only when it has seen everything, so there is no switch from catching up to live at which something
 * could fall between.
 */

import type { Checkpoint, PartitionPlace } from '../core/checkpoint.ts';
import type { RecordedEvent } from '../core/event.ts';
import { argumentError } from '../core/errors.ts';
import type { Query } from '../core/query.ts';
import { assertName } from '../core/text.ts';
import type { LogFilter, StoredEvent } from '../engine/contract.ts';
import { assertObject } from './argument-checks.ts';
import { checkpointOf, placesAt, positionsOf, type Place } from './places.ts';
import { checkedQuery, logReadBounds, type LogReadOptions } from './read-options.ts';
import type { StoreContext } from './settings.ts';
import { wakeable } from './wakeable.ts';

/** What a subscription follows, and from where. At most one of category, stream and query. */
export interface SubscribeOptions {
  readonly category?: string;
  readonly streamId?: string;
  readonly query?: Query;
  /** Where to begin: behind a checkpoint or position, at the `'start'` of the log, or `'now'`, with what is appended next. Default `'start'`. */
  readonly after?: Place | 'start' | 'now';
  readonly includeReserved?: boolean;
  /** How many events are read at once. Default 200. */
  readonly pageSize?: number;
  /** Ends the subscription: the iteration finishes without an error. */
  readonly signal?: AbortSignal;
}

/** A page of a subscription. */
export interface SubscriptionPage<Item = RecordedEvent> {
  readonly events: readonly Item[];
  /** Everything up to here has been handed out; begin here again after a restart. */
  readonly checkpoint: Checkpoint;
  /** Whether the end of the log was reached with this page: what follows is live. */
  readonly isCaughtUp: boolean;
}

/** The pages of a subscription, still as the engine keeps its events. Ends with the signal, or when the store is closed, by `CLOSED`. */
export function subscribePages(
  context: StoreContext,
  options: SubscribeOptions,
): () => AsyncGenerator<SubscriptionPage<StoredEvent>> {
  const { page } = logReadBounds(subscriptionBounds(options));
  const filter = subscriptionFilter(context, options);
  const { engine } = context;
  return async function* pages() {
    const { signal } = options;
    const waiting = wakeable(signal);
    const endWake = engine.wake(waiting.wake);
    try {
      const places = await startPlaces(context, options.after === undefined ? 'start' : options.after);
      for (let isFirst = true; signal?.aborted !== true; isFirst = false) {
        // Armed before looking: an append during the look below must not be slept through.
        waiting.arm();
        let isCaughtUp = true;
        const events: StoredEvent[] = [];
        let hasMoved = false;
        for (const [partition, place] of places.entries()) {
          const read = await engine.readLog({ partition, direction: 'forward', from: place.position, filter, ...page });
          hasMoved ||= read.scannedTo !== place.position;
          places[partition] = { position: read.scannedTo, eventId: read.scannedEventId };
          events.push(...read.events);
          isCaughtUp &&= read.isEnd;
        }
        if (hasMoved || isFirst) yield { events, checkpoint: checkpointOf(engine, places), isCaughtUp };
        if (isCaughtUp) await waiting.wait();
      }
    } finally {
      endWake();
      waiting.end();
    }
  };
}

function subscriptionBounds(options: SubscribeOptions): LogReadOptions {
  assertObject('options', options);
  const { pageSize, signal, includeReserved } = options;
  return {
    ...(pageSize !== undefined && { pageSize }),
    ...(signal !== undefined && { signal }),
    ...(includeReserved !== undefined && { includeReserved }),
  };
}

function subscriptionFilter(
  { limits }: StoreContext,
  { category, streamId, query, includeReserved = false }: SubscribeOptions,
): LogFilter {
  if (category !== undefined) assertName('A category', category, limits.streamIdBytesMax);
  if (streamId !== undefined) assertName('A stream id', streamId, limits.streamIdBytesMax);
  if ([category, streamId, query].filter((each) => each !== undefined).length > 1) {
    throw argumentError(
      'INVALID_ARGUMENT',
      'A subscription follows a category, a stream or a query, not several of them.',
    );
  }
  return {
    includeReserved,
    ...(category !== undefined && { category }),
    ...(streamId !== undefined && { streamId }),
    ...(query !== undefined && { query: checkedQuery(limits, query) }),
  };
}

async function startPlaces({ engine }: StoreContext, after: Place | 'start' | 'now'): Promise<PartitionPlace[]> {
  if (after === 'start')
    return Array.from({ length: engine.identity.partitionCount }, () => ({ position: 0, eventId: undefined }));
  const positions = after === 'now' ? await engine.heads() : await positionsOf(engine, 'after', after);
  return [...(await placesAt(engine, positions))];
}
