/** Timers: what is due at a time, fired once in effect. */

export {
  cancelTimer,
  retryTimer,
  setTimer,
  timerOf,
  type TimerId,
  type TimerSet,
  type TimerSetting,
} from './set-timer.ts';
export { listTimers, type ListTimersOptions } from './list-timers.ts';
export { listTimerGroups, type TimerGroup } from './list-groups.ts';
export {
  defineTimers,
  type Firing,
  type StreamFiring,
  type StreamsFiring,
  type Timers,
  type TimersDefinition,
} from './define-timers.ts';
export { fireDue, runTimers, type FireDueOptions } from './run-timers.ts';
export type { RunTimersOptions, TimerRunner, TimersState } from './timer-runner.ts';
export type { FailedFiring } from './fire-page.ts';
export type { Timer } from './timer.ts';
export type { TimerError } from './stored-timer.ts';
