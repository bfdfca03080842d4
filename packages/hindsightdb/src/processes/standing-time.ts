/** A guard against timers that set themselves anew without time going by: they would fire without end. */

import { rangeError } from '../core/errors.ts';
import { microsOf } from '../core/time.ts';
import type { TimerInput } from './input.ts';

/** So many timers of an instance may fire in a row while its time stands still. */
const firingsMax = 1000;

/** Counts what fires while the time of an instance stands still. */
export class StandingTime {
  readonly #process: string;
  readonly #instances = new Map<string, { readonly reached: number; readonly count: number }>();

  constructor(process: string) {
    this.#process = process;
  }

  /** A timer is about to fire. Throws `LIMIT_EXCEEDED` where time has stood still for too many. */
  pass(key: string, { timer, pending }: TimerInput): void {
    const due = microsOf('dueAt', pending.dueAt);
    const { reached, count } = this.#instances.get(key) ?? { reached: Number.NEGATIVE_INFINITY, count: 0 };
    if (due > reached) {
      this.#instances.set(key, { reached: due, count: 1 });
      return;
    }
    if (count >= firingsMax)
      throw rangeError(
        'LIMIT_EXCEEDED',
        `The timer ${timer} of ${this.#process}, instance ${JSON.stringify(key)}, was set ${firingsMax} times for times that had passed; it would fire without end. Set it for a later time.`,
      );
    this.#instances.set(key, { reached, count: count + 1 });
  }
}
