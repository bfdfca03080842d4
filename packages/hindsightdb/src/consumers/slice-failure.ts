/** What may go wrong while a slice is worked on, told apart by what helps: trying again, setting an event aside, or stopping. */

import { isConflict, isHindsightError, type ErrorCode } from '../core/errors.ts';
import { isoOfMicros } from '../core/time.ts';
import type { ConsumerFailure } from './consumer-record.ts';
import { BatchFailure, EventFailure, type SliceWrites } from './consumer-spec.ts';
import { describeError } from './letter.ts';

/** Stops the consumer, which says why and waits to be resumed. */
export class ConsumerStop extends Error {
  readonly failure: ConsumerFailure;

  constructor(failure: ConsumerFailure, cause: unknown) {
    super(failure.message, { cause });
    this.name = 'ConsumerStop';
    this.failure = failure;
  }
}

/** The stop that follows from an error. */
export function stopFor(error: unknown, now: number): ConsumerStop {
  const isOfEvent = error instanceof EventFailure;
  const cause = isOfEvent || error instanceof BatchFailure ? error.cause : error;
  const { message, code } = describeError(cause);
  const at = isoOfMicros(now);
  if (!isOfEvent) return new ConsumerStop({ message, ...(code !== undefined && { code }), at }, cause);
  const { id, type, streamId, version, partition, position } = error.event;
  const event = { id, type, streamId, version, partition, position };
  return new ConsumerStop({ message, ...(code !== undefined && { code }), event, at }, cause);
}

const passingCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'STORE_BUSY',
  'STORE_UNREACHABLE',
  'OVERLOADED',
  'DISK_FULL',
  'OUTCOME_UNKNOWN',
]);

/** Whether an error passes by itself, so that trying again without end is right: nothing is wrong with what is tried. */
export function isPassing(error: unknown): boolean {
  return isConflict(error) || (isHindsightError(error) && passingCodes.has(error.code));
}

/** A statement that the database refused is the failure of the event that it is of. */
export function blameEvent(error: unknown, { eventOf }: Pick<SliceWrites, 'eventOf'>): unknown {
  if (!isHindsightError(error, 'VIEW_SQL_FAILED') || eventOf === undefined) return error;
  const details: unknown = Reflect.get(error, 'details');
  const statement: unknown =
    typeof details === 'object' && details !== null ? Reflect.get(details, 'statement') : undefined;
  const event = typeof statement === 'number' ? eventOf(statement) : undefined;
  return event === undefined ? error : new EventFailure(event, error);
}
