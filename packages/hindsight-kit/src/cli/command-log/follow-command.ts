/** `hindsight commands follow`: what is accepted, and what becomes of it, as it happens. */

import type { Command } from 'commander';
import { followCommands } from 'hindsightdb/commands';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes, Interrupted } from '../failure.ts';
import { ChangePrinter } from './change-printer.ts';

interface FollowOptions {
  readonly category?: string;
  readonly all?: true;
}

/** Adds the command to its group. */
export function addFollow(group: Command, cli: Cli): void {
  const command = group
    .command('follow')
    .summary('show commands and outcomes as they come')
    .description('Shows which commands are accepted and what becomes of them, in any process, until Ctrl-C.')
    .option('-c, --category <name>', 'only for entities of this category')
    .option('-a, --all', 'first all that there are')
    .action((options: FollowOptions, self: Command) => runAction(cli, self, (context) => follow(context, options)));
  addExamples(command, [
    { line: 'commands follow', meaning: 'from now on' },
    { line: 'commands follow --category order --json', meaning: 'of orders, one JSON document on each line' },
  ]);
}

async function follow(context: CommandContext, { category, all }: FollowOptions): Promise<number> {
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const after = all === true ? 'start' : await store.head();
  context.note('Waiting for commands; Ctrl-C ends it.');
  const printer = new ChangePrinter(context, store);
  const { signal } = context;
  for await (const change of followCommands(store, { after, signal, ...(category !== undefined && { category }) })) {
    await printer.print(change);
    await context.output.flush();
  }
  // It ends only by Ctrl-C and its like, which is no failure; scripts still see it.
  return signal.reason instanceof Interrupted ? signal.reason.exitCode : exitCodes.ok;
}
