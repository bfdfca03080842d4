/** A handler whose work goes on after the batch: entities side by side, the events of each in order. */

import type { Settled, SliceBatch, SliceWrites } from '../../src/consumers/consumer-spec.ts';
import type { RecordedEvent } from '../../src/index.ts';
import { pauseMs } from './scenes.ts';

interface Queue {
  last: Promise<unknown>;
  count: number;
  hasFailed: boolean;
}

/** How events are worked on. */
export interface LaterQueuesSettings {
  readonly entityOf: (event: RecordedEvent) => string;
  readonly attemptsMax: number;
  /** How long a try takes, in milliseconds. */
  readonly pauseOf: (event: RecordedEvent) => number;
  readonly work: (event: RecordedEvent) => void;
}

/** The queues of the entities of one member. */
export class LaterQueues {
  readonly #settings: LaterQueuesSettings;
  readonly #queues = new Map<string, Queue>();

  constructor(settings: LaterQueuesSettings) {
    this.#settings = settings;
  }

  /** How many events are under way. */
  get count(): number {
    return [...this.#queues.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Takes a batch up. */
  readonly handle = async ({ events, signal }: SliceBatch): Promise<SliceWrites> => ({
    later: events.map((event) => ({ event, settled: this.#take(event, signal) })),
  });

  #take(event: RecordedEvent, signal: AbortSignal): Promise<Settled> {
    const entity = this.#settings.entityOf(event);
    const queue = this.#queues.get(entity) ?? { last: Promise.resolve(), count: 0, hasFailed: false };
    this.#queues.set(entity, queue);
    queue.count += 1;
    const settled = queue.last.then(() => this.#work(queue, event, signal));
    queue.last = settled.then(async () => {
      queue.count -= 1;
      // A turn later, when the slice has heard of a failure.
      if (queue.count === 0) await new Promise((resolve) => setImmediate(resolve));
      if (queue.count === 0) this.#queues.delete(entity);
    });
    return settled;
  }

  async #work(queue: Queue, event: RecordedEvent, signal: AbortSignal): Promise<Settled> {
    const { attemptsMax, pauseOf, work } = this.#settings;
    for (let attempts = 1; !queue.hasFailed; attempts += 1) {
      if (pauseOf(event) > 0) await pauseMs(pauseOf(event));
      // Nothing is begun any more; the slice does not listen either.
      if (signal.aborted) return { kind: 'waiting' };
      try {
        work(event);
        return { kind: 'handled' };
      } catch (error) {
        if (attempts < attemptsMax) continue;
        queue.hasFailed = true;
        return { kind: 'failed', error, attempts };
      }
    }
    return { kind: 'waiting' };
  }
}
