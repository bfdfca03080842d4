/**
 * What an inbox remembers of a message. The entry is written in the append that the message leads to, on the condition that
 * there is none yet: so of any number of deliveries exactly one is taken. It names the events by their ids and by where the
 * log stood before, from which the first answer is found again.
 */

import { HindsightError } from '../core/errors.ts';
import { idOfRecord } from '../core/record.ts';
import { partitionOf } from '../core/stream-id.ts';
import { resultOf, type AppendResult, type NewEvent, type Written } from '../store/append.ts';
import type { Engine, KeyedEntry, StoredEvent } from '../store/engine-types.ts';

/** The events of one stream that a message led to. */
export interface RememberedStream {
  readonly streamId: string;
  readonly firstId: string;
  readonly count: number;
}

/** What came of a message. */
export type Remembered =
  | { readonly state: 'appended'; readonly heads: readonly number[]; readonly streams: readonly RememberedStream[] }
  /** It led to no events. */
  | { readonly state: 'ignored' }
  /** It came early, and waits. */
  | { readonly state: 'waiting' };

/** The text of an entry. */
export function encodeRemembered(remembered: Remembered): string {
  return JSON.stringify(remembered);
}

/** Reads an entry. */
export function decodeRemembered({ key, value }: KeyedEntry): Remembered {
  const remembered: unknown = JSON.parse(value);
  if (typeof remembered !== 'object' || remembered === null || !('state' in remembered))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not one of an inbox.`);
  // Written by `encodeRemembered` alone.
  return remembered as Remembered;
}

/** What is to be remembered of an append, before it is made. */
export async function rememberedOf(
  engine: Engine,
  streams: readonly { readonly streamId: string; readonly encoded: readonly NewEvent[] }[],
): Promise<Remembered> {
  return {
    state: 'appended',
    heads: await engine.heads(),
    streams: streams.flatMap(({ streamId, encoded }) =>
      encoded[0] === undefined ? [] : [{ streamId, firstId: encoded[0].id, count: encoded.length }],
    ),
  };
}

/** The answer that the append was given, found again in the log; undefined where it had none. */
export async function firstAnswer(engine: Engine, remembered: Remembered): Promise<AppendResult | undefined> {
  if (remembered.state !== 'appended') return undefined;
  const found: (readonly StoredEvent[])[] = [];
  for (const stream of remembered.streams) {
    const events = await eventsOf(engine, stream, remembered.heads);
    if (events === undefined) return undefined;
    found.push(events);
  }
  const written = writtenOf(found);
  return written === undefined ? undefined : resultOf(engine, { kind: 'duplicate', written });
}

const pageBounds = { limit: 500, bytesMax: 4 * 1024 * 1024 };

async function eventsOf(
  engine: Engine,
  { streamId, firstId, count }: RememberedStream,
  heads: readonly number[],
): Promise<readonly StoredEvent[] | undefined> {
  const partition = partitionOf(streamId, engine.identity.partitionCount);
  const filter = { streamId, includeReserved: false };
  const events: StoredEvent[] = [];
  for (let from = heads[partition] ?? 0; ;) {
    const page = await engine.readLog({ partition, direction: 'forward', from, filter, ...pageBounds });
    for (const event of page.events) {
      // The events of an append stand together in their stream.
      if (events.length > 0 || idOfRecord(event.record) === firstId) events.push(event);
      if (events.length === count) return events;
    }
    if (page.isEnd) return undefined;
    from = page.scannedTo;
  }
}

function writtenOf(streams: readonly (readonly StoredEvent[])[]): Written | undefined {
  const all = streams.flat().toSorted((left, right) => left.position - right.position);
  const [first] = all;
  if (first === undefined) return undefined;
  const partitions = new Map<number, Written['partitions'][number]>();
  for (const { partition, position, record } of all)
    partitions.set(partition, {
      partition,
      firstPosition: partitions.get(partition)?.firstPosition ?? position,
      lastPosition: position,
      lastEventId: idOfRecord(record),
    });
  return {
    recordedAt: first.recordedAt,
    partitions: [...partitions.values()],
    streams: streams.flatMap((events) => {
      const [start, end] = [events[0], events.at(-1)];
      if (start === undefined || end === undefined) return [];
      const { streamId, partition, version: firstVersion } = start;
      return [{ streamId, partition, firstVersion, lastVersion: end.version }];
    }),
  };
}
