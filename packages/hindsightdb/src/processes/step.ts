/**
 * Steps: what a process manager records of each thing that it handles, as an event of the instance's stream. See
 * docs/decisions/0021.
 */

import type { PartitionPlace } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import { stepType, type Event, type RecordedEvent } from '../core/event.ts';

/** What led to a step. */
export type StepCause =
  | {
      readonly kind: 'event';
      readonly id: string;
      readonly type: string;
      readonly streamId: string;
      readonly version: number;
    }
  | { readonly kind: 'timer'; readonly timer: string; readonly dueAt: string }
  | {
      readonly kind: 'rejection';
      /** The event that holds the outcome. */
      readonly id: string;
      readonly command: string;
      readonly type: string;
      readonly streamId: string;
      readonly outcome: 'rejected' | 'cancelled' | 'abandoned';
    };

/** A command that a step issues. */
export interface IssuedCommand {
  /** `<id of the step>.<ordinal>`. */
  readonly id: string;
  /** The name of the commands that it is of. */
  readonly commands: string;
  readonly type: string;
  readonly streamId: string;
  readonly data: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly dueAt?: string;
}

/** A timer that is pending. */
export interface PendingTimer {
  /** ISO 8601, in UTC with microseconds. */
  readonly dueAt: string;
  /** The id of the step that set it. */
  readonly setBy: string;
  readonly correlationId?: string;
}

/** The data of a step. */
export interface StepData<State = unknown> {
  /** What it was led to by. */
  readonly on: StepCause;
  /** The state after it; absent where there is none. */
  readonly state?: State;
  /** What it issues. */
  readonly commands: readonly IssuedCommand[];
  /** All timers that are pending after it, by name. */
  readonly timers: Readonly<Record<string, PendingTimer>>;
  /** Present where it ended the instance. */
  readonly ended?: true;
  /** The version of the process manager that took it. */
  readonly version: number;
  /**
   * For each partition the newest event of the log that the instance had handled, also where that led to no step: handed out again
   * after a crash, what lies before it is passed over.
   */
  readonly handled: readonly (PartitionPlace | null)[];
}

/** A step as an event. */
export type ProcessAdvanced<State = unknown> = Event<typeof stepType, StepData<State>>;

/** The stream of an instance. */
export function instanceStream(process: string, key: string): string {
  return `${process}-${key}`;
}

/** The data of a step. Throws `STORE_CORRUPT` where an event of that type holds none. */
export function stepOf(event: Pick<RecordedEvent, 'id' | 'type' | 'streamId' | 'data'>): StepData {
  const { data } = event;
  if (event.type === stepType && typeof data === 'object' && data !== null && 'on' in data && 'timers' in data)
    // Written by this library alone, as far as nobody appends to the streams of a process manager.
    return data as StepData;
  throw new HindsightError(
    'STORE_CORRUPT',
    `Event ${event.id} of ${event.streamId} is no step of a process manager. Nobody else may append to its streams.`,
  );
}
