/** `hindsight load`: the state of an entity, folded by its decider. */

import { categoryOf, type Event, type SnapshottedFold } from 'hindsightdb';
import { Option, type Command } from 'commander';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { AnyFold } from '../config/define-config.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { UsageError } from '../failure.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds the command. */
export const addLoad: AddCommand = (program, cli) => {
  const command = program
    .command('load')
    .summary('show the state of an entity, folded by its decider')
    .description(
      'Folds a stream with the decider that hindsight.config.ts names for its category, and shows the state.',
    )
    .argument('<stream>', 'the id of the stream')
    .addOption(new Option('--at <version>', 'the state as of this version').argParser(wholeNumber(0)))
    .action((streamId: string, options: { readonly at?: number }, self: Command) =>
      runAction(cli, self, async (context) => {
        const fold = await foldFor(context, streamId);
        const { store } = await context.openStore({ asApplication: true });
        await using _ = store;
        const { state, version } = await store.load(fold, streamId, {
          ...(options.at !== undefined && { asOf: { version: options.at } }),
          signal: context.signal,
        });
        if (context.isJson) return await context.document({ streamId, version, state });
        if (version === 0)
          context.note(`There is no stream ${JSON.stringify(streamId)}; this is the state before any event.`);
        const { palette, output } = context;
        await output.line(`${palette.name(safeText(streamId))} at version ${palette.strong(String(version))}`);
        for (const line of JSON.stringify(state, null, 2).split('\n')) await output.line(safeText(line));
      }),
    );
  addExamples(command, [
    { line: 'load order-75', meaning: 'the present state' },
    { line: 'load order-75 --at 3 --json', meaning: 'the state as of version 3, for machines' },
  ]);
};

async function foldFor(context: CommandContext, streamId: string): Promise<SnapshottedFold<unknown, Event>> {
  const config = await context.config();
  const category = categoryOf(streamId);
  const deciders = config?.config.deciders ?? {};
  const fold = Object.hasOwn(deciders, category) ? deciders[category] : undefined;
  if (config === undefined || fold === undefined)
    throw new UsageError(
      config === undefined
        ? 'Folding needs a decider, and there is no hindsight.config.ts here or above that names one.'
        : `${config.path} names no decider for the category ${JSON.stringify(category)}; it has: ${Object.keys(deciders).join(', ') || 'none'}.`,
      [
        `Name it there: export default defineConfig({ deciders: { ${/^\w+$/.test(category) ? category : JSON.stringify(category)} } });`,
      ],
    );
  return folding(fold, category);
}

/** A fold of the configuration, for the store to call with what it reads of that category. */
function folding(fold: AnyFold, category: string): SnapshottedFold<unknown, Event> {
  // The configuration gives deciders by category, so their evolve takes the state and the events of these streams.
  return { category, ...fold } as SnapshottedFold<unknown, Event>;
}
