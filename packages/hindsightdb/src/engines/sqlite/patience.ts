/**
 * Waiting for another process that stands in the way, where a thread may sleep: at opening, and on the writer thread.
 */

import { isBusy } from './sqlite-errors.ts';

/** How long an opening waits for another process that is making or recovering the same store. */
const openWaitMs = 10_000;

/** Tries again while another process stands in the way, for a bounded time. */
export function patiently<Result>(work: () => Result): Result {
  const deadline = performance.now() + openWaitMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      pauseThread(2);
    }
  }
}

const neverChanges = new Int32Array(new SharedArrayBuffer(4));

/** Lets the thread sleep. */
export function pauseThread(ms: number): void {
  Atomics.wait(neverChanges, 0, 0, ms);
}
