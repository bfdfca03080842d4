/** Waiting until a consumer has handled everything up to a place, in whatever process it runs. */

import { decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import { abortReason } from '../core/abort.ts';
import { assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import type { Engine } from '../store/engine-types.ts';
import { positionsOf } from '../store/places.ts';
import type { AnyStore } from '../store/context-of.ts';
import { wakeable } from '../store/wakeable.ts';
import { sliceKey } from './consumer-keys.ts';
import { readConsumer } from './consumer-record.ts';
import { divergenceOf } from './divergence.ts';
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
  /** Calls the listener when those have moved. Returns the function that ends it. */
  readonly movedHere?: (listener: () => void) => () => void;
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
  const { timeoutMs = 10_000, signal, home = store, placesHere, movedHere } = options;
  assertWhole('timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1 });
  assertOptionalSignal(signal);
  const wanted = await positionsOf(store.context.engine, 'checkpoint', checkpoint);
  const deadline = performance.now() + timeoutMs;
  const waiting = wakeable(signal);
  const endWakes = [home.context.engine.wake(waiting.wake), movedHere?.(waiting.wake)];
  try {
    for (;;) {
      waiting.arm();
      if (signal?.aborted === true) throw abortReason(signal);
      if (await hasReached({ log: store.context.engine, home, name, placesHere }, wanted)) return;
      const left = deadline - performance.now();
      if (left <= 0) throw timeout(name, timeoutMs);
      await waiting.wait(Math.min(left, lookEveryMs));
    }
  } finally {
    for (const endWake of endWakes) endWake?.();
    waiting.end();
  }
}

async function hasReached(
  { log, home, name, placesHere }: PlacesOf & { readonly placesHere: WaitPlace['placesHere'] },
  wanted: readonly number[],
): Promise<boolean> {
  const consumer = await readConsumer(home, name);
  if (consumer === undefined) return false;
  const { status, failure, sliceCount } = consumer.record;
  const isReached = (places: readonly PartitionPlace[] | undefined): boolean =>
    wanted.every((position, partition) => (places?.[partition]?.position ?? 0) >= position);
  // Whether a place is of this history is asked only of one that is far enough.
  const isReachedElsewhere = async (slice: number): Promise<boolean> =>
    isReached(await recordedPlaces(home, name, slice)) && isReached(await fittingPlaces({ log, home, name }, slice));
  let isWhole = true;
  for (let slice = 0; slice < sliceCount && isWhole; slice += 1) {
    const here = placesHere?.(slice);
    isWhole = here === undefined ? await isReachedElsewhere(slice) : isReached(here);
  }
  if (!isWhole && status === 'failed')
    throw new HindsightError('CONSUMER_FAILED', `Consumer ${name} has stopped: ${failure?.message ?? 'it failed'}`, {
      details: { name, failure },
    });
  return isWhole;
}

/** Whose places are looked at, and in which log they are to be. */
export interface PlacesOf {
  readonly log: Engine;
  readonly home: AnyStore;
  readonly name: string;
}

/** Where the entry of a slice says that it is, in the log at hand; undefined where it has not begun, or was in another history. */
export async function fittingPlaces(
  { log, home, name }: PlacesOf,
  slice: number,
): Promise<readonly PartitionPlace[] | undefined> {
  const checkpoint = await recordedCheckpoint(home, name, slice);
  if (checkpoint === null) return undefined;
  const divergence = await divergenceOf(log, slice, checkpoint, []);
  return divergence === undefined ? decodeCheckpoint(checkpoint).places : undefined;
}

/** Where the entry of a slice says that it is; undefined where it has not begun. */
export async function recordedPlaces(
  home: AnyStore,
  name: string,
  slice: number,
): Promise<readonly PartitionPlace[] | undefined> {
  const checkpoint = await recordedCheckpoint(home, name, slice);
  return checkpoint === null ? undefined : decodeCheckpoint(checkpoint).places;
}

async function recordedCheckpoint(home: AnyStore, name: string, slice: number): Promise<Checkpoint | null> {
  const key = sliceKey(name, slice);
  const entry = await home.context.engine.keyedGet(key);
  return entry === undefined ? null : decodeSlice(key, entry.value).checkpoint;
}

function timeout(name: string, timeoutMs: number): HindsightError {
  return new HindsightError(
    'WAIT_TIMEOUT',
    `Consumer ${name} had not come so far after ${timeoutMs} ms. It may be slow, paused, or run nowhere.`,
    { details: { name, timeoutMs } },
  );
}
