/** `hindsight commands run`: decides what is accepted, in the foreground. */

import type { Command } from 'commander';
import { categoryOf, type Checkpoint, type Store } from 'hindsightdb';
import { followCommands, runCommands, type AnyCommands, type CommandChange } from 'hindsightdb/commands';
import type { Consumer } from 'hindsightdb/consumers';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { LetterWatch, noteState, stopAll } from '../consumers/foreground.ts';
import { exitCodes, Interrupted } from '../failure.ts';
import { ChangePrinter } from './change-printer.ts';
import { namedCommands } from './declared-commands.ts';

interface RunOptions {
  readonly drain?: true;
}

/** Adds the command to its group. */
export function addRun(group: Command, cli: Cli): void {
  const command = group
    .command('run')
    .summary('decide accepted commands in the foreground')
    .description(
      'Decides the commands that the configuration declares, those that are there and those to come, and shows what becomes of them, until Ctrl-C: what is being decided is finished, nothing new is begun. It may run beside other processes that do the same. With --drain it ends when everything is decided or set aside that was accepted before; with exit code 1 where anything is set aside.',
    )
    .argument('[name...]', 'the names of the commands, like order-commands; default: all that are declared')
    .option('--drain', 'end when what was accepted before is decided')
    .action((names: readonly string[], options: RunOptions, self: Command) =>
      runAction(cli, self, (context) => run(context, names, options)),
    );
  addExamples(command, [
    { line: 'commands run', meaning: 'decide whatever is accepted, until Ctrl-C' },
    { line: 'commands run order-commands --drain', meaning: 'decide what waits, and end' },
  ]);
}

/** The longest wait that the library takes: Ctrl-C is what ends it. */
const waitMsMax = 2 ** 31 - 1;

async function run(context: CommandContext, names: readonly string[], { drain }: RunOptions): Promise<number> {
  const declared = await namedCommands(context, names);
  const { store } = await context.openStore({ access: 'write' });
  await using _ = store;
  const { signal } = context;
  const head = await store.head();
  const running: Consumer[] = [];
  const letters = new LetterWatch(context, store, ['command', 'commands']);
  const shows = (change: CommandChange): boolean => isOfAny(declared, change);
  try {
    for (const commands of declared)
      running.push(
        await runCommands(store, commands, { onState: (state) => noteState(context, commands.name, state) }),
      );
    context.note(`Deciding ${declared.map(({ name }) => name).join(', ')}${drain === true ? '' : '; Ctrl-C ends it'}.`);
    letters.watch(declared.map(({ name }) => name));
    if (drain === true) {
      // By now, what came due before has its place in the log as well.
      const end = await store.head();
      await Promise.all(running.map((each) => each.waitFor(end, { timeoutMs: waitMsMax, signal })));
    } else await show(context, store, { after: head, shows, endsAtHead: false });
  } finally {
    letters.end();
    await stopAll(running);
  }
  if (drain === true) await show(context, store, { after: head, shows, endsAtHead: true });
  const setAsideCount = await letters.tell();
  if (signal.reason instanceof Interrupted) return signal.reason.exitCode;
  return setAsideCount > 0 ? exitCodes.failure : exitCodes.ok;
}

async function show(
  context: CommandContext,
  store: Store,
  options: {
    readonly after: Checkpoint;
    readonly shows: (change: CommandChange) => boolean;
    readonly endsAtHead: boolean;
  },
): Promise<void> {
  const { after, shows, endsAtHead } = options;
  const printer = new ChangePrinter(context, store);
  for await (const change of followCommands(store, { after, endsAtHead, signal: context.signal })) {
    if (!shows(change)) continue;
    await printer.print(change);
    await context.output.flush();
  }
}

function isOfAny(declared: readonly AnyCommands[], change: CommandChange): boolean {
  const category = categoryOf(change.kind === 'outcome' ? change.outcome.streamId : change.command.streamId);
  return declared.some((each) => each.category === category);
}
