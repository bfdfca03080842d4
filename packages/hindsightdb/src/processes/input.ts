/** What a process manager handles: what the log says, and timers that are due. */

import { commandTypes } from '../core/command-types.ts';
import {
  entityOf as entityOfCommand,
  holdsOutcome,
  issuedIn,
  outcomeOfEvent,
  outcomeTypes,
  processTag,
} from '../commands/command-record.ts';
import { argumentError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { Query } from '../core/query.ts';
import { sha256Hex } from '../core/sha256.ts';
import { isReserved } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
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

/** Keys are as long as the ids of streams may be in a store of any engine, without the name in front. */
const keyBytesMax = 900;

/** What the entity of an event begins with whose key cannot be told. */
const withoutKey = '?';

/** The instance that an event of the log is for; undefined where it is for none. Throws what `key` throws. */
export function keyOf(process: Process, event: RecordedEvent): string | undefined {
  if (isReserved(event.type)) return keyOfRejection(process, event);
  if (!process.on.has(event.type)) return undefined;
  const key = process.key(event);
  if (key === undefined) return undefined;
  assertName(`What key of the process manager ${process.name} returns`, key, keyBytesMax);
  if (!key.startsWith(withoutKey)) return key;
  throw argumentError(
    'INVALID_ARGUMENT',
    `A key must not begin with ${withoutKey}, as ${describe(key)} does: letters of events without a key stand under such names.`,
  );
}

function keyOfRejection({ name }: Process, event: RecordedEvent): string | undefined {
  const issuer = issuedIn(event)?.process;
  return issuer?.name === name && rejectionOf(event) !== undefined ? issuer.key : undefined;
}

/** What is kept in order with an event: its instance. Where that cannot be told, or there is none, its stream. */
export function entityOf(process: Process, event: RecordedEvent): string {
  try {
    const key = keyOf(process, event);
    if (key !== undefined) return key;
  } catch {
    // It fails where it is handled as well, and is set aside there.
  }
  return `${withoutKey}${event.streamId.slice(0, keyBytesMax)}`.toWellFormed();
}

/** The rejection that an event of the log holds; undefined for any other. */
export function rejectionOf(event: RecordedEvent): Rejection | undefined {
  const issued = issuedIn(event);
  if (issued === undefined || !holdsOutcome(event)) return undefined;
  const { command, details } = outcomeOfEvent(event);
  if (details.kind === 'decided') return undefined;
  const { kind } = details;
  return {
    commandId: command,
    type: issued.type,
    streamId: entityOfCommand(event),
    kind,
    ...('error' in details && details.error !== undefined && { error: details.error }),
    ...('reason' in details && details.reason !== undefined && { reason: details.reason }),
  };
}

/** What a process manager follows: events with a handler, and outcomes of what it issued where it wants to hear of them. */
export function followed({ name, query, rejected }: Process): Query {
  if (rejected.size === 0) return query;
  const { handled, refused } = commandTypes;
  const types = [outcomeTypes.rejected, outcomeTypes.cancelled, outcomeTypes.abandoned, handled, refused];
  return [...query, { types, tags: [processTag(name)] }];
}

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
