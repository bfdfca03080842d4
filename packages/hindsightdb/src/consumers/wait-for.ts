/** Waiting until a consumer has handled everything up to a place, in whatever process it runs. */

import { decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import { abortReason } from '../core/abort.ts';
import { assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { positionsOf } from '../store/places.ts';
import type { AnyStore } from '../store/context-of.ts';
import { wakeable } from '../store/wakeable.ts';
import { sliceKey } from './consumer-keys.ts';
import { readConsumer } from './consumer-record.ts';
import { decodeSlice } from './slice-entry.ts';

/** How long is waited. */
export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Where is looked. */
export interface WaitPlace extends WaitOptions {
  /** The store that holds the consumer's progress. Default: the one that is followed. */
  readonly home?: AnyStore;
  /** How far a slice has come that this very process holds; it may not be recorded yet. */
  readonly placesHere?: (slice: number) => readonly PartitionPlace[] | undefined;
}

/** What another process records is looked for this often. */
const lookEveryMs = 20;

/**
 * Resolves when every slice of the consumer has come at least as far as the checkpoint. Throws `WAIT_TIMEOUT`, and
 * `CONSUMER_FAILED` when it has stopped because of a failure. A consumer that was never started is waited for.
 */
export async function waitForConsumer(
  store: AnyStore,
  name: string,
  checkpoint: Checkpoint,
  options: WaitPlace = {},
): Promise<void> {
  const { timeoutMs = 10_000, signal, home = store, placesHere } = options;
  assertWhole('timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1 });
  assertOptionalSignal(signal);
  const wanted = await positionsOf(store.context.engine, 'checkpoint', checkpoint);
  const deadline = performance.now() + timeoutMs;
  const waiting = wakeable(signal);
  const endWake = home.context.engine.wake(waiting.wake);
  try {
    for (;;) {
      waiting.arm();
      if (signal?.aborted === true) throw abortReason(signal);
      if (await hasReached(home, name, wanted, placesHere)) return;
      const left = deadline - performance.now();
      if (left <= 0) throw timeout(name, timeoutMs);
      await waiting.wait(Math.min(left, lookEveryMs));
    }
  } finally {
    endWake();
    waiting.end();
  }
}

async function hasReached(
  home: AnyStore,
  name: string,
  wanted: readonly number[],
  placesHere: WaitPlace['placesHere'],
): Promise<boolean> {
  const consumer = await readConsumer(home, name);
  if (consumer === undefined) return false;
  const { status, failure, sliceCount } = consumer.record;
  if (status === 'failed')
    throw new HindsightError('CONSUMER_FAILED', `Consumer ${name} has stopped: ${failure?.message ?? 'it failed'}`, {
      details: { name, failure },
    });
  for (let slice = 0; slice < sliceCount; slice += 1) {
    const places = placesHere?.(slice) ?? (await recordedPlaces(home, name, slice));
    if (!wanted.every((position, partition) => (places?.[partition]?.position ?? 0) >= position)) return false;
  }
  return true;
}

/** Where the entry of a slice says that it is; undefined where it has not begun. */
export async function recordedPlaces(
  home: AnyStore,
  name: string,
  slice: number,
): Promise<readonly PartitionPlace[] | undefined> {
  const key = sliceKey(name, slice);
  const entry = await home.context.engine.keyedGet(key);
  const checkpoint = entry === undefined ? null : decodeSlice(key, entry.value).checkpoint;
  return checkpoint === null ? undefined : decodeCheckpoint(checkpoint).places;
}

function timeout(name: string, timeoutMs: number): HindsightError {
  return new HindsightError(
    'WAIT_TIMEOUT',
    `Consumer ${name} had not come so far after ${timeoutMs} ms. It may be slow, paused, or run nowhere.`,
    { details: { name, timeoutMs } },
  );
}
