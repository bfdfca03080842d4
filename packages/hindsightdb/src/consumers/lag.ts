/** How far a consumer is behind the log. */

import type { Engine, LogFilter } from '../store/engine-types.ts';
import type { AnyStore } from '../store/context-of.ts';
import { readConsumer } from './consumer-record.ts';
import { fittingPlaces, type PlacesOf } from './wait-for.ts';

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
  const from = await leastPositions({ log: engine, home, name }, heads.length);
  let positions = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const [partition, head] of heads.entries()) {
    const position = from[partition] ?? 0;
    if (head <= position) continue;
    positions += head - position;
    oldest = Math.min(oldest, await oldestAfter(engine, { partition, position, filter }));
  }
  return { positions, behindMs: Number.isFinite(oldest) ? Math.max(0, Math.round((now() - oldest) / 1000)) : 0 };
}

/** When the first event behind a place was recorded that the filter lets through; infinity where there is none. */
async function oldestAfter(
  engine: Engine,
  {
    partition,
    position,
    filter,
  }: { readonly partition: number; readonly position: number; readonly filter: LogFilter },
): Promise<number> {
  for (let from = position; ;) {
    const bounds = { limit: 1, bytesMax: 1 };
    const page = await engine.readLog({ partition, direction: 'forward', from, filter, ...bounds });
    const [event] = page.events;
    if (event !== undefined) return event.recordedAt;
    // A page may be empty though more follows.
    if (page.isEnd) return Number.POSITIVE_INFINITY;
    from = page.scannedTo;
  }
}

async function leastPositions(of: PlacesOf, partitionCount: number): Promise<readonly number[]> {
  const { home, name } = of;
  const consumer = await readConsumer(home, name);
  const none = Array.from({ length: partitionCount }, () => 0);
  if (consumer === undefined) return none;
  let least: readonly number[] | undefined;
  for (let slice = 0; slice < consumer.record.sliceCount; slice += 1) {
    // A place in another history is none.
    const places = (await fittingPlaces(of, slice))?.map(({ position }) => position) ?? none;
    least = least?.map((position, partition) => Math.min(position, places[partition] ?? 0)) ?? places;
  }
  return least ?? none;
}
