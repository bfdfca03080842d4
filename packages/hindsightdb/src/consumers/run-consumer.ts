/** Starting a consumer: its record is made or compared, its places are looked at, and then it runs. */

import { argumentError, HindsightError } from '../core/errors.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertFunction, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { Consumer, type RunOptions } from './consumer.ts';
import { assertConsumerName, sliceKey, trailKey } from './consumer-keys.ts';
import { changeConsumer, readConsumer, writeRecord, type ConsumerRecord } from './consumer-record.ts';
import type { ConsumerSpec } from './consumer-spec.ts';
import { divergedError, divergenceOf } from './divergence.ts';
import { placeAfterDivergence } from './divergence-policy.ts';
import { readFilter, reservedNamesOf } from './event-filter.ts';
import { chooseStart } from './first-place.ts';
import { pausedByRestore, presentEpoch } from './paused-by-restore.ts';
import { checkedRetryPolicy } from './retry-policy.ts';
import { decodeSlice, leaseMsMax } from './slice-entry.ts';
import { assertStartAt } from './start-place.ts';
import { decodeTrail } from './trail.ts';

/**
 * Runs a consumer in this process, beside those that run it in others. Throws `CONSUMER_MISMATCH` when it was first started
 * with another number of slices or as another kind, and `CONSUMER_DIVERGED` when its place does not fit the log and nobody
 * said what to do then.
 */
export async function runConsumer(store: AnyStore, spec: ConsumerSpec, options: RunOptions = {}): Promise<Consumer> {
  assertSpec(store, spec);
  assertOptionalSignal(options.signal);
  assertFunction('onState', options.onState, { isOptional: true });
  const home = spec.home ?? store;
  const record = await recordFor(store, home, spec);
  await assertPlacesFit(store, home, spec, record);
  return new Consumer({ store, home, spec, options, record });
}

function assertSpec(store: AnyStore, spec: ConsumerSpec): void {
  assertConsumerName(spec.name);
  assertStartAt(spec.startAt);
  readFilter(store.context, spec.filter, spec.kind);
  // Of users' consumers; projections and reactions that name such events meet none.
  if (spec.kind === 'consumer')
    for (const name of reservedNamesOf(spec.filter)) assertNotReserved('What a consumer is to follow,', name);
  checkedRetryPolicy(spec.retry);
  const { sliceCount = 1, leaseMs = 10_000, batchSizeMax = 200, lettersMax = 10_000 } = spec;
  const { unsettledMax = 5000, onFailure, onDiverged } = spec;
  assertWhole('slices', sliceCount, { min: 1, max: 1024 });
  assertWhole('leaseMs', leaseMs, { min: 100, max: leaseMsMax });
  assertWhole('batchSizeMax', batchSizeMax, { min: 1, max: 10_000 });
  assertWhole('lettersMax', lettersMax, { min: 0, max: 1_000_000 });
  assertWhole('unsettledMax', unsettledMax, { min: 1, max: 1_000_000 });
  assertChoice('onFailure', onFailure, ['stop', 'setAside']);
  assertChoice('onDiverged', onDiverged, ['stop', 'rewind', 'reset']);
}

function assertChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || (typeof value === 'string' && choices.includes(value))) return;
  throw argumentError('INVALID_ARGUMENT', `${what} must be one of ${choices.join(', ')}.`);
}

/** The record of the consumer, made where there is none. A reaction or process manager that finds itself in a new epoch is paused. */
async function recordFor(store: AnyStore, home: AnyStore, spec: ConsumerSpec): Promise<ConsumerRecord> {
  const { identity } = contextOf(store).engine;
  const { logId } = identity;
  const epoch = presentEpoch(identity);
  const { kind, name, sliceCount = 1, category } = spec;
  const fixed = { kind, sliceCount, ...(category !== undefined && { category }) };
  for (;;) {
    const found = await readConsumer(home, name);
    if (found === undefined) {
      const start = await chooseStart(store, spec);
      const record: ConsumerRecord = { ...fixed, logId, start, epoch, status: 'running', requests: 0 };
      if (await writeRecord(home, name, record, 0)) return record;
      continue;
    }
    assertSame(name, found.record, fixed);
    if (pausedByRestore(found.record, identity) === found.record) return found.record;
    return await changeConsumer(home, name, (record) => {
      const paused = pausedByRestore(record, identity);
      return paused === record ? undefined : paused;
    });
  }
}

function assertSame(
  name: string,
  record: ConsumerRecord,
  wanted: Pick<ConsumerRecord, 'kind' | 'sliceCount' | 'category'>,
): void {
  for (const member of ['kind', 'sliceCount', 'category'] as const) {
    if (record[member] === undefined || record[member] === wanted[member]) continue;
    throw new HindsightError(
      'CONSUMER_MISMATCH',
      `Consumer ${name} was first started with ${member === 'sliceCount' ? 'slices:' : member} ${record[member]}, and is now started with ${wanted[member]}. Start it as before, or under another name.`,
      { details: { name, member, recorded: record[member], wanted: wanted[member] } },
    );
  }
}

/** Looks at every slice, held or not, so that a store that was swapped is noticed at the start and not when a lease ends. */
async function assertPlacesFit(
  store: AnyStore,
  home: AnyStore,
  spec: ConsumerSpec,
  { sliceCount }: ConsumerRecord,
): Promise<void> {
  const { engine } = home.context;
  for (let slice = 0; slice < sliceCount; slice += 1) {
    const key = sliceKey(spec.name, slice);
    const entry = await engine.keyedGet(key);
    const checkpoint = entry === undefined ? null : decodeSlice(key, entry.value).checkpoint;
    if (checkpoint === null) continue;
    const trail = decodeTrail((await engine.keyedGet(trailKey(spec.name, slice)))?.value);
    const divergence = await divergenceOf(store.context.engine, slice, checkpoint, trail);
    if (divergence !== undefined && placeAfterDivergence(spec, divergence).kind === 'stop')
      throw divergedError(spec.name, divergence);
  }
}
