/**
 * How late it is in the log. Events are recorded at times that never decrease, so behind an event that was recorded at *t* none
 * comes that was recorded before *t*. A clock alone does not tell that: an append may have read it and be waiting to be written.
 *
 *     … 9:00  9:01 │ 9:02  (an append of 9:00 may still come? no: the newest event is of 9:02)
 *                  └ everything is handled up to here: timers that are due until 9:01 may fire
 *
 * Where the log is silent, an event of the library's own says how late it is.
 */

import type { PartitionPlace } from '../core/checkpoint.ts';
import { partitionOf } from '../core/stream-id.ts';
import { resultOf } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Store } from '../store/store.ts';

/** The type of the event that says how late it is. */
const timePassedType = '$timePassed';

/** The time up to which nothing is missing behind these places: microseconds since 1970. */
export async function logTimeAt({ context }: AnyStore, places: readonly PartitionPlace[]): Promise<number> {
  const times = await Promise.all(
    places.map(async ({ position }, partition) => (await context.engine.eventAt(partition, position))?.recordedAt),
  );
  return Math.min(...times.map((time) => time ?? Number.NEGATIVE_INFINITY));
}

/**
 * Records in each partition that it is as late as the clock of the store says. Answers how late the log takes it to be, in
 * microseconds since 1970: an engine may have a clock of its own, which is behind.
 */
export async function recordTime(store: AnyStore, signal: AbortSignal): Promise<number> {
  const { engine } = store.context;
  let recordedAt = Number.POSITIVE_INFINITY;
  for (const streamId of timeStreams(engine.identity.partitionCount)) {
    // Every store has the method, whatever events it declares.
    const answer = await (store as Store).appendInternal({
      streams: [{ streamId, events: [{ type: timePassedType, data: null }] }],
      isReservedAllowed: true,
      signal,
    });
    resultOf(engine, answer);
    if (answer.kind === 'appended') recordedAt = Math.min(recordedAt, answer.written.recordedAt);
  }
  return recordedAt;
}

/** For each partition the first stream of the kind that lies in it. */
function timeStreams(partitionCount: number): readonly string[] {
  const streams = new Map<number, string>();
  for (let index = 0; streams.size < partitionCount; index += 1) {
    const streamId = `$time-${index}`;
    const partition = partitionOf(streamId, partitionCount);
    if (!streams.has(partition)) streams.set(partition, streamId);
  }
  return [...streams.values()];
}
