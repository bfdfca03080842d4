/** Running a process manager: as a consumer whose entities are its instances. */

import type { Consumer, RunOptions } from '../consumers/consumer.ts';
import type { ConsumerSpec, DivergencePolicy } from '../consumers/consumer-spec.ts';
import { runConsumer } from '../consumers/run-consumer.ts';
import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { assertSameSlices, newestVersion, outdatedError, readFences, type Fenced } from '../reactions/fence.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { entityOf, followed } from './input.ts';
import { assertProcess, type Process } from './process.ts';
import { ProcessWork, type WorkSettings } from './process-work.ts';

/** How a process manager is run. */
export interface RunProcessOptions extends RunOptions {
  /** What is done when its place does not fit the log. Default `'stop'`. */
  readonly onDiverged?: DivergencePolicy;
  /**
   * What is done when a newer version has begun already: `'refuse'` (default) to run, since what an old process does is done by old
   * rules for good; or `'run'`, for going back to earlier code on purpose. The version that was at work last counts.
   */
  readonly onOutdated?: 'refuse' | 'run';
}

/**
 * Runs a process manager in this process, beside those that run it in others. Each input leads to one step at most, each timer fires
 * once in effect, each command is submitted once in effect; whatever dies.
 *
 * Throws `PROCESS_OUTDATED` when a newer version was at work already; a process that meets one while it runs stops. Else as
 * `startConsumer` does. After a restore it stands paused until `resumeConsumer`.
 */
export async function runProcess<State>(
  store: AnyStore,
  process: Process<State>,
  options: RunProcessOptions = {},
): Promise<Consumer> {
  return await startProcess(store, process, options);
}

/** The same, for whoever wants to know when there is nothing left to do. */
export async function startProcess(
  store: AnyStore,
  process: Process,
  options: RunProcessOptions & Pick<WorkSettings, 'onLook'>,
): Promise<Consumer> {
  const { engine } = contextOf(store);
  assertProcess(process);
  assertRunOptions(options);
  const { onDiverged, onOutdated = 'refuse', signal, onState, onLook } = options;
  const { name, version, running } = process;
  const fenced: Fenced = { kind: 'process manager', name, version };
  const isRefused = onOutdated === 'refuse';
  const fences = await readFences(engine, name);
  assertSameSlices(fenced, fences, running.slices ?? 1);
  const newest = isRefused ? newestVersion(fences) : 0;
  if (newest > version) throw outdatedError(fenced, newest);
  const outdated = new AbortController();
  const work = new ProcessWork(process, {
    store,
    onOutdated: isRefused ? () => outdated.abort() : undefined,
    ...(onLook !== undefined && { onLook }),
  });
  const consumer = await runConsumer(store, specOf(process, work, onDiverged), {
    ...(signal !== undefined && { signal }),
    ...(onState !== undefined && { onState }),
  });
  // What is at hand belongs to the newer version: it is not waited for.
  const stop = (): void => void consumer.stop({ timeoutMs: 0 });
  if (outdated.signal.aborted) stop();
  else outdated.signal.addEventListener('abort', stop, { once: true });
  return consumer;
}

function specOf(process: Process, work: ProcessWork, onDiverged: DivergencePolicy | undefined): ConsumerSpec {
  const { name, startAt, retry, running } = process;
  const { slices, ...bounds } = running;
  return {
    kind: 'process',
    name,
    filter: { query: followed(process) },
    startAt,
    retry,
    onFailure: 'setAside',
    entityOf: (event) => entityOf(process, event),
    handle: (batch) => work.handle(batch),
    tick: (slice) => work.tick(slice),
    ...(slices !== undefined && { sliceCount: slices }),
    ...bounds,
    ...(onDiverged !== undefined && { onDiverged }),
  };
}

function assertRunOptions(options: RunProcessOptions): void {
  assertObject('options', options);
  const { onOutdated, signal }: { readonly onOutdated?: unknown; readonly signal?: unknown } = options;
  if (onOutdated !== undefined && onOutdated !== 'refuse' && onOutdated !== 'run')
    throw argumentError('INVALID_ARGUMENT', `onOutdated must be 'refuse' or 'run', not ${describe(onOutdated)}.`);
  assertOptionalSignal(signal);
}
