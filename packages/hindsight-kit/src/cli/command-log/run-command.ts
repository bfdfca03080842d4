/** `hindsight commands run`: decides what is accepted, in the foreground. */

import type { Command } from 'commander';
import { categoryOf, type Checkpoint, type Store } from 'hindsightdb';
import { followCommands, runCommands, type AnyCommands, type CommandChange } from 'hindsightdb/commands';
import { consumerInfo, type Consumer, type ConsumerState } from 'hindsightdb/consumers';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { firstLine } from '../consumers/consumer-text.ts';
import { exitCodes, Interrupted } from '../failure.ts';
import { countOf } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { safeText } from '../terminal/text-width.ts';
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
  const letters = new LetterWatch(context, store);
  const shows = (change: CommandChange): boolean => isOfAny(declared, change);
  try {
    for (const commands of declared)
      running.push(await runCommands(store, commands, { onState: (state) => noteState(context, commands, state) }));
    context.note(`Deciding ${declared.map(({ name }) => name).join(', ')}${drain === true ? '' : '; Ctrl-C ends it'}.`);
    letters.watch(running);
    if (drain === true) await Promise.all(running.map((each) => each.waitFor(head, { timeoutMs: waitMsMax, signal })));
    else await show(context, store, { after: head, shows, endsAtHead: false });
  } finally {
    letters.end();
    await Promise.all(running.map((each) => each.stop()));
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

function noteState(context: CommandContext, { name }: AnyCommands, state: ConsumerState): void {
  const resume = `hindsight consumers resume ${shellWord(name)}`;
  switch (state.kind) {
    case 'catchingUp':
    case 'live':
    case 'standby':
    case 'stopped':
      return;
    case 'paused':
      context.note(`${name} is paused and decides nothing: ${resume}`);
      return;
    case 'failed':
      context.note(`${name} has failed: ${firstLine(state.failure.message)}. To go on: ${resume}`);
      return;
    case 'retrying':
      context.note(`${name} tries again: ${firstLine(String(state.error))}`);
      return;
  }
}

const lookEveryMs = 1000;

/** Says when commands are set aside, which no event tells of. */
class LetterWatch {
  readonly #context: CommandContext;
  readonly #store: Store;
  readonly #told = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #names: readonly string[] = [];

  constructor(context: CommandContext, store: Store) {
    this.#context = context;
    this.#store = store;
  }

  watch(consumers: readonly Consumer[]): void {
    this.#names = consumers.map(({ name }) => name);
    this.#timer = setInterval(() => {
      // What goes wrong here goes wrong for the consumer, which says so itself.
      void this.tell().catch(() => undefined);
    }, lookEveryMs);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Says of which consumers there are more letters than were told of. Resolves with how many there are. */
  async tell(): Promise<number> {
    let total = 0;
    for (const name of this.#names) {
      const { letterCount } = await consumerInfo(this.#store, name);
      total += letterCount;
      if (letterCount > (this.#told.get(name) ?? 0))
        this.#context.note(
          `${countOf(letterCount, 'command is', 'commands are')} set aside: hindsight letters list ${safeText(shellWord(name))}`,
        );
      this.#told.set(name, letterCount);
    }
    return total;
  }
}
