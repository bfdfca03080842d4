/**
 * Checkpoints: places in the log, opaque to users. One names the log, its epoch and, for each partition, how far was looked
 * and which event stood there, so that a restored, swapped or shortened store is noticed.
 *
 *     h1~<log id>~<epoch>~<position>!<event id>~<position>~…
 */

import { argumentError, HindsightError } from './errors.ts';
import { describe } from './text.ts';

declare const checkpointBrand: unique symbol;

/** A place in the log: a text to keep and hand back. Compare checkpoints through the store, not as texts. */
export type Checkpoint = string & { readonly [checkpointBrand]: true };

/** A place in one partition. */
export interface PartitionPlace {
  /** How far was looked; 0 is before the first event. */
  readonly position: number;
  /** The id of the event at that position; undefined when there is none. */
  readonly eventId: string | undefined;
}

/** What a checkpoint says. */
export interface CheckpointParts {
  readonly logId: string;
  readonly epoch: string;
  /** One for each partition, in order. */
  readonly places: readonly PartitionPlace[];
}

/**
 * Whether a value is a checkpoint by its form, such as a text that was kept and is to be handed back. Which log it belongs
 * to and whether it still holds, the store tells when it is used.
 */
export function isCheckpoint(value: unknown): value is Checkpoint {
  return typeof value === 'string' && value.startsWith('h1~');
}

/** How the last checkpoint began: most of a process are of one log and epoch. */
let last = { logId: '', epoch: '', text: 'h1~~' };

/** The checkpoint that says this. */
export function encodeCheckpoint({ logId, epoch, places }: CheckpointParts): Checkpoint {
  if (logId !== last.logId || epoch !== last.epoch)
    last = { logId, epoch, text: `h1~${encodeId(logId)}~${encodeId(epoch)}` };
  let { text } = last;
  for (const { position, eventId } of places)
    text += eventId === undefined ? `~${position}` : `~${position}!${encodeId(eventId)}`;
  // The brand exists in types only; this is the one place that gives it.
  return text as Checkpoint;
}

const plainId = /^[0-9A-Za-z_.-]*$/;

/** An id without the characters that part a checkpoint: `~`, `!` and what is no printable ASCII. */
function encodeId(id: string): string {
  // A UUID, the common case, passes without a copy.
  return plainId.test(id) ? id : encodeURIComponent(id).replaceAll('~', '%7E').replaceAll('!', '%21');
}

/** Throws a `TypeError` with `CHECKPOINT_INVALID` when the text is none. */
export function decodeCheckpoint(checkpoint: string): CheckpointParts {
  const [version, logId, epoch, ...places] = typeof checkpoint === 'string' ? checkpoint.split('~') : [];
  if (version !== 'h1' || !logId || !epoch || places.length === 0) throw invalid(checkpoint);
  try {
    return {
      logId: decodeURIComponent(logId),
      epoch: decodeURIComponent(epoch),
      places: places.map((place) => decodePlace(place, checkpoint)),
    };
  } catch (error) {
    throw error instanceof URIError ? invalid(checkpoint) : error;
  }
}

function decodePlace(text: string, checkpoint: string): PartitionPlace {
  const [digits = '', encodedId, ...rest] = text.split('!');
  if (!/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(Number(digits)) || rest.length > 0) throw invalid(checkpoint);
  return { position: Number(digits), eventId: encodedId === undefined ? undefined : decodeURIComponent(encodedId) };
}

function invalid(checkpoint: unknown): TypeError {
  return argumentError(
    'CHECKPOINT_INVALID',
    `A checkpoint is a text that the store gave, not ${describe(checkpoint)}.`,
  );
}

/** The part of a log's identity against which checkpoints are judged. */
export interface CheckpointJudge {
  readonly logId: string;
  readonly partitionCount: number;
  readonly lineage: readonly { readonly epoch: string; readonly firstPositions: readonly number[] }[];
}

/**
 * Throws unless the checkpoint is of this log and lies within its epoch. What only the events can tell, whether the one at
 * its position is the one it names, is for the caller.
 */
export function assertWithinEpoch(parts: CheckpointParts, log: CheckpointJudge): void {
  if (parts.logId !== log.logId || parts.places.length !== log.partitionCount) {
    throw new HindsightError(
      'CHECKPOINT_FOREIGN',
      `The checkpoint belongs to log ${parts.logId}, and this is log ${log.logId}.`,
    );
  }
  const index = log.lineage.findIndex((epoch) => epoch.epoch === parts.epoch);
  if (index === -1) {
    throw new HindsightError(
      'CHECKPOINT_DIVERGED',
      'The checkpoint was taken in a life of this log that the store at hand never had: it was restored from an earlier copy.',
      { details: { epoch: parts.epoch } },
    );
  }
  const next = log.lineage[index + 1];
  parts.places.forEach(({ position }, partition) => {
    const end = (next?.firstPositions[partition] ?? Number.MAX_SAFE_INTEGER) - 1;
    if (position > end) {
      throw new HindsightError(
        'CHECKPOINT_DIVERGED',
        `The checkpoint lies at position ${position}; the log that it followed was restored to an earlier state and goes its own way after position ${end}.`,
        {
          details: { partition, position, commonPosition: end },
        },
      );
    }
  });
}
