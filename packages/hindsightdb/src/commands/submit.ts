/** Submitting a command: it is checked, and accepted to be decided later, or refused. */

import type { Checkpoint } from '../core/checkpoint.ts';
import { isHindsightError } from '../core/errors.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { accept, acceptedBefore, type Accepted } from './accept-command.ts';
import type { Command, RecordedCommand } from './command.ts';
import { assertCommands, type AnyCommands, type CommandRegistry, type CommandsOf } from './define-commands.ts';
import { keepRefused, rejectAtOnce } from './refusals.ts';
import { givenCommand, validatedCommand, type GivenCommand } from './validate-command.ts';

/** How a command is submitted. */
export interface SubmitOptions {
  /** Gives it up as long as its record is not on its way to the disk. */
  readonly signal?: AbortSignal;
}

/** What is known of a command once it is accepted. */
export interface Submitted {
  /** As it is recorded. */
  readonly command: RecordedCommand;
  /** A place behind which the record lies. */
  readonly checkpoint: Checkpoint;
  /** It was accepted before, under its id; nothing was checked or written now. */
  readonly isDuplicate: boolean;
}

/** Never aborted. */
const unending: AbortSignal = new AbortController().signal;

/**
 * Accepts a command, durably, to be decided in its turn by whoever runs these commands; `waitForOutcome` tells what becomes of
 * it. Throws `COMMAND_REFUSED` with the reasons where its schema or `check` refuse it: nothing is accepted then. The same id again
 * gives the first record, whatever has changed since; `KEY_REUSED` where it comes with other content.
 */
export async function submit<Registry extends CommandRegistry>(
  store: AnyStore,
  commands: AnyCommands & { readonly types: Registry },
  command: CommandsOf<Registry>,
  options: SubmitOptions = {},
): Promise<Submitted> {
  return await submitFor(store, commands, command, options);
}

/** The same for the library's own: a process manager hears of a refusal as of a rejection, so that it is recorded. */
export async function submitFor(
  store: AnyStore,
  commands: AnyCommands,
  command: Command,
  options: SubmitOptions & { readonly process?: RecordedCommand['process'] },
): Promise<Accepted> {
  const context = contextOf(store);
  assertCommands(commands);
  assertObject('options', options);
  assertOptionalSignal(options.signal);
  const { process, signal = unending } = options;
  const given = givenCommand(context, commands, command);
  const before = await acceptedBefore(store, given);
  if (before !== undefined) return before;
  const validate = async (): Promise<RecordedCommand> =>
    await validatedCommand(store, commands, given, { signal, ...(process !== undefined && { process }) });
  if (process === undefined)
    return await accept(store, commands, await refuse(store, commands, given, validate), {
      digest: given.digest,
      signal,
    });
  try {
    return await accept(store, commands, await validate(), { digest: given.digest, signal });
  } catch (error) {
    if (!isHindsightError(error, 'COMMAND_REFUSED')) throw error;
    return await rejectAtOnce(store, given, { process, error, signal });
  }
}

/** What a validation gives. Where it refuses, that is kept if it is to be. */
export async function refuse(
  store: AnyStore,
  commands: AnyCommands,
  given: GivenCommand,
  validate: () => Promise<RecordedCommand>,
): Promise<RecordedCommand> {
  try {
    return await validate();
  } catch (error) {
    if (commands.keepRefused && isHindsightError(error, 'COMMAND_REFUSED')) await keepRefused(store, given, error);
    throw error;
  }
}
