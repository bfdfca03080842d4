/** Hindsight itself, through its public root and with its defaults. */

import { join } from 'node:path';
import { defineDecider, openStore, type Event, type Recorded, type Store } from 'hindsightdb';
import type { AppendLog, LogTotals } from './append-log.ts';
import { decideOrder, evolveOrder, initialOrder, type AddItem, type OrderState } from '../drive/order.ts';
import type { SampleEvent } from '../drive/sample-events.ts';

export const storeFileName = 'bench.db';

/** Opens the store of a folder, or one in memory. */
export async function openHindsight(directory: string | undefined): Promise<Store> {
  return directory === undefined ? await openStore('memory:') : await openStore(join(directory, storeFileName));
}

/** The same as a log to append to. */
export async function hindsightLog(directory: string | undefined): Promise<AppendLog> {
  const store = await openHindsight(directory);
  return {
    append: async (streamId, events) => void (await store.append(streamId, events)),
    close: async () => await store.close(),
  };
}

/** What the log holds: the bench wrote it itself. */
type Sample = Event<string, SampleEvent['data']>;

/** Reads the whole log by pages and looks at the data of each event. */
export async function readHindsightPages(store: Store): Promise<LogTotals> {
  let [eventCount, quantitySum] = [0, 0];
  for await (const { events } of store.readLog<Sample>().pages()) {
    for (const event of events) {
      quantitySum += event.data.quantity;
      eventCount++;
    }
  }
  return { eventCount, quantitySum };
}

/** The same with one step of the loop an event. */
export async function readHindsightEvents(store: Store): Promise<LogTotals> {
  let [eventCount, quantitySum] = [0, 0];
  for await (const event of store.readLog<Sample>()) {
    quantitySum += event.data.quantity;
    eventCount++;
  }
  return { eventCount, quantitySum };
}

/** The order as a decider without snapshots. */
export const orderDecider = defineDecider({
  category: 'order',
  initialState: initialOrder,
  decide: (command: AddItem): SampleEvent[] => decideOrder(command),
  evolve: (state: OrderState, event: Recorded<SampleEvent>): OrderState => evolveOrder(state, event),
});

/** The same with a snapshot every hundred events. */
export const snapshottedOrderDecider = defineDecider({
  ...orderDecider,
  version: 'with-snapshots',
  snapshots: { every: 100 },
});

export interface GrowthPlan {
  readonly eventCount: number;
  /** Events of each entity. */
  readonly eventsPerEntity: number;
  readonly progress: (text: string) => void;
}

/** Id of the nth entity of a grown log. */
export function entityId(index: number): string {
  return `order-${index}`;
}

/**
 * Fills a store with entities of equally many events. Entities live in generations of 500 at a time, and each gets its events in two
 * visits, so that an entity's history lies in several places of the log, as it does in life.
 */
export async function growStore(
  store: Store,
  plan: GrowthPlan,
  sampleOf: (turn: number) => SampleEvent,
): Promise<void> {
  const generation = 500;
  const half = Math.floor(plan.eventsPerEntity / 2);
  const parts = [half, plan.eventsPerEntity - half];
  let turn = 0;
  let pending: Promise<unknown>[] = [];
  for (let first = 0; turn < plan.eventCount; first += generation) {
    for (const [visit, count] of parts.entries()) {
      const streams = Array.from({ length: generation }, (_, index) => ({
        streamId: entityId(first + index),
        events: Array.from({ length: count }, (_each, step) => sampleOf(turn + index * count + step)),
        expectedVersion: visit === 0 ? 0 : half,
      }));
      turn += generation * count;
      pending.push(store.append({ streams }));
    }
    if (pending.length < 8) continue;
    await Promise.all(pending);
    pending = [];
    plan.progress(`${turn.toLocaleString('en')} of ${plan.eventCount.toLocaleString('en')} events`);
  }
  await Promise.all(pending);
}
