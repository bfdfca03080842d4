/** After a restore the journal of a reaction, and what a process manager knows, have gone back with the log: it stands paused until somebody resumes it. */

import { isoOfMicros } from '../core/time.ts';
import type { LogIdentity } from '../store/engine-types.ts';
import type { ConsumerRecord } from './consumer-record.ts';
import { isFenced } from './consumer-spec.ts';

/** The epoch in which the log is. */
export function presentEpoch({ lineage }: LogIdentity): string {
  return lineage.at(-1)?.epoch ?? '';
}

/**
 * The record as it counts in the log's present epoch. One of a reaction or a process manager that was last told to run in an earlier epoch is paused,
 * also where no process has started it since.
 */
export function pausedByRestore(record: ConsumerRecord, identity: LogIdentity): ConsumerRecord {
  const epoch = presentEpoch(identity);
  if (!isFenced(record.kind) || record.logId !== identity.logId || record.epoch === epoch) return record;
  const began = identity.lineage.at(-1)?.beganAt ?? 0;
  return {
    ...record,
    epoch,
    status: 'paused',
    reason: `The store was restored at ${isoOfMicros(began)}. What was done after the backup is not known here; look at the world, then resume.`,
  };
}
