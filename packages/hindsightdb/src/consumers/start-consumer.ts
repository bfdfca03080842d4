/** Plain consumers: a function of the user's for each event or each batch, under a name. */

import { argumentError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import { assertFunction, assertObject, assertWhole } from '../store/argument-checks.ts';
import { recordedAs } from '../store/decode.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Consumer, RunOptions } from './consumer.ts';
import {
  BatchFailure,
  EventFailure,
  type ConsumerSpec,
  type DivergencePolicy,
  type EventFilter,
  type SliceBatch,
  type SliceWrites,
  type StartAt,
} from './consumer-spec.ts';
import { handleEach } from './each-event.ts';
import { checkedRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { runConsumer } from './run-consumer.ts';

/** What a handler is told beside the event. */
export interface HandlingContext {
  /** How often it was tried before, from 0, since this process took it up. */
  readonly attempt: number;
  /** Aborted when the slice was lost, or when the consumer stops and has waited long enough: what is done then is not recorded. */
  readonly signal: AbortSignal;
}

/** A consumer to be started. Exactly one of `handle` and `handleBatch`. */
export interface ConsumerOptions<Own extends Event = Event> extends EventFilter, RunOptions {
  /** Letters, digits and `._@-`; unique in the store. What it has handled is remembered under this name. */
  readonly name: string;
  /** Where it begins when it is started for the first time. Later starts go on where it was. */
  readonly startAt: StartAt;
  /**
   * Handles one event. Events of one entity come one after the other, in order. Called again for the same event after a
   * crash or a failure. Throw to have it tried again; after the last try the event is set aside as a dead letter.
   */
  readonly handle?: (event: Recorded<Own>, context: HandlingContext) => void | Promise<void>;
  /** Handles a batch. When it throws it is called again with the same one; after the last try the consumer stops and says why. */
  readonly handleBatch?: (events: readonly Recorded<Own>[], context: HandlingContext) => void | Promise<void>;
  /** How many events are read and remembered at once. Default 200; less while handling takes longer than a second. */
  readonly batchSizeMax?: number;
  /** How many entities are handled at once, by `handle`. Default 1. */
  readonly concurrencyMax?: number;
  /** Over how many slices the entities are spread: how many processes can work at once. Default 1, fixed at the first start. */
  readonly slices?: number;
  /** After how long without a sign another process takes a slice over, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  readonly retry?: RetryPolicy;
  /** After the last try of `handle`: `'setAside'` (default) or `'stop'`. */
  readonly onFailure?: 'setAside' | 'stop';
  /** How many letters it may have before it stops. Default 10,000. */
  readonly lettersMax?: number;
  /** What is done when its place does not fit the log. Default `'stop'`. */
  readonly onDiverged?: DivergencePolicy;
  /** The store that remembers the progress, where it is not to go back when the log is restored. Default: the one followed. */
  readonly progressIn?: AnyStore;
}

/**
 * Follows the log under a name: what is there, then what is appended, each event at least once, in order for each entity, also
 * across restarts and several processes. Resolves when it runs; watch `state` and `lag()`, and `stop()` it.
 *
 * Throws `CONSUMER_MISMATCH`, `CONSUMER_DIVERGED`, and a `TypeError` for wrong options.
 */
export async function startConsumer<Own extends Event = Event>(
  store: AnyStore,
  options: ConsumerOptions<Own>,
): Promise<Consumer> {
  assertObject('options', options);
  const { handle, handleBatch, concurrencyMax = 1 } = options;
  if ((handle === undefined) === (handleBatch === undefined))
    throw argumentError('INVALID_ARGUMENT', 'A consumer has either handle or handleBatch.');
  assertFunction('handle', handle, { isOptional: true });
  assertFunction('handleBatch', handleBatch, { isOptional: true });
  assertWhole('concurrencyMax', concurrencyMax, { min: 1, max: 10_000 });
  const spec = specOf(options, handle === undefined ? ofBatches(options) : ofEvents(options));
  return await runConsumer(store, spec, options);
}

function specOf<Own extends Event>(
  options: ConsumerOptions<Own>,
  handle: (batch: SliceBatch) => Promise<SliceWrites>,
): ConsumerSpec {
  const { name, startAt, category, streamId, types, query, progressIn, slices } = options;
  const { leaseMs, batchSizeMax, retry, lettersMax, onDiverged, onFailure = 'setAside' } = options;
  return {
    kind: 'consumer',
    name,
    startAt,
    filter: {
      ...(category !== undefined && { category }),
      ...(streamId !== undefined && { streamId }),
      ...(types !== undefined && { types }),
      ...(query !== undefined && { query }),
    },
    handle,
    onFailure,
    ...(progressIn !== undefined && { home: progressIn }),
    ...(slices !== undefined && { sliceCount: slices }),
    ...(leaseMs !== undefined && { leaseMs }),
    ...(batchSizeMax !== undefined && { batchSizeMax }),
    ...(retry !== undefined && { retry }),
    ...(lettersMax !== undefined && { lettersMax }),
    ...(onDiverged !== undefined && { onDiverged }),
  };
}

function ofEvents<Own extends Event>({
  handle,
  concurrencyMax = 1,
  retry,
  onFailure = 'setAside',
}: ConsumerOptions<Own>): (batch: SliceBatch) => Promise<SliceWrites> {
  const policy = checkedRetryPolicy(retry);
  return async (batch) => {
    const { signal } = batch;
    const work = async (event: RecordedEvent, attempt: number): Promise<void> => {
      for (const recorded of recordedAs<Own>([event])) await handle?.(recorded, { attempt, signal });
    };
    const setAside = await handleEach(batch, { retry: policy, concurrencyMax, onFailure, work });
    const [first] = setAside;
    if (first !== undefined && onFailure === 'stop') throw new EventFailure(first.event, first.error, first.attempts);
    return { setAside };
  };
}

function ofBatches<Own extends Event>({
  handleBatch,
}: ConsumerOptions<Own>): (batch: SliceBatch) => Promise<SliceWrites> {
  return async ({ events, attempt, signal }) => {
    try {
      await handleBatch?.(recordedAs<Own>(events), { attempt, signal });
    } catch (error) {
      throw new BatchFailure(error);
    }
    return {};
  };
}
