/**
 * Waiting until a view shows what was written, whoever keeps it.
 */

import { abortReason } from '../core/abort.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import { readConsumer } from '../consumers/consumer-record.ts';
import type { WaitOptions } from '../consumers/wait-for.ts';
import { assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { positionsOf } from '../store/places.ts';
import { wakeable } from '../store/wakeable.ts';
import { assertProjection, type Projection } from './projection.ts';
import { shownPlace, type ShownPlace } from './shown-place.ts';
import { buildName } from './view-tables.ts';

/** How long is waited, and where the view is kept. */
export interface WaitForViewOptions extends WaitOptions {
  /** The store that keeps the view. Default: the one whose log is followed. */
  readonly viewsIn?: AnyStore;
}

const lookEveryMs = 20;

/**
 * Resolves when the view that readers see is complete up to the checkpoint, in whatever process it is kept. Throws
 * `WAIT_TIMEOUT` after `timeoutMs` (default 10,000), and `CONSUMER_FAILED` when the projection has stopped because of a failure.
 */
export async function waitForView(
  store: AnyStore,
  projection: Projection,
  checkpoint: Checkpoint,
  options: WaitForViewOptions = {},
): Promise<void> {
  const { engine } = contextOf(store);
  assertProjection(projection);
  assertObject('options', options);
  const { viewsIn: home = store, timeoutMs = 10_000, signal } = options;
  contextOf(home);
  assertWhole('timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1 });
  assertOptionalSignal(signal);
  const wanted = await positionsOf(engine, 'checkpoint', checkpoint);
  const deadline = performance.now() + timeoutMs;
  const waiting = wakeable(signal);
  const endWake = home.context.engine.wake(waiting.wake);
  try {
    for (;;) {
      waiting.arm();
      if (signal?.aborted === true) throw abortReason(signal);
      const place = await placeIfShown(store, home, projection);
      if (place !== undefined && wanted.every((position, index) => (place.positions[index] ?? 0) >= position)) return;
      if (place !== undefined) await assertNotFailed(home, place);
      const left = deadline - performance.now();
      if (left <= 0) throw timeoutError(projection, timeoutMs);
      await waiting.wait(Math.min(left, lookEveryMs));
    }
  } finally {
    endWake();
    waiting.end();
  }
}

async function placeIfShown(store: AnyStore, home: AnyStore, projection: Projection): Promise<ShownPlace | undefined> {
  try {
    return await shownPlace(store, home, projection);
  } catch (error) {
    if (isHindsightError(error, 'VIEW_NOT_BUILT')) return undefined;
    throw error;
  }
}

async function assertNotFailed(home: AnyStore, { id }: ShownPlace): Promise<void> {
  const name = buildName(id);
  const consumer = await readConsumer(home, name);
  if (consumer?.record.status !== 'failed') return;
  const { failure } = consumer.record;
  throw new HindsightError('CONSUMER_FAILED', `Consumer ${name} has stopped: ${failure?.message ?? 'it failed'}`, {
    details: { name, failure },
  });
}

/** The error of a wait that was in vain. */
export function timeoutError({ name, version }: Projection, timeoutMs: number): HindsightError {
  return new HindsightError(
    'WAIT_TIMEOUT',
    `Version ${version} of the view ${name} did not show that place after ${timeoutMs} ms. It may be slow, paused, or run nowhere.`,
    { details: { name, version, timeoutMs } },
  );
}
