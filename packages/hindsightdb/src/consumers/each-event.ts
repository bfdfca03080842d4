/**
 * Handling events one by one: entities side by side, the events of each in order, each tried again after pauses and set aside
 * when it cannot be handled.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { FailedEvent, SliceBatch } from './consumer-spec.ts';
import { pause } from './pause.ts';
import { pauseAfter, type CheckedRetryPolicy } from './retry-policy.ts';

/** How events are handled one by one. */
export interface EachEvent {
  readonly retry: CheckedRetryPolicy;
  /** How many entities at once. */
  readonly concurrencyMax: number;
  /** With `'stop'` nothing else is begun once an event has failed for good. Default `'setAside'`. */
  readonly onFailure?: 'setAside' | 'stop';
  /** Handles one event; `attempt` counts from 0. */
  readonly work: (event: RecordedEvent, attempt: number) => Promise<void>;
}

/**
 * Handles a batch and answers which events failed for good; of an entity there is one at most, and what comes behind it was
 * not handled. Throws when the batch is not wanted any more.
 */
export async function handleEach(
  { events, signal }: Pick<SliceBatch, 'events' | 'signal'>,
  { retry, concurrencyMax, work, onFailure = 'setAside' }: EachEvent,
): Promise<readonly FailedEvent[]> {
  const failed: FailedEvent[] = [];
  const lanes = [...Map.groupBy(events, (event) => event.streamId).values()];
  const runLane = async (lane: readonly RecordedEvent[]): Promise<void> => {
    for (const event of lane) {
      const failure = await tried(event, { retry, work, signal });
      if (failure === undefined) continue;
      failed.push(failure);
      if (onFailure === 'stop') lanes.length = 0;
      return;
    }
  };
  const runLanes = async (): Promise<void> => {
    for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift()) await runLane(lane);
  };
  await Promise.all(Array.from({ length: Math.min(concurrencyMax, lanes.length) }, runLanes));
  return failed;
}

async function tried(
  event: RecordedEvent,
  { retry, work, signal }: Pick<EachEvent, 'retry' | 'work'> & { readonly signal: AbortSignal },
): Promise<FailedEvent | undefined> {
  for (let attempt = 0; ;) {
    signal.throwIfAborted();
    try {
      await work(event, attempt);
      return undefined;
    } catch (error) {
      // Whatever else it is, also the end of another store, is this event's failure.
      if (signal.aborted) throw error;
      attempt += 1;
      if (attempt >= retry.attemptsMax) return { event, error, attempts: attempt };
      await pause(pauseAfter(retry, attempt, Math.random()), signal);
    }
  }
}
