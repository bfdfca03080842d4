/**
 * When a consumer's place does not fit the log: it was restored, shortened, swapped or copied by hand. What can be known is
 * told: how far the consumer is ahead, and up to where the two histories are the same.
 */

import { assertWithinEpoch, decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import { idOfRecord } from '../core/record.ts';
import type { Engine } from '../store/engine-types.ts';
import { assertHolds, checkpointOf, placesAt } from '../store/places.ts';

/** How two histories lie to one another in one partition. */
export interface Parting {
  /** The position up to which they are the same for certain. */
  readonly sameUpTo: number;
  /** The first position at which they are known to differ; absent where they are the same as far as the consumer has come. */
  readonly differentFrom?: number;
}

/** How a consumer's place and the log at hand differ. */
export interface Divergence {
  readonly kind: 'foreign' | 'ahead' | 'diverged';
  readonly slice: number;
  readonly checkpoint: Checkpoint;
  /** By how many positions the consumer is beyond what the two have in common, over all partitions; undefined for a foreign log. */
  readonly aheadBy?: number;
  /** The newest place that both have for certain; undefined where they have none that is known. */
  readonly common?: Checkpoint;
  /** What is known of each partition. */
  readonly parted?: readonly Parting[];
  /** What the log said of the checkpoint. */
  readonly message: string;
}

/** Undefined where the checkpoint fits; else what is known. */
export async function divergenceOf(
  log: Engine,
  slice: number,
  checkpoint: Checkpoint,
  trail: readonly Checkpoint[],
): Promise<Divergence | undefined> {
  try {
    await assertHolds(log, checkpoint);
    return undefined;
  } catch (error) {
    if (isHindsightError(error, 'CHECKPOINT_FOREIGN'))
      return { kind: 'foreign', slice, checkpoint, message: error.message };
    if (isHindsightError(error, 'CHECKPOINT_AHEAD') || isHindsightError(error, 'CHECKPOINT_DIVERGED')) {
      const kind = isHindsightError(error, 'CHECKPOINT_AHEAD') ? 'ahead' : 'diverged';
      const parted = await partingOf(log, checkpoint, trail);
      const places = decodeCheckpoint(checkpoint).places;
      const aheadBy = places.reduce((sum, { position }, partition) => {
        const sameUpTo = parted[partition]?.sameUpTo ?? 0;
        return sum + Math.max(0, position - sameUpTo);
      }, 0);
      const positions = parted.map(({ sameUpTo }) => sameUpTo);
      // That both began at nothing is no place which the consumer ever was at.
      const isKnown = positions.some((position) => position > 0);
      const common = isKnown && checkpointOf(log, await placesAt(log, positions));
      return { kind, slice, checkpoint, aheadBy, ...(common && { common }), parted, message: error.message };
    }
    throw error;
  }
}

/**
 * Up to where the histories are the same. Where the consumer's epoch is one of the log's own, a restore ended it at a known
 * position, and up to there they are the same. Else the trail tells: the newest place of it that holds.
 */
async function partingOf(
  log: Engine,
  checkpoint: Checkpoint,
  trail: readonly Checkpoint[],
): Promise<readonly Parting[]> {
  const { epoch, places } = decodeCheckpoint(checkpoint);
  const heads = await log.heads();
  const { lineage } = log.identity;
  const index = lineage.findIndex((each) => each.epoch === epoch);
  const next = index === -1 ? undefined : lineage[index + 1];
  const ended = next?.firstPositions.map((position) => position - 1);
  const isBeyondItsEpoch = ended?.some((end, partition) => (places[partition]?.position ?? 0) > end) === true;
  if (ended !== undefined && isBeyondItsEpoch)
    return places.map(({ position }, partition) => {
      const end = ended[partition] ?? 0;
      return position <= end ? { sameUpTo: position } : { sameUpTo: end, differentFrom: end + 1 };
    });
  return await Promise.all(
    places.map(async (_, partition) => {
      const passed = [checkpoint, ...trail]
        .map((each) => placeIn(log, each, partition))
        .filter((place) => place !== undefined);
      return await partingIn(log, passed, { partition, head: heads[partition] ?? 0 });
    }),
  );
}

/** The place of a checkpoint in one partition. One of an epoch, or a log, that is not this one's names an event that is not here. */
function placeIn({ identity }: Engine, checkpoint: Checkpoint, partition: number): PartitionPlace | undefined {
  const parts = decodeCheckpoint(checkpoint);
  try {
    assertWithinEpoch(parts, identity);
    return parts.places[partition];
  } catch (error) {
    if (!isHindsightError(error)) throw error;
    // It names no event of this log, and still says that one stood there.
    return { position: parts.places[partition]?.position ?? 0, eventId: foreignId };
  }
}

/** No event has this id. */
const foreignId = '';

/** Of places that were passed, newest first: the newest that the log has as well, and the oldest newer one that it has not. */
async function partingIn(
  log: Engine,
  passed: readonly PartitionPlace[],
  { partition, head }: { readonly partition: number; readonly head: number },
): Promise<Parting> {
  let differentFrom: number | undefined;
  for (const { position, eventId } of passed) {
    const isHere = position === 0 || (position <= head && (await isEventAt(log, { partition, position, eventId })));
    // What is not there differs from what the consumer saw there.
    if (isHere)
      return { sameUpTo: position, ...(differentFrom && { differentFrom: Math.min(differentFrom, head + 1) }) };
    differentFrom = Math.min(position, differentFrom ?? position);
  }
  return { sameUpTo: 0, ...(differentFrom && { differentFrom: Math.min(differentFrom, head + 1) }) };
}

async function isEventAt(
  log: Engine,
  { partition, position, eventId }: PartitionPlace & { readonly partition: number },
): Promise<boolean> {
  if (eventId === undefined) return true;
  const found = await log.eventAt(partition, position);
  return found !== undefined && idOfRecord(found.record) === eventId;
}

/** The error that a consumer stops with. */
export function divergedError(name: string, divergence: Divergence): HindsightError {
  return new HindsightError('CONSUMER_DIVERGED', describeDivergence(name, divergence), {
    details: { name, ...divergence },
  });
}

function describeDivergence(name: string, { kind, aheadBy = 0, parted, message }: Divergence): string {
  const advice = 'Start it with onDiverged: rewind or reset, or put the right store back.';
  if (kind === 'foreign') return `Consumer ${name} followed another log. ${message} ${advice}`;
  const where = (parted ?? []).flatMap(({ sameUpTo, differentFrom }, partition) => {
    if (differentFrom === undefined) return [];
    const partitionText = (parted ?? []).length > 1 ? ` in partition ${partition}` : '';
    return differentFrom === sameUpTo + 1
      ? `the histories are the same up to position ${sameUpTo}${partitionText} and part there`
      : `the histories are the same up to position ${sameUpTo}${partitionText} at least, and differ from ${differentFrom} on at the latest`;
  });
  return `Consumer ${name} is ahead of what it has in common with this log by ${aheadBy} ${aheadBy === 1 ? 'position' : 'positions'}: ${where.join('; ')}. ${message} ${advice}`;
}
