/**
 * A clock that stands still until a test moves it.
 */

import { isoOfMicros, microsOf } from '../core/time.ts';

/** A clock for `openStore({ now: clock.now })`. */
export interface SettableClock {
  /** The time in microseconds since 1970. */
  readonly now: () => number;
  /** The time as the store shows it: ISO 8601 with microseconds. */
  readonly iso: string;
  /** Moves the clock to a time, also backward. */
  readonly set: (time: string | Date) => void;
  /** Moves the clock on by milliseconds, or back by a negative number; a thousandth is a microsecond. */
  readonly advanceMs: (ms: number) => void;
}

/**
 * Makes a clock that begins at a time and stands still.
 *
 * ```ts
 * import { openStore } from 'hindsightdb';
 * import { settableClock } from 'hindsightdb/testing';
 *
 * const clock = settableClock('2026-03-01T09:00:00Z');
 * const store = await openStore('memory:', { now: clock.now });
 * clock.advanceMs(24 * 60 * 60 * 1000);
 * ```
 */
export function settableClock(start: string | Date = '2026-01-01T00:00:00Z'): SettableClock {
  let micros = microsOf('start', start);
  return {
    now: () => micros,
    get iso() {
      return isoOfMicros(micros);
    },
    set: (time) => {
      micros = microsOf('time', time);
    },
    advanceMs: (ms) => {
      if (!Number.isFinite(ms)) throw new TypeError(`ms must be a number of milliseconds, not ${String(ms)}.`);
      micros += Math.round(ms * 1000);
    },
  };
}
