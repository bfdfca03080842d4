/**
 * One stored event within a batch, with what is known of its effects. Upcasters may have made several events of it; their
 * effects are one plan.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { EventPlan } from './journal.ts';

/** The work that an event of a batch is. */
export interface EventWork {
  /** What upcasters made of the stored event; one at least. */
  readonly events: readonly [RecordedEvent, ...RecordedEvent[]];
  /** What is to be done; undefined when it is not planned yet, or when there is nothing to do. */
  plan: EventPlan | undefined;
  /** Whether the plan was made just now, and is not in the journal yet. */
  isFresh: boolean;
  /**
   * Where it stands: `unplanned` is to be planned now; `planned` has effects left to do; `settled` has none, or lies below the
   * fence; `failed` could not be handled; `waiting` lies behind one of its entity that failed.
   */
  state: 'unplanned' | 'planned' | 'settled' | 'failed' | 'waiting';
  /** Why it failed, and how often it was tried. */
  failure?: { readonly error: unknown; readonly attempts: number };
}

/** The events of a batch as work, in their order. */
export function worksOf(events: readonly RecordedEvent[]): readonly EventWork[] {
  const works = new Map<string, EventWork>();
  for (const event of events) {
    const place = `${event.partition}-${event.position}`;
    const known = works.get(place);
    works.set(
      place,
      known === undefined
        ? { events: [event], plan: undefined, isFresh: false, state: 'unplanned' }
        : { ...known, events: [...known.events, event] },
    );
  }
  return [...works.values()];
}

/** The same by entity, each in the order of the log. */
export function byEntity(works: readonly EventWork[]): readonly (readonly EventWork[])[] {
  const entities = new Map<string, EventWork[]>();
  for (const work of works) {
    const [{ streamId }] = work.events;
    const known = entities.get(streamId);
    if (known === undefined) entities.set(streamId, [work]);
    else known.push(work);
  }
  return [...entities.values()];
}

/** An event failed for good: those of its entity behind it wait. */
export function fail(work: EventWork, failure: NonNullable<EventWork['failure']>): void {
  work.state = 'failed';
  work.failure = failure;
}

/** Works on many at the same time, up to a bound. The first that throws ends it, once those at work have ended. */
export async function inBounded<Item>(
  items: readonly Item[],
  concurrencyMax: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  let isEnded = false;
  const worker = async (): Promise<void> => {
    while (!isEnded && next < items.length) {
      const item = items[next];
      next += 1;
      try {
        // There is one at every index below the length.
        await work(item as Item);
      } catch (error) {
        isEnded = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(concurrencyMax, items.length) }, worker);
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
