/** `hindsight read`: events of a stream, a category, a query or the whole log. */

import { Option, type Command } from 'commander';
import type { Store } from 'hindsightdb';
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
import { blockPrinter, tablePrinter } from '../event-table.ts';

interface ReadOptions extends ChoiceOptions {
  readonly long?: true;
}

/** Adds the command. */
export const addRead: AddCommand = (program, cli) => {
  const command = program
    .command('read')
    .summary('show events of a stream, a category, a query or the log')
    .description(
      'Shows events: of one stream by its versions, else in the order of the log. The column TIME says when an event happened, where it says so itself, and else when it was recorded.',
    )
    .argument('[stream]', 'the id of a stream; without it the log is read')
    .option('-n, --limit <count>', 'so many at most', wholeNumber(0))
    .option('-b, --backward', 'the newest first')
    .addOption(new Option('--from <version>', 'from this version of the stream on').argParser(wholeNumber(1)))
    .addOption(new Option('--to <version>', 'up to this version of the stream').argParser(wholeNumber(1)));
  addChoiceOptions(command)
    .option('-l, --long', 'everything of each event, over several lines')
    .action((streamId: string | undefined, options: ReadOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        const choice = choiceOf(streamId, options, context.world.now());
        const { store } = await context.openStore();
        await using _ = store;
        const count = await printEvents(context, store, choice, { isLong: options.long === true });
        if (count === 0) context.note(streamId === undefined ? 'No events.' : await whyEmpty(store, streamId));
      }),
    );
  addExamples(command, [
    { line: 'read order-75', meaning: 'a stream, from its first event on' },
    { line: 'read -b -n 20', meaning: 'the newest twenty events of the log' },
    { line: 'read --category order --since yesterday', meaning: 'what was recorded of orders since yesterday' },
    { line: 'read --type OrderPlaced --tag customer:c1 --json', meaning: 'a query, as JSON Lines' },
  ]);
};

async function whyEmpty(store: Store, streamId: string): Promise<string> {
  const { version, settings } = await store.streamInfo(streamId);
  if (version === 0) return `There is no stream ${JSON.stringify(streamId)}.`;
  if (settings?.tombstone === true)
    return `Stream ${JSON.stringify(streamId)} was ended at version ${version} and shows nothing.`;
  return `Stream ${JSON.stringify(streamId)} is at version ${version}; none of its events is chosen or shown.`;
}

/** Prints chosen events and says how many there were. */
export async function printEvents(
  context: CommandContext,
  store: Store,
  choice: EventChoice,
  options: { readonly isLong: boolean },
): Promise<number> {
  const { output } = context;
  const printer = options.isLong
    ? blockPrinter(context)
    : tablePrinter(context, choice.source.kind === 'stream' ? 'stream' : 'log');
  let count = 0;
  for await (const page of chosenPages(store, choice, context.signal)) {
    context.signal.throwIfAborted();
    const lines = context.isJson
      ? page.map(lineOfStored)
      : [...(count === 0 ? printer.titleLines(page) : []), ...printer.lines(page)];
    for (const line of lines) {
      const writing = output.line(line);
      if (writing !== undefined) await writing;
    }
    count += page.length;
  }
  return count;
}
