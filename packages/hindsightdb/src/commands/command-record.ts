/**
 * How commands and their outcomes are recorded: events of the reserved stream `$command.<entity>`, beside the entity. See
 * docs/formats/commands.md.
 *
 *     $commandAccepted   a command that is to be decided in its turn; the event's id is the command's
 *     $commandScheduled  one that is to be decided later
 *     $commandDue        the time of a scheduled one has come
 *     $commandHandled    command and outcome in one: it was decided when it was accepted
 *     $commandDecided, $commandRejected, $commandCancelled, $commandAbandoned   the outcome of one that was accepted before
 *     $commandRefused    one that was not accepted, where that is kept: under no key; or, of a process manager, under its id
 */

import { commandTypes, outcomeTypes } from '../core/command-types.ts';
import { HindsightError } from '../core/errors.ts';
import type { Event, Metadata, RecordedEvent } from '../core/event.ts';
import { subjectOfCommandStream } from '../core/stream-id.ts';
import type { OutcomeDetails, RecordedCommand } from './command.ts';

export { commandTypes, outcomeTypes };

/** That the time of a scheduled command has come. */
export const commandDueType = '$commandDue';

/** The data of an event that holds a command. */
export interface CommandRecord {
  readonly type: string;
  readonly data: unknown;
  readonly acceptedAt: string;
  readonly dueAt?: string;
  readonly process?: { readonly name: string; readonly key: string };
  /** Only of `$commandHandled` and `$commandRefused`. */
  readonly outcome?: OutcomeDetails;
  /** Only of a refused command that stands under no key: the id under which it was sent. */
  readonly refusedId?: string;
}

/** The data of an event that holds an outcome. */
export type OutcomeRecord = OutcomeDetails & {
  readonly command: string;
  /** Of a command that a process manager issued: what it is, for the one that is told of it. */
  readonly issued?: Issued;
};

/** A command that a process manager issued: its type, and whose it is. */
export interface Issued {
  readonly type: string;
  readonly process: NonNullable<RecordedCommand['process']>;
}

/** The data of `$commandDue`: the command, and the version at which its record stands. */
export interface DueRecord {
  readonly command: string;
  readonly version: number;
}

/** What an event of the type `$commandDue` says. */
export function dueRecordOf({ data }: Pick<RecordedEvent, 'data'>): DueRecord {
  // Written by this library alone: the type is reserved.
  return data as DueRecord;
}

/** The key under which a command is accepted. */
export function acceptanceKey(commandId: string): string {
  return `$command/${commandId}`;
}

/** The key under which an outcome is appended, whatever it is. */
export function outcomeKey(commandId: string): string {
  return `$outcome/${commandId}`;
}

/** The digest behind that key: all outcomes of a command are the same write, of which the first one counts. */
export const outcomeDigest = 'outcome';

const holding: ReadonlySet<string> = new Set(Object.values(commandTypes));
const settling: ReadonlySet<string> = new Set(Object.values(outcomeTypes));

/** Whether an event holds a command. */
export function holdsCommand({ type }: Pick<RecordedEvent, 'type'>): boolean {
  return holding.has(type);
}

/** Whether an event holds an outcome: one of its own, or that of a command decided at once. */
export function holdsOutcome({ type }: Pick<RecordedEvent, 'type'>): boolean {
  return settling.has(type) || type === commandTypes.handled || type === commandTypes.refused;
}

/** The command that an event holds. Throws `STORE_CORRUPT` where it holds none. */
export function commandOfEvent(event: RecordedEvent): RecordedCommand {
  const { id, metadata } = event;
  const { type, data, acceptedAt, dueAt, process } = recordOf(event);
  return {
    id,
    type,
    streamId: entityOf(event),
    data,
    metadata,
    acceptedAt,
    ...(dueAt !== undefined && { dueAt }),
    at: decisionTime({ dueAt, acceptedAt }),
    ...(process !== undefined && { process }),
  };
}

/** The time that a decision goes by. One that was due before it came is decided when it came: nobody sets back what is decided. */
export function decisionTime({
  dueAt,
  acceptedAt,
}: {
  readonly dueAt: string | undefined;
  readonly acceptedAt: string;
}): string {
  // Both are ISO 8601 in UTC to the microsecond, which sorts as time does.
  return dueAt !== undefined && dueAt > acceptedAt ? dueAt : acceptedAt;
}

/** The record in an event that holds a command. */
export function recordOf(event: RecordedEvent): CommandRecord {
  const { data } = event;
  if (holdsCommand(event) && typeof data === 'object' && data !== null && 'acceptedAt' in data)
    // Written by this library alone: the type is reserved.
    return data as CommandRecord;
  throw new HindsightError('STORE_CORRUPT', `Event ${event.id} of ${event.streamId} holds no command.`);
}

/** The outcome that an event holds, and the command that it is of. Throws `STORE_CORRUPT` where it holds none. */
export function outcomeOfEvent(event: RecordedEvent): { readonly command: string; readonly details: OutcomeDetails } {
  const { data } = event;
  if (holdsCommand(event)) {
    const { outcome } = recordOf(event);
    if (outcome !== undefined) return { command: event.id, details: outcome };
  } else if (settling.has(event.type) && typeof data === 'object' && data !== null && 'command' in data) {
    // As above.
    const { command, issued: _issued, ...details } = data as OutcomeRecord;
    return { command, details };
  }
  throw new HindsightError('STORE_CORRUPT', `Event ${event.id} of ${event.streamId} holds no outcome.`);
}

/** The command whose outcome an event holds, where a process manager issued it; undefined for any other. */
export function issuedIn(event: RecordedEvent): Issued | undefined {
  if (holdsCommand(event)) {
    const { type, process } = recordOf(event);
    return process && { type, process };
  }
  const { data } = event;
  if (!settling.has(event.type) || typeof data !== 'object' || data === null) return undefined;
  // As above.
  return (data as OutcomeRecord).issued;
}

/** The entity whose command stream an event is of. */
export function entityOf({ streamId }: Pick<RecordedEvent, 'streamId'>): string {
  return subjectOfCommandStream(streamId) ?? streamId;
}

/** The event that records an outcome. Where a process manager issued the command, a tag leads it there. */
export function outcomeEvent(
  { id, type, metadata, process }: Pick<RecordedCommand, 'id' | 'type' | 'metadata' | 'process'>,
  details: OutcomeDetails,
): Event {
  return {
    type: outcomeTypes[details.kind],
    data: {
      command: id,
      ...details,
      ...(process !== undefined && { issued: { type, process } }),
    } satisfies OutcomeRecord,
    metadata: metadataBehind({ id, metadata }),
    ...(process !== undefined && { tags: [processTag(process.name)] }),
  };
}

/** The tag of outcomes that a process manager is to hear of. */
export function processTag(process: string): string {
  return `process:${process}`;
}

/** The event that records a command: as accepted, as scheduled, or with its outcome. */
export function commandEvent(command: RecordedCommand, state: 'accepted' | 'scheduled' | OutcomeDetails): Event {
  const { id, type, data, metadata, acceptedAt, dueAt, process } = command;
  const outcome = typeof state === 'string' ? undefined : state;
  return {
    id,
    type: typeof state === 'string' ? commandTypes[state] : commandTypes.handled,
    data: {
      type,
      data,
      acceptedAt,
      ...(dueAt !== undefined && { dueAt }),
      ...(process !== undefined && { process }),
      ...(outcome !== undefined && { outcome }),
    } satisfies CommandRecord,
    metadata,
    ...(outcome !== undefined && process !== undefined && { tags: [processTag(process.name)] }),
  };
}

/** Metadata of what follows from a command: its own, with the command as the cause. */
export function metadataBehind({ id, metadata }: Pick<RecordedCommand, 'id' | 'metadata'>): Metadata {
  return { ...metadata, correlationId: metadata.correlationId ?? id, causationId: id };
}
