/** The timers that the kit tests: those of the library, or others in their place. */

import { cancelTimer, fireDue, listTimers, retryTimer, runTimers, setTimer, timerOf } from '../timers/index.ts';

/** Sets and fires timers. */
export interface TimerRuntime {
  readonly setTimer: typeof setTimer;
  readonly cancelTimer: typeof cancelTimer;
  readonly timerOf: typeof timerOf;
  readonly listTimers: typeof listTimers;
  readonly retryTimer: typeof retryTimer;
  readonly fireDue: typeof fireDue;
  readonly runTimers: typeof runTimers;
}

/** The library's own. */
export const libraryTimers: TimerRuntime = {
  setTimer,
  cancelTimer,
  timerOf,
  listTimers,
  retryTimer,
  fireDue,
  runTimers,
};
