/** Accepting a command: its record is appended under its id, once. */

import type { Checkpoint } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import { commandStreamOf } from '../core/stream-id.ts';
import { resultOf } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Store } from '../store/store.ts';
import { timerWritesFor } from './due-command.ts';
import type { RecordedCommand } from './command.ts';
import { acceptanceKey, commandEvent, commandOfEvent } from './command-record.ts';
import type { AnyCommands } from './define-commands.ts';
import { noteAccepted } from './outcome-watch.ts';
import { keptCommand, writtenRecord } from './read-command.ts';
import type { GivenCommand } from './validate-command.ts';

/** A command that is recorded. */
export interface Accepted {
  readonly command: RecordedCommand;
  /** A place behind which its record lies. */
  readonly checkpoint: Checkpoint;
  /** It was accepted before, under its id. */
  readonly isDuplicate: boolean;
}

/** What was accepted under the id before; undefined where nothing was. Throws `KEY_REUSED` where it was another command. */
export async function acceptedBefore(store: AnyStore, command: GivenCommand): Promise<Accepted | undefined> {
  if (!command.isNamed) return undefined;
  const { context } = store;
  const kept = await keptCommand(context, command.id);
  if (kept === undefined) return undefined;
  const { event, answer } = kept;
  if (answer.digest !== command.digest) throw reusedError(command.id);
  return {
    command: commandOfEvent(event),
    checkpoint: resultOf(context.engine, { kind: 'duplicate', written: answer.written }).checkpoint,
    isDuplicate: true,
  };
}

/** Appends the record of a command, to be decided in its turn or at its time. */
export async function accept(
  store: AnyStore,
  commands: AnyCommands,
  command: RecordedCommand,
  options: { readonly digest: string; readonly signal: AbortSignal },
): Promise<Accepted> {
  const { context } = store;
  const timer = await timerWritesFor(context, commands, command);
  // Every store has the members that this needs, whatever events it declares.
  const answer = await (store as Store).appendInternal({
    isReservedAllowed: true,
    streams: [
      {
        streamId: commandStreamOf(command.streamId),
        events: [commandEvent(command, timer === undefined ? 'accepted' : 'scheduled')],
      },
    ],
    key: acceptanceKey(command.id),
    contentDigest: options.digest,
    ...(timer !== undefined && { keyedWrites: timer }),
    signal: options.signal,
  });
  if (answer.kind === 'keyReused') throw reusedError(command.id);
  const { checkpoint, isDuplicate } = resultOf(context.engine, answer);
  if (answer.kind !== 'duplicate') {
    noteAccepted(context, command.id);
    return { command, checkpoint, isDuplicate };
  }
  return { command: commandOfEvent(await writtenRecord(context, answer.written)), checkpoint, isDuplicate };
}

/** The error for an id under which another command was accepted. */
export function reusedError(commandId: string): HindsightError {
  return new HindsightError(
    'KEY_REUSED',
    `Another command was accepted under the id ${JSON.stringify(commandId)}: of another type, for another entity, with other data or another time. Nothing was written; give every command an id of its own.`,
    { details: { key: commandId } },
  );
}
