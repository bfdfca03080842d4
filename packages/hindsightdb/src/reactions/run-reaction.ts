/** Running a reaction: as a consumer whose work is to plan effects and to do them. */

import type { Consumer, RunOptions } from '../consumers/consumer.ts';
import type { ConsumerSpec, DivergencePolicy } from '../consumers/consumer-spec.ts';
import { runConsumer } from '../consumers/run-consumer.ts';
import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { assertSameSlices, newestVersion, outdatedError, readFences, type Fenced } from './fence.ts';
import { assertReaction, type Reaction } from './reaction.ts';
import { ReactionWork } from './reaction-work.ts';

/** How a reaction is run. */
export interface RunReactionOptions extends RunOptions {
  /** The store that holds progress and journal, where they are not to go back when the log is restored. Default: the one followed. */
  readonly progressIn?: AnyStore;
  /** What is done when its place does not fit the log. Default `'stop'`. */
  readonly onDiverged?: DivergencePolicy;
  /**
   * What is done when a newer version has planned already: `'refuse'` (default) to run, since what an old process plans is
   * planned by old rules for good; or `'run'`, for going back to earlier code on purpose. The version that planned last counts.
   */
  readonly onOutdated?: 'refuse' | 'run';
}

/**
 * Runs a reaction in this process, beside those that run it in others. Each effect is done at least once, under one key, and
 * in order for each entity; none for events that were planned before, by whatever version, nor during a replay.
 *
 * Throws `REACTION_OUTDATED` when a newer version was at work already; a process that meets one while it runs stops. Else as
 * `startConsumer` does. After a restore it stands paused until `resumeConsumer`.
 */
export async function runReaction(
  store: AnyStore,
  reaction: Reaction,
  options: RunReactionOptions = {},
): Promise<Consumer> {
  contextOf(store);
  assertReaction(reaction);
  assertRunOptions(options);
  const { progressIn: home = store, onDiverged, onOutdated = 'refuse', signal, onState } = options;
  const isRefused = onOutdated === 'refuse';
  const fences = await readFences(contextOf(home).engine, reaction.name);
  assertSameSlices(fencedAs(reaction), fences, reaction.running.slices ?? 1);
  const newest = isRefused ? newestVersion(fences) : 0;
  if (newest > reaction.version) throw outdatedError(fencedAs(reaction), newest);
  const outdated = new AbortController();
  const work = new ReactionWork(reaction, {
    log: store,
    home,
    onOutdated: isRefused ? () => outdated.abort() : undefined,
  });
  const consumer = await runConsumer(store, specOf(reaction, work, { home, onDiverged }), {
    ...(signal !== undefined && { signal }),
    ...(onState !== undefined && { onState }),
  });
  // What is at hand belongs to the newer version: it is not waited for.
  const stop = (): void => void consumer.stop({ timeoutMs: 0 });
  if (outdated.signal.aborted) stop();
  else outdated.signal.addEventListener('abort', stop, { once: true });
  return consumer;
}

function fencedAs({ name, version }: Reaction): Fenced {
  return { kind: 'reaction', name, version };
}

function specOf(
  { name, filter, startAt, retry, running }: Reaction,
  work: ReactionWork,
  { home, onDiverged }: { readonly home: AnyStore; readonly onDiverged: DivergencePolicy | undefined },
): ConsumerSpec {
  const { slices, ...bounds } = running;
  return {
    kind: 'reaction',
    name,
    filter,
    startAt,
    home,
    retry,
    onFailure: 'setAside',
    handle: (batch) => work.handle(batch),
    ...(slices !== undefined && { sliceCount: slices }),
    ...bounds,
    ...(onDiverged !== undefined && { onDiverged }),
  };
}

function assertRunOptions(options: RunReactionOptions): void {
  assertObject('options', options);
  const {
    progressIn,
    onOutdated,
    signal,
  }: { readonly progressIn?: AnyStore; readonly onOutdated?: unknown; readonly signal?: unknown } = options;
  if (progressIn !== undefined) contextOf(progressIn);
  if (onOutdated !== undefined && onOutdated !== 'refuse' && onOutdated !== 'run')
    throw argumentError('INVALID_ARGUMENT', `onOutdated must be 'refuse' or 'run', not ${describe(onOutdated)}.`);
  assertOptionalSignal(signal);
}
