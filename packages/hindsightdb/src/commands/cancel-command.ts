/** Taking back a command that has not been decided. */

import { assertName } from '../core/text.ts';
import { assertObject } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { Outcome } from './command.ts';
import { commandOfEvent, holdsOutcome } from './command-record.ts';
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
 * Cancels a command that has no outcome yet, scheduled or waiting for its turn. Where it has one, that stands and is given. Throws
 * `COMMAND_UNKNOWN`.
 */
export async function cancelCommand(
  store: AnyStore,
  commandId: string,
  options: { readonly reason?: string } = {},
): Promise<Cancelled> {
  const context = contextOf(store);
  assertName('The id of a command', commandId, context.limits.idBytesMax);
  assertObject('options', options);
  const { reason } = options;
  const kept = await keptCommand(context, commandId);
  if (kept === undefined) throw unknownError(commandId);
  const outcome = holdsOutcome(kept.event)
    ? outcomeIn(context, kept.event)
    : await recordOutcome(store, commandOfEvent(kept.event), {
        kind: 'cancelled',
        ...(reason !== undefined && { reason }),
      });
  return { isCancelled: outcome.kind === 'cancelled', outcome };
}
