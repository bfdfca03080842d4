/**
 * When a consumer's place does not fit the log: it was restored, shortened, swapped or copied by hand. What can be known is
 * told: how far the consumer is ahead, and up to where the two histories are the same.
 */

import { decodeCheckpoint, type Checkpoint } from '../core/checkpoint.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import type { Engine } from '../store/engine-types.ts';
import { assertHolds, checkpointOf, placesAt } from '../store/places.ts';

/** How a consumer's place and the log at hand differ. */
export interface Divergence {
  readonly kind: 'foreign' | 'ahead' | 'diverged';
  readonly slice: number;
  readonly checkpoint: Checkpoint;
  /** By how many positions the consumer is beyond what the two have in common, over all partitions; undefined for a foreign log. */
  readonly aheadBy?: number;
  /** The newest place that both have for certain; undefined where they have none that is known. */
  readonly common?: Checkpoint;
  /** In each partition: the position up to which they are the same for certain, and the first at which they are known to differ. */
  readonly parted?: readonly { readonly sameUpTo: number; readonly differentFrom: number }[];
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
): Promise<readonly { readonly sameUpTo: number; readonly differentFrom: number }[]> {
  const { epoch, places } = decodeCheckpoint(checkpoint);
  const heads = await log.heads();
  const { lineage } = log.identity;
  const index = lineage.findIndex((each) => each.epoch === epoch);
  const next = index === -1 ? undefined : lineage[index + 1];
  const ended = next?.firstPositions.map((position) => position - 1);
  const isBeyondItsEpoch = ended?.some((end, partition) => (places[partition]?.position ?? 0) > end) === true;
  if (ended !== undefined && isBeyondItsEpoch)
    return places.map(({ position }, partition) => {
      const sameUpTo = Math.min(position, ended[partition] ?? 0);
      return { sameUpTo, differentFrom: sameUpTo + 1 };
    });
  const { held, broken } = await judgeTrail(log, checkpoint, trail);
  return places.map((_, partition) => {
    const sameUpTo = held?.[partition] ?? 0;
    // What is not there differs from what the consumer saw there.
    const differentFrom = Math.min(
      broken[partition] ?? Number.MAX_SAFE_INTEGER,
      Math.max(sameUpTo, heads[partition] ?? 0) + 1,
    );
    return { sameUpTo, differentFrom };
  });
}

/** The newest place that holds, and the oldest newer one that does not. */
async function judgeTrail(
  log: Engine,
  checkpoint: Checkpoint,
  trail: readonly Checkpoint[],
): Promise<{ readonly held: readonly number[] | undefined; readonly broken: readonly number[] }> {
  let broken = positionsIn(checkpoint);
  for (const place of trail) {
    if (place === checkpoint) continue;
    const positions = positionsIn(place);
    try {
      await assertHolds(log, place);
      return { held: positions, broken };
    } catch (error) {
      if (!isOfCheckpoint(error)) throw error;
      broken = positions.map((position, partition) => Math.min(position, broken[partition] ?? position));
    }
  }
  return { held: undefined, broken };
}

function isOfCheckpoint(error: unknown): boolean {
  return (
    isHindsightError(error, 'CHECKPOINT_AHEAD') ||
    isHindsightError(error, 'CHECKPOINT_DIVERGED') ||
    isHindsightError(error, 'CHECKPOINT_FOREIGN')
  );
}

function positionsIn(checkpoint: Checkpoint): readonly number[] {
  return decodeCheckpoint(checkpoint).places.map(({ position }) => position);
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
  const where = (parted ?? []).map(({ sameUpTo, differentFrom }, partition) => {
    const partitionText = (parted ?? []).length > 1 ? ` in partition ${partition}` : '';
    return differentFrom === sameUpTo + 1
      ? `the histories are the same up to position ${sameUpTo}${partitionText} and part there`
      : `the histories are the same up to position ${sameUpTo}${partitionText} at least, and differ from ${differentFrom} on at the latest`;
  });
  return `Consumer ${name} is ahead of what it has in common with this log by ${aheadBy} ${aheadBy === 1 ? 'position' : 'positions'}: ${where.join('; ')}. ${message} ${advice}`;
}
