/**
 * The command with all its commands.
 */

import { Command } from 'commander';
import type { AddCommand, Cli } from './command.ts';
import { addAppend } from './commands/append.ts';
import { addBackup } from './commands/backup.ts';
import { addBisect } from './commands/bisect.ts';
import { addBlame } from './commands/blame.ts';
import { addCheck } from './commands/check.ts';
import { addCommands } from './commands/commands.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsumers } from './commands/consumers.ts';
import { addDiff } from './commands/diff.ts';
import { addEffects } from './commands/effects.ts';
import { addExport } from './commands/export.ts';
import { addHistory } from './commands/history.ts';
import { addImport } from './commands/import.ts';
import { addInit } from './commands/init.ts';
import { addLetters } from './commands/letters.ts';
import { addMigrate } from './commands/migrate.ts';
import { addProcesses } from './commands/processes.ts';
import { addProjections } from './commands/projections.ts';
import { addRead } from './commands/read.ts';
import { addRestore } from './commands/restore.ts';
import { addState } from './commands/state.ts';
import { addStats } from './commands/stats.ts';
import { addStreams } from './commands/streams.ts';
import { addTail } from './commands/tail.ts';
import { addTimeline } from './commands/timeline.ts';
import { addTimers } from './commands/timers.ts';
import { addWhy } from './commands/why.ts';

const groups: readonly (readonly [title: string, commands: readonly AddCommand[]])[] = [
  ['Begin:', [addInit]],
  ['Write and look:', [addAppend, addRead, addStreams, addTail]],
  ['Look at the past:', [addState, addTimeline, addDiff, addBlame, addBisect, addWhy]],
  ['Follow the log:', [addConsumers, addLetters, addProjections, addEffects]],
  ['Have things done:', [addCommands, addProcesses, addTimers]],
  ['Change the code:', [addHistory]],
  ['Move events:', [addImport, addExport]],
  ['Keep:', [addStats, addCheck, addBackup, addRestore, addMigrate]],
  ['Other:', [addCompletion]],
];

/** Makes the program. Its actions call `cli.end` with their exit code, or throw. */
export function createProgram(cli: Cli, version: string): Command {
  const program = new Command('hindsight')
    .description('Look into an event store and its past; feed, check and back it up.')
    .version(version, '-V, --version', 'show the version')
    .option('--store <address>', 'the store; else HINDSIGHT_STORE, else the one that hindsight.config.ts names')
    .option('--config <file>', 'the configuration; else hindsight.config.ts here or above')
    .option('--json', 'output for machines: one JSON document, or one on each line')
    .option('--quiet', 'no progress and no notes on standard error')
    .option('--no-color', 'no colours; NO_COLOR says the same')
    .helpOption('-h, --help', 'show what a command takes')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, helpWidth: helpWidth(cli) })
    .configureOutput({
      writeOut: (text) => void cli.world.stdout.write(text),
      writeErr: (text) => void cli.world.stderr.write(text),
      outputError: () => undefined,
    });
  for (const [title, commands] of groups) {
    program.commandsGroup(title);
    for (const add of commands) add(program, cli);
  }
  program.addHelpCommand(
    new Command('help').argument('[command]').description('show what a command takes').helpGroup('Other:'),
  );
  program.addHelpText(
    'after',
    `
Exit codes:
  0 done   1 failed   2 called wrongly   3 conflict   4 damage found   130 interrupted

Begin with:
  $ hindsight init
  $ hindsight append order-75 OrderPlaced '{"customerId":"c1"}'
  $ hindsight read order-75`,
  );
  return program;
}

function helpWidth({ world }: Cli): number {
  // Longer lines are hard to read, however wide the terminal is.
  return Math.min(100, (world.stdout.isTTY ? world.stdout.columns : undefined) ?? 100);
}
