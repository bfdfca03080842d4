/** Where a consumer begins that has not been anywhere yet. */

import type { PartitionPlace } from '../core/checkpoint.ts';
import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { microsOf } from '../core/time.ts';
import type { Engine } from '../store/engine-types.ts';
import { placesAt, positionsOf } from '../store/places.ts';
import type { StartAt } from './consumer-spec.ts';

/** Throws a `TypeError` unless it says where to begin. */
export function assertStartAt(startAt: unknown): void {
  if (startAt === 'beginning' || startAt === 'now') return;
  if (typeof startAt === 'object' && startAt !== null && ('after' in startAt || 'time' in startAt)) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `startAt must be 'beginning', 'now', { after: checkpoint } or { time }, not ${describe(startAt)}.`,
  );
}

/** The places behind which it begins. */
export async function startPlaces(log: Engine, startAt: StartAt): Promise<readonly PartitionPlace[]> {
  if (startAt === 'beginning')
    return Array.from({ length: log.identity.partitionCount }, () => ({ position: 0, eventId: undefined }));
  if (startAt === 'now') return await placesAt(log, await log.heads());
  if ('after' in startAt) return await placesAt(log, await positionsOf(log, 'startAt.after', startAt.after));
  // Behind the last event that was recorded before the time.
  const before = microsOf('startAt.time', startAt.time) - 1;
  const partitions = Array.from({ length: log.identity.partitionCount }, (_, partition) => partition);
  return await placesAt(log, await Promise.all(partitions.map((partition) => log.positionAtTime(partition, before))));
}
