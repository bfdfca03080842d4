/** `hindsight why`: what led to an event, and what followed from it. */

import type { Command } from 'commander';
import { causationOf, type CausationTree, type EventReference } from 'hindsightdb/history';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { CommandError } from '../failure.ts';
import { flatTree, treeLines } from '../history/causation-lines.ts';
import { findReference } from '../history/event-reference.ts';
import { eventDocument } from '../history/value-text.ts';
import { countOf, countText } from '../terminal/quantities.ts';

interface WhyOptions {
  readonly limit?: number;
}

/** Adds the command. */
export const addWhy: AddCommand = (program, cli) => {
  const command = program
    .command('why')
    .summary('show what led to an event, and what followed from it')
    .description(
      'Shows the tree of causes and consequences that an event belongs to, across all streams, by the causationId and correlationId in the metadata of events. Commands that are kept stand among them. The event that was asked for is marked.',
    )
    .argument('<event>', 'order-75@3, a position in the log, or the id of an event or a command')
    .option('-n, --limit <count>', 'so many events at most; default 10000', wholeNumber(1))
    .action((text: string, options: WhyOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store } = await context.openStore({ asApplication: true });
        await using _ = store;
        const reference = await findReference(store, text);
        const progress = context.progress('Looking through the log');
        const tree = await causationOf(store, reference, {
          ...(options.limit !== undefined && { eventsMax: options.limit }),
          onProgress: (count) =>
            progress.update({ done: count, total: undefined, count, detail: countOf(count, 'event') }),
          signal: context.signal,
        }).finally(() => progress.clear());
        if (tree === undefined) throw notFound(reference, text);
        await printTree(context, tree);
      }),
    );
  addExamples(command, [
    { line: 'why order-75@3', meaning: 'of the third event of a stream' },
    { line: 'why 1200', meaning: 'of the event at a position of the log, as read shows it' },
    { line: 'why 0198f2c4-5f1e-7c3a-9a53-2f0d3c1b7a10 --json', meaning: 'by its id, for machines' },
  ]);
};

function notFound(reference: EventReference, text: string): CommandError {
  return new CommandError(
    'id' in reference
      ? `There is no event with the id ${JSON.stringify(text)}.`
      : `Stream ${JSON.stringify(reference.streamId)} has no event of version ${reference.version} to show.`,
    {
      advice: [
        'An event is named by order-75@3, by its position in the log, or by its id; hindsight read -l shows them.',
      ],
    },
  );
}

async function printTree(context: CommandContext, tree: CausationTree): Promise<void> {
  const { output } = context;
  const { event, causes, eventCount, isCutOff } = tree;
  if (context.isJson)
    return await context.document({
      event: eventDocument(event),
      causes: causes.map(({ id }) => id),
      eventCount,
      isCutOff,
      tree: [...flatTree(tree)].map(({ node, depth, causeId }) => ({
        id: node.id,
        depth,
        causeId: causeId ?? null,
        event: node.event === undefined ? null : eventDocument(node.event),
        command: node.command ?? null,
      })),
    });
  for (const line of treeLines(context, tree)) await output.line(line);
  await output.flush();
  if (eventCount === 1) context.note('Nothing in the log says what led to it or what followed from it.');
  if (isCutOff)
    context.note(`These are the first ${countText(eventCount)} events; there may be more: --limit ${eventCount * 10}`);
}
