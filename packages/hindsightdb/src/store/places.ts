/**
 * Places in the log: from what users name (checkpoints, positions, times) to positions in each partition, and back.
 */

import {
  assertWithinEpoch,
  decodeCheckpoint,
  encodeCheckpoint,
  isCheckpoint,
  type Checkpoint,
  type PartitionPlace,
} from '../core/checkpoint.ts';
import { argumentError, HindsightError } from '../core/errors.ts';
import { idOfRecord } from '../core/record.ts';
import { describe } from '../core/text.ts';
import type { Engine } from '../engine/contract.ts';

/** A place as users name it: a checkpoint, or a bare position where the log has one partition. */
export type Place = Checkpoint | number;

/** The positions that a place stands for, one for each partition. Checks that the checkpoint belongs to this log and still holds. */
export async function positionsOf(engine: Engine, what: string, place: Place): Promise<readonly number[]> {
  const { partitionCount } = engine.identity;
  if (typeof place === 'number') {
    if (!Number.isSafeInteger(place) || place < 0)
      throw argumentError('INVALID_ARGUMENT', `${what} must be a checkpoint or a position from 0, not ${place}.`);
    if (partitionCount > 1)
      throw argumentError(
        'INVALID_ARGUMENT',
        `${what} must be a checkpoint: this log has ${partitionCount} partitions, and a bare position does not say in which.`,
      );
    return [place];
  }
  if (!isCheckpoint(place))
    throw argumentError('CHECKPOINT_INVALID', `${what} must be a checkpoint or a position, not ${describe(place)}.`);
  const { places } = decodeCheckpoint(place);
  await assertHolds(engine, place);
  return places.map(({ position }) => position);
}

/**
 * Throws unless the checkpoint belongs to this log, lies within its epoch, is not past the head, and the event that it names
 * stands where it says: `CHECKPOINT_FOREIGN`, `CHECKPOINT_DIVERGED`, `CHECKPOINT_AHEAD`.
 */
export async function assertHolds(engine: Engine, checkpoint: Checkpoint): Promise<void> {
  const parts = decodeCheckpoint(checkpoint);
  assertWithinEpoch(parts, engine.identity);
  const heads = await engine.heads();
  await Promise.all(
    parts.places.map((place, partition) => assertPlace(engine, place, { partition, head: heads[partition] ?? 0 })),
  );
}

async function assertPlace(
  engine: Engine,
  { position, eventId }: PartitionPlace,
  at: { readonly partition: number; readonly head: number },
): Promise<void> {
  const { partition, head } = at;
  if (position > head) {
    throw new HindsightError(
      'CHECKPOINT_AHEAD',
      `The checkpoint lies at position ${position} and the log ends at ${head}: it is ahead by ${position - head}. The log was shortened, or restored by hand from an earlier copy.`,
      {
        details: { partition, position, head },
      },
    );
  }
  if (eventId === undefined) return;
  const found = await engine.eventAt(partition, position);
  const foundId = found === undefined ? undefined : idOfRecord(found.record);
  if (foundId !== eventId) {
    throw new HindsightError(
      'CHECKPOINT_DIVERGED',
      `The checkpoint names event ${eventId} at position ${position}, where the log holds ${foundId ?? 'none'}: their histories parted before.`,
      {
        details: { partition, position, expectedEventId: eventId, actualEventId: foundId },
      },
    );
  }
}

/** The checkpoint of places in every partition, in the present epoch. */
export function checkpointOf(engine: Engine, places: readonly PartitionPlace[]): Checkpoint {
  const { logId, lineage } = engine.identity;
  const last = lineage.at(-1);
  if (last === undefined) throw new Error('A log has at least one epoch.');
  return encodeCheckpoint({ logId, epoch: last.epoch, places });
}

/** The place of each partition at these positions, with the events that stand there. */
export async function placesAt(engine: Engine, positions: readonly number[]): Promise<readonly PartitionPlace[]> {
  return await Promise.all(
    positions.map(async (position, partition) => {
      const event = position === 0 ? undefined : await engine.eventAt(partition, position);
      return { position, eventId: event && idOfRecord(event.record) };
    }),
  );
}
