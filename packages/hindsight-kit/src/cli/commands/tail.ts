/** `hindsight tail`: the newest events, and with `-f` what follows them. */

import type { Command } from 'commander';
import type { Checkpoint, Store, StoredEvent } from 'hindsightdb';
import { lineOfStored } from '../../formats/json-lines/event-line.ts';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import {
  addChoiceOptions,
  choiceOf,
  chosenPages,
  wholeNumber,
  type ChoiceOptions,
  type EventChoice,
} from '../event-choice.ts';
import { exitCodes, Interrupted } from '../failure.ts';
import { blockPrinter, tablePrinter, type EventPrinter } from '../event-table.ts';

interface TailOptions extends ChoiceOptions {
  readonly lines: number;
  readonly follow?: true;
  readonly long?: true;
}

/** Adds the command. */
export const addTail: AddCommand = (program, cli) => {
  const command = program
    .command('tail')
    .summary('show the newest events, and follow what is appended')
    .description(
      'Shows the newest events, oldest of them first. With -f it goes on with whatever is appended, until Ctrl-C.',
    )
    .argument('[stream]', 'the id of a stream; without it the log is followed')
    .option('-f, --follow', 'follow what is appended, by this process or any other')
    .option('-n, --lines <count>', 'how many of the newest events', wholeNumber(0), 10);
  addChoiceOptions(command)
    .option('-l, --long', 'everything of each event, over several lines')
    .action((streamId: string | undefined, options: TailOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        const choice = choiceOf(streamId, options, context.world.now());
        const { store } = await context.openStore();
        await using _ = store;
        return await tail(context, store, choice, options);
      }),
    );
  addExamples(command, [
    { line: 'tail', meaning: 'the newest ten events' },
    { line: 'tail -f', meaning: 'and then every event as it is appended' },
    { line: 'tail -f -n 0 --category order --json', meaning: 'only what is new of orders, as JSON Lines' },
  ]);
};

async function tail(context: CommandContext, store: Store, choice: EventChoice, options: TailOptions): Promise<number> {
  let hasShown = false;
  const printer =
    options.long === true
      ? blockPrinter(context)
      : tablePrinter(context, choice.source.kind === 'stream' ? 'stream' : 'log');
  // What is shown ends here and what is followed begins here, so nothing falls between.
  const head = await store.head();
  const isStream = choice.source.kind === 'stream';
  const range = isStream ? choice.range : { ...choice.range, until: choice.range.until ?? head };
  const newest: StoredEvent[] = [];
  for await (const page of chosenPages(
    store,
    { ...choice, range, direction: 'backward', limit: options.lines },
    context.signal,
  ))
    newest.push(...page);
  await print(context, printer, newest.toReversed(), { isFirst: true });
  if (options.follow !== true) return exitCodes.ok;
  await context.output.flush();
  if (newest.length === 0) context.note('Waiting for events; Ctrl-C ends it.');
  // A stream is read up to its newest version, which may lie behind the head: what was shown is not shown again.
  const shownVersion = isStream ? (newest[0]?.version ?? 0) : 0;
  await follow(context, store, choice, {
    after: head,
    isWanted: (event) => event.version > shownVersion && (choice.keeps?.(event) ?? true),
    show: async (events) => {
      await print(context, printer, events, { isFirst: newest.length === 0 && !hasShown });
      hasShown = true;
    },
  });
  // Following ends only by Ctrl-C and its like, which is no failure and needs no word; scripts still see it.
  return context.signal.reason instanceof Interrupted ? context.signal.reason.exitCode : exitCodes.ok;
}

async function follow(
  context: CommandContext,
  store: Store,
  { source, includeReserved }: EventChoice,
  from: {
    readonly after: Checkpoint;
    readonly isWanted: (event: StoredEvent) => boolean;
    readonly show: (events: readonly StoredEvent[]) => Promise<void>;
  },
): Promise<void> {
  const subscription = store.subscribeRecords({
    after: from.after,
    includeReserved,
    signal: context.signal,
    ...(source.kind === 'stream' && { streamId: source.streamId }),
    ...(source.kind === 'category' && { category: source.category }),
    ...(source.kind === 'query' && { query: source.query }),
  });
  for await (const { events } of subscription.pages()) {
    const wanted = events.filter(from.isWanted);
    if (wanted.length === 0) continue;
    await from.show(wanted);
    await context.output.flush();
  }
}

async function print(
  { output, isJson }: CommandContext,
  printer: EventPrinter,
  events: readonly StoredEvent[],
  { isFirst }: { readonly isFirst: boolean },
): Promise<void> {
  if (events.length === 0) return;
  const lines = isJson
    ? events.map(lineOfStored)
    : [...(isFirst ? printer.titleLines(events) : []), ...printer.lines(events)];
  for (const line of lines) await output.line(line);
}
