/** Looking at commands: one by its id, or those of a category in the order in which they were accepted. */

import type { RecordedEvent } from '../core/event.ts';
import { commandStreamOf } from '../core/stream-id.ts';
import { assertName, describe } from '../core/text.ts';
import { assertObject, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { decodeStored } from '../store/decode.ts';
import { readLogPages } from '../store/read.ts';
import type { LogReadOptions } from '../store/read-options.ts';
import { argumentError } from '../core/errors.ts';
import type { CommandStatus, Outcome, RecordedCommand } from './command.ts';
import { commandTypes } from '../core/command-types.ts';
import { isSetAside } from './command-letters.ts';
import { commandOfEvent, holdsCommand, holdsOutcome } from './command-record.ts';
import { keptCommand, keptOutcome, outcomeIn } from './read-command.ts';

/** A command and where it stands. */
export interface CommandInfo {
  readonly command: RecordedCommand;
  readonly status: CommandStatus;
  /** Once there is one. */
  readonly outcome?: Outcome;
}

/** A command by its id; undefined where none was accepted under it. */
export async function commandInfo(
  store: AnyStore,
  commandId: string,
  options: { readonly consumer?: string } = {},
): Promise<CommandInfo | undefined> {
  const context = contextOf(store);
  assertName('The id of a command', commandId, context.limits.idBytesMax);
  assertObject('options', options);
  const kept = await keptCommand(context, commandId);
  return kept && (await infoOf(store, kept.event, options.consumer));
}

/** Which commands are listed. */
export interface ListCommandsOptions extends Pick<
  LogReadOptions,
  'after' | 'until' | 'fromTime' | 'untilTime' | 'direction' | 'signal' | 'limit'
> {
  /** Only commands of entities of this category. */
  readonly category?: string;
  /** Only commands of this entity. */
  readonly streamId?: string;
  /** Only commands that stand so. */
  readonly status?: CommandStatus;
  /** The consumer that processes them, where it is not named after the category. */
  readonly consumer?: string;
}

const statuses: ReadonlySet<unknown> = new Set<CommandStatus>([
  'scheduled',
  'accepted',
  'setAside',
  'decided',
  'rejected',
  'cancelled',
  'abandoned',
]);

/** Commands in the order in which they were accepted, or the other way round. Those that were refused are not among them. */
export async function* listCommands(store: AnyStore, options: ListCommandsOptions = {}): AsyncGenerator<CommandInfo> {
  const context = contextOf(store);
  assertObject('options', options);
  const { category, streamId, status, consumer, limit, ...reading } = options;
  if (category !== undefined && streamId !== undefined)
    throw argumentError('INVALID_ARGUMENT', 'Give category or streamId; the category of an entity is known.');
  if (status !== undefined && !statuses.has(status))
    throw argumentError(
      'INVALID_ARGUMENT',
      `status must be one of ${[...statuses].join(', ')}, not ${describe(status)}.`,
    );
  const filter = {
    ...(category !== undefined && { category: commandStreamOf(category) }),
    ...(streamId !== undefined && { streamId: commandStreamOf(streamId) }),
    query: [{ types: [commandTypes.accepted, commandTypes.scheduled, commandTypes.handled] }],
  };
  if (limit !== undefined) assertWhole('limit', limit, { min: 0, max: Number.MAX_SAFE_INTEGER });
  let left = limit ?? Number.POSITIVE_INFINITY;
  if (left === 0) return;
  for await (const page of readLogPages(context, filter, { ...reading, includeReserved: true })()) {
    for (const event of await decodeStored(context, page.events)) {
      if (!holdsCommand(event)) continue;
      const info = await infoOf(store, event, consumer);
      if (status !== undefined && info.status !== status) continue;
      yield info;
      left -= 1;
      // Before looking for another one, which may be far away.
      if (left === 0) return;
    }
  }
}

async function infoOf(store: AnyStore, event: RecordedEvent, consumer: string | undefined): Promise<CommandInfo> {
  const command = commandOfEvent(event);
  const { context } = store;
  const outcome = holdsOutcome(event) ? outcomeIn(context, event) : await keptOutcome(context, command.id);
  if (outcome !== undefined) return { command, status: outcome.kind, outcome };
  if (await isSetAside(store, event, consumer)) return { command, status: 'setAside' };
  const isWaiting =
    event.type === commandTypes.scheduled &&
    command.dueAt !== undefined &&
    Date.parse(command.dueAt) * 1000 > context.now();
  return { command, status: isWaiting ? 'scheduled' : 'accepted' };
}
