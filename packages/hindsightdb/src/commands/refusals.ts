/** What is kept of commands that were not accepted. */

import { commandStreamOf } from '../core/stream-id.ts';
import { isoOfMicros } from '../core/time.ts';
import { resultOf } from '../store/append.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Store } from '../store/store.ts';
import type { Accepted } from './accept-command.ts';
import type { RecordedCommand } from './command.ts';
import { commandTypes } from '../core/command-types.ts';
import { acceptanceKey, commandOfEvent, processTag, type CommandRecord } from './command-record.ts';
import { recordedError } from './job.ts';
import { tellOutcome } from './outcome-watch.ts';
import { outcomeIn, writtenRecord } from './read-command.ts';
import type { GivenCommand } from './validate-command.ts';

/** Keeps a refused command for those who look later. It stands under no key: sent again with better data, it may be accepted. */
export async function keepRefused(store: AnyStore, command: GivenCommand, error: unknown): Promise<void> {
  const record: CommandRecord = { ...refusedRecord(store, command, error), refusedId: command.id };
  const { metadata = {}, streamId } = command.given;
  // Every store has the members that this needs, whatever events it declares.
  const answer = await (store as Store).appendInternal({
    isReservedAllowed: true,
    streams: [
      { streamId: commandStreamOf(streamId), events: [{ type: commandTypes.refused, data: record, metadata }] },
    ],
  });
  resultOf(store.context.engine, answer);
}

/** Records a refused command of a process manager under its id, with the refusal as its outcome: the process is told of that. */
export async function rejectAtOnce(
  store: AnyStore,
  command: GivenCommand,
  options: {
    readonly process: NonNullable<RecordedCommand['process']>;
    readonly error: unknown;
    readonly signal: AbortSignal;
  },
): Promise<Accepted> {
  const { process, error, signal } = options;
  const { context } = store;
  const { id, given, digest } = command;
  const record: CommandRecord = { ...refusedRecord(store, command, error), process };
  // As above.
  const answer = await (store as Store).appendInternal({
    isReservedAllowed: true,
    streams: [
      {
        streamId: commandStreamOf(given.streamId),
        events: [
          {
            id,
            type: commandTypes.refused,
            data: record,
            tags: [processTag(process.name)],
            metadata: given.metadata ?? {},
          },
        ],
      },
    ],
    key: acceptanceKey(id),
    contentDigest: digest,
    signal,
  });
  const { checkpoint, isDuplicate } = resultOf(context.engine, answer);
  if (answer.kind !== 'appended' && answer.kind !== 'duplicate') throw new Error('Any other answer has thrown.');
  const event = await writtenRecord(context, answer.written);
  if (!isDuplicate) tellOutcome(context, outcomeIn(context, event));
  return { command: commandOfEvent(event), checkpoint, isDuplicate };
}

function refusedRecord({ context }: AnyStore, { given, dueAt }: GivenCommand, error: unknown): CommandRecord {
  return {
    type: given.type,
    data: given.data ?? null,
    acceptedAt: isoOfMicros(context.now()),
    ...(dueAt !== undefined && { dueAt: isoOfMicros(dueAt) }),
    // Nothing of the entity was looked at.
    outcome: { kind: 'rejected', on: 0, error: recordedError(error) },
  };
}
