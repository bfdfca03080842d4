/** Running a process manager until there is nothing left to do: for tests, with a clock of their own. */

import type { ConsumerState } from '../consumers/consumer-state.ts';
import { HindsightError } from '../core/errors.ts';
import { assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { assertProcess, type Process } from './process.ts';
import { startProcess } from './run-process.ts';

/**
 * Handles what is in the log, fires what is due by the clock of the store, and resolves when nothing is left to do at that time. With
 * `openStore({ now })` a test goes through weeks in a moment: set the clock, then advance. Nobody else may run the process manager
 * meanwhile; where another has died with a slice, its lease must have run out by that clock. Throws `CONSUMER_FAILED` where it stands
 * failed or paused, or ends before it is done, and the reason of the signal.
 */
export async function advanceProcess<State>(
  store: AnyStore,
  process: Process<State>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  contextOf(store);
  assertProcess(process);
  const { signal } = options;
  assertOptionalSignal(signal);
  signal?.throwIfAborted();
  const { slices = 1 } = process.running;
  const idle = new Set<number>();
  const ended = Promise.withResolvers<void>();
  // Where it fails before it is waited for, the wait below tells.
  ended.promise.catch(() => undefined);
  const consumer = await startProcess(store, process, {
    ...(signal !== undefined && { signal }),
    onLook: (slice, look) => {
      if (look === 'idle') idle.add(slice);
      else idle.delete(slice);
      if (idle.size === slices) ended.resolve();
    },
    onState: (state) => {
      const error = errorOf(process.name, state);
      if (error !== undefined) ended.reject(error);
    },
  });
  void consumer.ended.then(() => ended.reject(endedError(process.name)));
  try {
    await ended.promise;
  } catch (error) {
    // It has ended because it was told to.
    signal?.throwIfAborted();
    throw error;
  } finally {
    await consumer.stop();
  }
  signal?.throwIfAborted();
}

function endedError(name: string): HindsightError {
  return new HindsightError(
    'CONSUMER_FAILED',
    `The process manager ${name} ended before it had done everything: its store was closed, it was removed, or a newer version has begun.`,
    { details: { name } },
  );
}

function errorOf(name: string, state: ConsumerState): HindsightError | undefined {
  if (state.kind !== 'failed' && state.kind !== 'paused') return undefined;
  const why = state.kind === 'failed' ? state.failure.message : (state.reason ?? 'Resume it first.');
  return new HindsightError('CONSUMER_FAILED', `The process manager ${name} is ${state.kind}: ${why}`, {
    details: { name, state },
  });
}
