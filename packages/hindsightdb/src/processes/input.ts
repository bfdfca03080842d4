/** What a process manager handles: what the log says, and timers that are due. */

import type { OutcomeDetails, RecordedCommand } from '../commands/command.ts';
import {
  commandTypes,
  entityOf,
  holdsCommand,
  holdsOutcome,
  outcomeOfEvent,
  outcomeTypes,
  recordOf,
} from '../commands/command-record.ts';
import { argumentError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { sha256Hex } from '../core/sha256.ts';
import { describe } from '../core/text.ts';
import type { Process, Rejection } from './process.ts';
import type { PendingTimer, StepCause } from './step.ts';

/** One stored event, as upcasters made one or several of it that are of one instance. */
export interface LogInput {
  readonly kind: 'log';
  readonly events: readonly [RecordedEvent, ...RecordedEvent[]];
}

/** A timer whose time has come. */
export interface TimerInput {
  readonly kind: 'timer';
  readonly timer: string;
  readonly pending: PendingTimer;
}

/** Something that an instance handles. */
export type ProcessInput = LogInput | TimerInput;

/** The instance that an event of the log is for; undefined where it is for none. Throws what `key` throws. */
export function keyOf(process: Process, event: RecordedEvent): string | undefined {
  if (holdsOutcome(event)) return keyOfRejection(process, event);
  if (!process.on.has(event.type)) return undefined;
  const key = process.key(event);
  if (key === undefined || (typeof key === 'string' && key !== '')) return key;
  throw argumentError(
    'INVALID_ARGUMENT',
    `key of the process manager ${process.name} must return a text that is not empty, or undefined, not ${describe(key)}.`,
  );
}

function keyOfRejection(process: Process, event: RecordedEvent): string | undefined {
  const { details, issuer } = outcomeFor(event);
  return details.kind !== 'decided' && issuer?.name === process.name ? issuer.key : undefined;
}

/** The rejection that an event of the log holds; undefined for any other. */
export function rejectionOf(event: RecordedEvent): Rejection | undefined {
  if (!holdsOutcome(event)) return undefined;
  const { commandId, type, details } = outcomeFor(event);
  if (details.kind === 'decided') return undefined;
  const { kind } = details;
  return {
    commandId,
    type,
    streamId: entityOf(event),
    kind,
    ...('error' in details && details.error !== undefined && { error: details.error }),
    ...('reason' in details && details.reason !== undefined && { reason: details.reason }),
  };
}

/** What an event says of an outcome and its command: a record with its outcome, or an outcome that came later. */
function outcomeFor(event: RecordedEvent): {
  readonly commandId: string;
  readonly type: string;
  readonly details: OutcomeDetails;
  readonly issuer: RecordedCommand['process'];
} {
  const { command, details } = outcomeOfEvent(event);
  if (holdsCommand(event)) {
    const { type, process } = recordOf(event);
    return { commandId: command, type, details, issuer: process };
  }
  // What an outcome of a process manager's command says beside the others.
  const { type, process } = event.data as Partial<Pick<RecordedCommand, 'type' | 'process'>>;
  return { commandId: command, type: type ?? '', details, issuer: process };
}

/** Types of events that hold outcomes other than a decision. */
export const rejectionTypes: readonly string[] = [
  outcomeTypes.rejected,
  outcomeTypes.cancelled,
  outcomeTypes.abandoned,
  commandTypes.handled,
];

/** How an input is named in its step. */
export function causeOf(input: ProcessInput): StepCause {
  if (input.kind === 'timer') return { kind: 'timer', timer: input.timer, dueAt: input.pending.dueAt };
  const [event] = input.events;
  const { id, type, streamId, version } = event;
  const rejection = rejectionOf(event);
  if (rejection === undefined) return { kind: 'event', id, type, streamId, version };
  return {
    kind: 'rejection',
    id,
    command: rejection.commandId,
    type: rejection.type,
    streamId: rejection.streamId,
    outcome: rejection.kind,
  };
}

/** The time of an input: ISO 8601. */
export function timeOf(input: ProcessInput): string {
  return input.kind === 'timer' ? input.pending.dueAt : input.events[0].recordedAt;
}

/**
 * The id of the step of an input: a UUID of version 8, made of what can never be the same for two inputs. Ids of events may be, since
 * users give them; the place of an event in its stream is not, nor does a step set a timer twice.
 */
export function stepIdOf(process: string, key: string, input: ProcessInput): string {
  const place =
    input.kind === 'timer'
      ? ['timer', input.pending.setBy, input.timer]
      : ['log', input.events[0].streamId, input.events[0].version];
  const digest = sha256Hex(JSON.stringify([process, key, ...place]));
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `a${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
