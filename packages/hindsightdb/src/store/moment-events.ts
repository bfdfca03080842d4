/**
 * The events that a moment includes, decoded, page by page, in the order in which they are folded.
 */

import type { RecordedEvent } from '../core/event.ts';
import { microsOf } from '../core/time.ts';
import type { LogFilter, StoredEvent } from '../engine/contract.ts';
import type { LogMoment, StreamMoment } from './as-of.ts';
import { decodeEvents, decodeStored } from './decode.ts';
import { OccurrenceOrder, type PlacedEvent } from './occurrence-order.ts';
import { checkpointOf, placesAt } from './places.ts';
import { readLogPages, readStreamPages } from './read.ts';
import type { StoreContext } from './settings.ts';

/** A page of events on their way into a fold. */
export interface MomentPage {
  readonly events: readonly RecordedEvent[];
  /** How many events of the log are behind the page: more than were included, where some occurred later. */
  readonly scanned: number;
}

/** How a walk through a moment goes. */
export interface MomentWalk {
  /** Begin at this version; only where events are folded in the order of versions. Default 1. */
  readonly fromVersion?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Events of one stream. Memory holds a page, and in the order of occurrence three numbers an event as well. */
export async function* streamMomentPages(
  context: StoreContext,
  streamId: string,
  moment: StreamMoment,
  walk: MomentWalk = {},
): AsyncGenerator<MomentPage> {
  const { fromVersion = 1, signal } = walk;
  const read = (from: number, to: number): AsyncGenerator<readonly StoredEvent[]> =>
    eventsOf(readStreamPages(context, streamId, { fromVersion: from, toVersion: to, ...(signal && { signal }) })());
  if (moment.toVersion < fromVersion) return;
  if (moment.order === 'version') yield* inOrder(context, moment, read(fromVersion, moment.toVersion));
  else
    yield* byOccurrence(context, moment, {
      all: () => read(1, moment.toVersion),
      run: (first, last) => read(first.version, last.version),
    });
}

/** Events of a category, a query or the whole log. */
export async function* logMomentPages(
  context: StoreContext,
  filter: Omit<LogFilter, 'includeReserved'>,
  moment: LogMoment,
  walk: Pick<MomentWalk, 'signal'> = {},
): AsyncGenerator<MomentPage> {
  const { engine } = context;
  const { signal } = walk;
  const positions = moment.positions ?? (await engine.heads());
  const read = async function* (after: readonly number[], until: readonly number[]) {
    // Checkpoints and not positions: a log of several partitions takes no others.
    const [first, last] = await Promise.all([placesAt(engine, after), placesAt(engine, until)]);
    yield* eventsOf(
      readLogPages(context, filter, {
        after: checkpointOf(engine, first),
        until: checkpointOf(engine, last),
        ...(signal && { signal }),
      })(),
    );
  };
  const none = positions.map(() => 0);
  if (moment.order === 'version') yield* inOrder(context, moment, read(none, positions));
  else
    yield* byOccurrence(context, moment, {
      all: () => read(none, positions),
      run: (first, last) =>
        read(
          positions.map((_, partition) => (partition === first.partition ? first.position - 1 : 0)),
          positions.map((_, partition) => (partition === last.partition ? last.position : 0)),
        ),
    });
}

async function* eventsOf(
  pages: AsyncIterable<{ readonly events: readonly StoredEvent[] }>,
): AsyncGenerator<readonly StoredEvent[]> {
  for await (const page of pages) if (page.events.length > 0) yield page.events;
}

async function* inOrder(
  context: StoreContext,
  moment: LogMoment,
  pages: AsyncIterable<readonly StoredEvent[]>,
): AsyncGenerator<MomentPage> {
  for await (const stored of pages) {
    const decoded = await decodeEvents(context, stored);
    yield { events: occurred(decoded, moment), scanned: stored.length };
  }
}

interface Reads {
  readonly all: () => AsyncIterable<readonly StoredEvent[]>;
  /** The events from one to another, which stand in one stream or one partition. */
  readonly run: (first: PlacedEvent, last: PlacedEvent) => AsyncIterable<readonly StoredEvent[]>;
}

async function* byOccurrence(context: StoreContext, moment: LogMoment, reads: Reads): AsyncGenerator<MomentPage> {
  const order = new OccurrenceOrder();
  for await (const stored of reads.all())
    for (const event of occurred(await decodeStored(context, stored), moment)) order.add(event, occurrenceOf(event));
  for (const { first, last } of order.runs()) yield* inOrder(context, moment, reads.run(first, last));
}

function occurred(events: readonly RecordedEvent[], { occurredUntil }: LogMoment): readonly RecordedEvent[] {
  return occurredUntil === undefined ? events : events.filter((event) => occurrenceOf(event) <= occurredUntil);
}

/** When an event happened, in microseconds since 1970: when it was recorded, where it does not say. */
export function occurrenceOf({ occurredAt, recordedAt }: RecordedEvent): number {
  return microsOf('occurredAt', occurredAt ?? recordedAt);
}
