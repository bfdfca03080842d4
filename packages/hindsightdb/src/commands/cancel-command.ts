/** Taking back a command that has not been decided. */

import { isConflict } from '../core/errors.ts';
import { assertName } from '../core/text.ts';
import { assertObject } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { Outcome, RecordedCommand } from './command.ts';
import { passOver } from './command-letters.ts';
import { commandOfEvent, holdsOutcome } from './command-record.ts';
import { consumerFor } from './define-commands.ts';
import { timerEndFor } from './due-command.ts';
import { unknownError } from './outcome-watch.ts';
import { keptCommand, outcomeIn } from './read-command.ts';
import { recordOutcome } from './record-outcome.ts';

/** What became of the attempt. */
export interface Cancelled {
  /** Whether it is cancelled, now or before. */
  readonly isCancelled: boolean;
  /** The outcome that stands. */
  readonly outcome: Outcome;
}

/**
 * Cancels a command that has no outcome yet: scheduled, waiting for its turn, or set aside, and then those behind it go on. Where it
 * has one, that stands and is given. Throws `COMMAND_UNKNOWN`. `consumer` is the name of the commands, where they are not named after their category.
 */
export async function cancelCommand(
  store: AnyStore,
  commandId: string,
  options: { readonly reason?: string; readonly consumer?: string } = {},
): Promise<Cancelled> {
  const context = contextOf(store);
  assertName('The id of a command', commandId, context.limits.idBytesMax);
  assertObject('options', options);
  const { reason, consumer } = options;
  const kept = await keptCommand(context, commandId);
  if (kept === undefined) throw unknownError(commandId);
  const command = commandOfEvent(kept.event);
  if (holdsOutcome(kept.event)) {
    const outcome = outcomeIn(context, kept.event);
    return { isCancelled: outcome.kind === 'cancelled', outcome };
  }
  const name = consumer ?? consumerFor(command.streamId);
  const outcome = await cancel(store, command, { reason, consumer: name });
  if (outcome.kind === 'cancelled') await passOver(store, kept.event, name);
  return { isCancelled: outcome.kind === 'cancelled', outcome };
}

async function cancel(
  store: AnyStore,
  command: RecordedCommand,
  { reason, consumer }: { readonly reason: string | undefined; readonly consumer: string },
): Promise<Outcome> {
  const details = { kind: 'cancelled', ...(reason !== undefined && { reason }) } as const;
  for (;;) {
    // The timer goes with it, unless that fires first: then its turn comes, and it is cancelled nevertheless.
    const timer = command.dueAt === undefined ? [] : await timerEndFor(store.context, consumer, command);
    try {
      return await recordOutcome(store, command, details, timer);
    } catch (error) {
      if (!isConflict(error) || timer.length === 0) throw error;
    }
  }
}
