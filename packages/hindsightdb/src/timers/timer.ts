/** Timers: something due at a time, kept by the store until it is fired, moved or cancelled. */

import { placeOf, type StoredTimer, type TimerError } from './stored-timer.ts';
import { isoOfMicros } from '../core/time.ts';

/** A timer as it stands. */
export interface Timer<Data = unknown> {
  readonly group: string;
  readonly id: string;
  /** When it is due: ISO 8601 with microseconds. */
  readonly dueAt: string;
  /** What it carries; null where nothing was given. */
  readonly data: Data;
  /** The stream that it concerns, where that was said. */
  readonly streamId?: string;
  /** `pending`: it will be fired. `failed`: firing failed so often that it was set aside, until `retryTimer`. */
  readonly state: 'pending' | 'failed';
  /** How often firing it has failed. */
  readonly attempts: number;
  /** Why firing failed the last time. */
  readonly error?: TimerError;
  /** When it is tried again, where firing has failed and it is still pending. */
  readonly retryAt?: string;
}

/** A timer as users see it; its data have been taken through the codec. */
export function timerOfStored(stored: StoredTimer): Timer {
  const { group, id, dueAt, dataText, streamId, failure } = stored;
  const isFailed = failure?.retryAt === null;
  return {
    group,
    id,
    dueAt: isoOfMicros(dueAt),
    data: JSON.parse(dataText),
    ...(streamId !== undefined && { streamId }),
    state: isFailed ? 'failed' : 'pending',
    attempts: failure?.attempts ?? 0,
    ...(failure && { error: failure.error }),
    ...(failure && !isFailed && { retryAt: isoOfMicros(placeOf(stored).at) }),
  };
}
