/** `hindsight diff`: how an entity, or the entities of a category, changed from one moment to another. */

import type { Command } from 'commander';
import { categoryOf, type ElementKeys, type Store } from 'hindsightdb';
import { diff } from 'hindsightdb/history';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { printCategoryDiff } from '../history/category-diff.ts';
import { changeLines } from '../history/change-lines.ts';
import { elementKeyOption, foldFor, skipHiddenOption } from '../history/entity-fold.ts';
import { momentForms } from '../history/moment.ts';
import {
  addMomentOptions,
  findMoment,
  isOfOccurrence,
  type FoundMoment,
  type MomentOptions,
} from '../history/moment-options.ts';
import { safeText } from '../terminal/text-width.ts';

interface DiffOptions extends MomentOptions {
  readonly category?: string;
  readonly elementKey?: ElementKeys;
  readonly skipHidden?: true;
}

/** Adds the command. */
export const addDiff: AddCommand = (program, cli) => {
  const command = program
    .command('diff')
    .summary('show how an entity or a category changed between two moments')
    .description(
      'Compares the state of an entity at two moments, or those of all entities of a category: which appeared, which changed and how, which ended. The second moment is now, unless another is given.',
    )
    .usage('[options] <stream> <moment> [moment]\n       hindsight diff [options] --category <name> <moment> [moment]')
    .argument('[stream-and-moments...]', 'the id of a stream, unless a category is named; one moment or two')
    .option('-c, --category <name>', 'the entities of a category')
    .addOption(elementKeyOption())
    .addOption(skipHiddenOption());
  addMomentOptions(command).action((given: readonly string[], options: DiffOptions, self: Command) =>
    runAction(cli, self, async (context) => {
      const { category } = options;
      const [streamId, moments] = category === undefined ? [given[0], given.slice(1)] : [undefined, given];
      const [from, to, ...more] = moments;
      if (category === undefined && streamId === undefined)
        throw new UsageError('Name a stream, or a category with --category.');
      if (from === undefined || more.length > 0)
        throw new UsageError(
          'A difference is between two moments, the second of which may be left out for now.',
          momentForms,
        );
      const { store } = await context.openStore({ asApplication: true });
      await using _ = store;
      const find = async (text: string | undefined): Promise<FoundMoment> => {
        const subject = category === undefined ? 'entity' : 'category';
        return await findMoment(context, store, { what: 'The moment', text, subject }, options);
      };
      const ends = { from: await find(from), to: await find(to) };
      if (streamId !== undefined) return await printDiff(context, store, streamId, ends, options);
      await printCategoryDiff(context, store, category ?? '', { ...ends, ...options });
    }),
  );
  addExamples(command, [
    { line: 'diff order-75 3', meaning: 'what changed since version 3' },
    { line: 'diff order-75 yesterday "2h ago"', meaning: 'between two times' },
    { line: 'diff order-75 "before release 2.4" "release 2.4"', meaning: 'while that release wrote' },
    {
      line: 'diff --category order 2026-03-01 2026-04-01',
      meaning: 'which orders appeared, changed and ended in March',
    },
  ]);
};

async function printDiff(
  context: CommandContext,
  store: Store,
  streamId: string,
  ends: { readonly from: FoundMoment; readonly to: FoundMoment },
  options: DiffOptions,
): Promise<void> {
  const { fold, foldedBy } = await foldFor(context, categoryOf(streamId), options);
  // The present of an entity is that of its newest version; what is recorded meanwhile does not count.
  const { version: newest } = await store.streamInfo(streamId);
  const present = { version: newest };
  const { from, to, changes } = await diff(store, fold, streamId, {
    from: ends.from.asOf ?? present,
    ...(ends.to.asOf !== undefined && { to: ends.to.asOf }),
    signal: context.signal,
  });
  if (context.isJson) {
    const end = ({ version, isProvisional }: typeof from): object => ({
      version,
      ...(isProvisional && { isProvisional }),
    });
    return await context.document({ streamId, from: end(from), to: end(to), foldedBy, changes });
  }
  if (newest === 0) return context.note(`There is no stream ${JSON.stringify(streamId)}.`);
  const { palette, output, widthMax } = context;
  const name = palette.name(safeText(streamId));
  await output.line(
    `${name} ${sideText(ends.from, from.version)} ${palette.faint('→')} ${sideText(ends.to, to.version)}`,
  );
  for (const line of changeLines(changes, { palette, indent: 0, widthMax })) await output.line(line);
  await output.flush();
  if (changes.length === 0) context.note('Nothing differs.');
}

function sideText(found: FoundMoment, version: number): string {
  const { asOf, text } = found;
  if (isOfOccurrence(found)) return safeText(text);
  return asOf === undefined || 'version' in asOf ? `version ${version}` : `version ${version} (${safeText(text)})`;
}
