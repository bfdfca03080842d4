/**
 * A store over the engine under test.
 */

import type { RecordedEvent } from '../../core/event.ts';
import { storeOver } from '../../store/open.ts';
import type { StoreOptions } from '../../store/settings.ts';
import type { Store } from '../../store/store.ts';
import { equal } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';

/** A store over the log's engine, with the log's clock and ids that count up. */
export function storeOn(log: LogUnderTest, options: StoreOptions = {}): Store {
  return storeOver(log.engine, { now: log.clock.now, newId: () => log.make.one().id, ...options });
}

/** What identifies events, for comparing lists of them. */
export function idsOf(events: readonly Pick<RecordedEvent, 'id'>[]): readonly string[] {
  return events.map(({ id }) => id);
}

/** The ids of events partition by partition, each in its order: across partitions no order is promised. */
export function idsByPartition(events: readonly RecordedEvent[]): Readonly<Record<number, readonly string[]>> {
  const partitions: Record<number, string[]> = {};
  for (const { partition, id } of events) (partitions[partition] ??= []).push(id);
  return partitions;
}

/** Fails unless both hold the same events in the same order within each partition. */
export function equalEvents(actual: readonly RecordedEvent[], expected: readonly RecordedEvent[], what: string): void {
  equal(idsByPartition(actual), idsByPartition(expected), what);
}

/** Collects what an iteration gives until it has given so many; then ends it. */
export async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<readonly Item[]> {
  const taken: Item[] = [];
  if (count === 0) return taken;
  for await (const item of items) if (taken.push(item) === count) break;
  return taken;
}
