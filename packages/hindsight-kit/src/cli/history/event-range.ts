/**
 * From which event on a history is shown: a moment, and the version of a stream with which it begins.
 */

import type { Checkpoint, RecordedEvent, Store, StoredEvent } from 'hindsightdb';
import type { FoundMoment } from './moment-options.ts';

/** The beginning of what is shown of a stream. */
export interface EventRange {
  /** Undefined where the version does not tell: by occurrence, later versions may belong to earlier times. */
  readonly fromVersion: number | undefined;
  readonly includes: (event: RecordedEvent) => boolean;
}

const all = (): boolean => true;

/** Where a stream is to be entered for what came at or after a moment: from a version or a time on, or behind a place. */
export async function rangeFrom(store: Store, streamId: string, { asOf }: FoundMoment): Promise<EventRange> {
  if (asOf === undefined) return { fromVersion: 1, includes: all };
  if ('version' in asOf) return { fromVersion: Math.max(1, asOf.version), includes: all };
  if ('occurredAt' in asOf) {
    const from = millisOf(asOf.occurredAt);
    return {
      fromVersion: undefined,
      includes: ({ occurredAt, recordedAt }) => millisOf(occurredAt ?? recordedAt) >= from,
    };
  }
  if ('time' in asOf) {
    const from = millisOf(asOf.time) * 1000;
    return { fromVersion: await firstVersion(store, streamId, (event) => event.recordedAt >= from), includes: all };
  }
  const { checkpoint } = asOf;
  const position = typeof checkpoint === 'number' ? checkpoint : await positionIn(store, checkpoint);
  return { fromVersion: await firstVersion(store, streamId, (event) => event.position > position), includes: all };
}

function millisOf(time: string | Date): number {
  return (time instanceof Date ? time : new Date(time)).getTime();
}

/** The position that a checkpoint has reached: that of the newest event up to it. */
async function positionIn(store: Store, checkpoint: Checkpoint): Promise<number> {
  const newest = await store.readRecords({ until: checkpoint, direction: 'backward', limit: 1 }).first();
  return newest?.position ?? 0;
}

/**
 * The version of the first event of a stream that passes a test which all later ones pass too; the one behind the newest
 * where none does. It is found by halving, with a read of one event each time.
 */
async function firstVersion(store: Store, streamId: string, passes: (event: StoredEvent) => boolean): Promise<number> {
  let low = 1;
  let high = (await store.streamInfo(streamId)).version + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    // Where the beginning is hidden, the read finds the first event behind it.
    const event = await store.readStreamRecords(streamId, { fromVersion: middle, limit: 1 }).first();
    if (event === undefined || passes(event)) high = middle;
    else low = event.version + 1;
  }
  return Math.max(1, low);
}
