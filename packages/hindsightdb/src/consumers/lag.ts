/** How far a consumer is behind the log. */

import type { LogFilter } from '../store/engine-types.ts';
import type { AnyStore } from '../store/context-of.ts';
import { readConsumer } from './consumer-record.ts';
import { recordedPlaces } from './wait-for.ts';

/** How far a consumer is behind. */
export interface ConsumerLag {
  /** Positions between its least advanced slice and the newest event, over all partitions. Not all of them hold events that it wants. */
  readonly positions: number;
  /** Since when the oldest event waits that it wants and has not handled, in milliseconds; 0 where none does. */
  readonly behindMs: number;
}

/** Which consumer is looked at. */
export interface LagOf {
  readonly store: AnyStore;
  readonly home: AnyStore;
  readonly name: string;
  /** What it follows; without it every event counts. */
  readonly filter?: LogFilter;
}

/** How far it is behind, by what is recorded of it. A consumer that has not begun is behind by the whole log. */
export async function lagOf({ store, home, name, filter = { includeReserved: false } }: LagOf): Promise<ConsumerLag> {
  const { engine, now } = store.context;
  const heads = await engine.heads();
  const from = await leastPositions(home, name, heads.length);
  let positions = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const [partition, head] of heads.entries()) {
    const position = from[partition] ?? 0;
    if (head <= position) continue;
    positions += head - position;
    const page = await engine.readLog({
      partition,
      direction: 'forward',
      from: position,
      filter,
      limit: 1,
      bytesMax: 1,
    });
    oldest = Math.min(oldest, page.events[0]?.recordedAt ?? Number.POSITIVE_INFINITY);
  }
  return { positions, behindMs: Number.isFinite(oldest) ? Math.max(0, Math.round((now() - oldest) / 1000)) : 0 };
}

async function leastPositions(home: AnyStore, name: string, partitionCount: number): Promise<readonly number[]> {
  const consumer = await readConsumer(home, name);
  const none = Array.from({ length: partitionCount }, () => 0);
  if (consumer === undefined) return none;
  let least: readonly number[] | undefined;
  for (let slice = 0; slice < consumer.record.sliceCount; slice += 1) {
    const places = (await recordedPlaces(home, name, slice))?.map(({ position }) => position) ?? none;
    least = least?.map((position, partition) => Math.min(position, places[partition] ?? 0)) ?? places;
  }
  return least ?? none;
}
