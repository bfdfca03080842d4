/** Firing timers: all the time, or once for what is due now. */

import { assertFunction, assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { Store } from '../store/store.ts';
import { assertTimers, type Timers } from './define-timers.ts';
import { firePage } from './fire-page.ts';
import { TimerRunner, type RunTimersOptions } from './timer-runner.ts';

/**
 * Fires the timers of a group as they become due by the clock of the store, beside other processes that do. Each is fired once in
 * effect, in the order of the times; what is late after an outage as well. It sleeps until the next one is due, at most a quarter
 * of a second. What fails in the store is tried again without end; the end of the store ends it.
 */
export function runTimers(store: AnyStore, timers: Timers, options: RunTimersOptions = {}): TimerRunner {
  contextOf(store);
  assertTimers(timers);
  assertObject('options', options);
  assertOptionalSignal(options.signal);
  assertFunction('onFailure', options.onFailure, { isOptional: true });
  assertFunction('onState', options.onState, { isOptional: true });
  // Whatever has a store's context is a store.
  return new TimerRunner(store as Store, timers, options);
}

/** How what is due is fired. */
export type FireDueOptions = Pick<RunTimersOptions, 'signal' | 'onFailure'>;

/**
 * Fires what is due now by the clock of the store, and resolves with how many timers were fired here: for tests that set the clock,
 * and for programs that are started at intervals. What others fire meanwhile is not counted. Throws what is wrong with the store;
 * what was fired stays fired.
 */
export async function fireDue(store: AnyStore, timers: Timers, options: FireDueOptions = {}): Promise<number> {
  const { now } = contextOf(store);
  assertTimers(timers);
  assertObject('options', options);
  const { signal = new AbortController().signal, onFailure } = options;
  assertOptionalSignal(signal);
  assertFunction('onFailure', onFailure, { isOptional: true });
  const until = now();
  // Whatever has a store's context is a store.
  const run = { store: store as Store, timers, isOver: () => signal.aborted, signal, onFailure };
  let count = 0;
  for (;;) {
    signal.throwIfAborted();
    const { due, fired } = await firePage(run, until);
    if (due === 0) return count;
    count += fired;
  }
}
