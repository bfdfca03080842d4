/**
 * How commands are declared: each file of `commands/` adds one to the program, with its help, its examples and its action.
 */

import type { Command } from 'commander';
import { CommandContext, type SharedOptions } from './context.ts';
import type { World } from './world.ts';

/** What adds a command to the program. */
export type AddCommand = (program: Command, cli: Cli) => void;

/** What commands are declared with. */
export interface Cli {
  readonly world: World;
  /** Told how the command ended; 0 unless it says otherwise. */
  readonly end: (exitCode: number) => void;
}

/** An example for the help of a command. */
export interface Example {
  readonly line: string;
  readonly meaning: string;
}

/** Adds examples to the help of a command. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  const lines = examples.map(({ line, meaning }) => `  $ hindsight ${line}\n      ${meaning}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Runs the action of a command with its context, and writes out what it printed. */
export async function runAction(
  cli: Cli,
  command: Command,
  action: (context: CommandContext) => Promise<number | void>,
): Promise<void> {
  // Shared options stand before or behind the name of the command.
  const context = new CommandContext(cli.world, command.optsWithGlobals<SharedOptions>());
  const exitCode = await action(context);
  await context.output.flush();
  cli.end(exitCode ?? 0);
}
