/**
 * Where the slices of a consumer begin: at one place for all of them. It is chosen when the consumer is first started, before
 * the start is answered, so that nothing which is appended later is missed by a slice that is taken up later.
 */

import { decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import type { AnyStore } from '../store/context-of.ts';
import { checkpointOf } from '../store/places.ts';
import { changeConsumer, requiredConsumer } from './consumer-record.ts';
import type { ConsumerSpec } from './consumer-spec.ts';
import { divergenceOf } from './divergence.ts';
import { startPlaces } from './start-place.ts';

/** The place that a consumer which is started now begins behind. */
export async function chooseStart(store: AnyStore, { startAt }: Pick<ConsumerSpec, 'startAt'>): Promise<Checkpoint> {
  const { engine } = store.context;
  return checkpointOf(engine, await startPlaces(engine, startAt));
}

/** The places that the record names. Where they do not fit the log at hand, others are chosen and written there. */
export async function firstPlaces(
  store: AnyStore,
  home: AnyStore,
  spec: Pick<ConsumerSpec, 'name' | 'startAt'>,
): Promise<readonly PartitionPlace[]> {
  const log = store.context.engine;
  const { start: recorded } = (await requiredConsumer(home, spec.name)).record;
  if (recorded !== undefined && (await divergenceOf(log, 0, recorded, [])) === undefined)
    return decodeCheckpoint(recorded).places;
  const chosen = await chooseStart(store, spec);
  const { start = chosen } = await changeConsumer(home, spec.name, (record) =>
    // Another process that has the same to do may have been faster.
    record.start === recorded ? { ...record, start: chosen, logId: log.identity.logId } : undefined,
  );
  return decodeCheckpoint(start).places;
}
