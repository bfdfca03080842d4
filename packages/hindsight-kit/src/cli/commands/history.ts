/** `hindsight history`: what is stored, under the code as it is now. */

import type { Command } from 'commander';
import { Option } from 'commander';
import { checkHistory, type FoldsByCategory, type HistoryReport } from 'hindsightdb/history';
import { addExamples, runAction, type AddCommand, type Cli } from '../command.ts';
import { addGroup } from '../command-group.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { CommandError, exitCodes, UsageError } from '../failure.ts';
import { findingLines } from '../history/finding-lines.ts';
import { countOf, countText, durationText } from '../terminal/quantities.ts';

interface CheckOptions {
  readonly category?: string;
  readonly limit: number;
}

const limitDefault = 100;

/** Adds the group. */
export const addHistory: AddCommand = (program, cli) => {
  const group = addGroup(program, cli, {
    name: 'history',
    summary: 'check that the code still understands what is stored',
    description: 'What was stored by earlier code, seen by the code of today.',
    byDefault: () => {
      throw new UsageError('Say what to do with the history.', ['Check it: hindsight history check']);
    },
  });
  addCheckOf(group, cli);
  addExamples(group, [{ line: 'history check', meaning: 'does this code still understand every event?' }]);
};

function addCheckOf(group: Command, cli: Cli): void {
  const command = group
    .command('check')
    .summary('check that every event decodes, upcasts, validates and folds')
    .description(
      'Reads every event with the schemas, upcasters and the codec of the configuration, folds every entity with its deciders, and compares the snapshots that would be used with a fold of the events. Nothing is written. Ends with exit code 1 where anything is found.',
    )
    .allowExcessArguments(false)
    .option('-c, --category <name>', 'only this category')
    .addOption(
      new Option('-n, --limit <count>', 'show so many findings; all are counted')
        .argParser(wholeNumber(0))
        .default(limitDefault),
    )
    .action((options: CheckOptions, self: Command) => runAction(cli, self, (context) => check(context, options)));
  addExamples(command, [
    { line: 'history check', meaning: 'everything, the events of the store itself included' },
    { line: 'history check --category order --json', meaning: 'one category, as one JSON document' },
  ]);
}

async function check(context: CommandContext, { category, limit }: CheckOptions): Promise<number> {
  const loaded = await context.config();
  const { commands = [], deciders: named = {} } = loaded?.config ?? {};
  const deciders: FoldsByCategory = {
    ...Object.fromEntries(commands.map((each) => [each.category, each.decider])),
    ...named,
  };
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  if (loaded === undefined)
    context.note('There is no hindsight.config.ts here or above: events are decoded, and there is no more to check.');
  else if (Object.keys(deciders).length === 0)
    context.note(`${loaded.path} names no deciders: nothing is folded, and no snapshot is compared.`);
  const progress = context.progress('Checking');
  const report = await checkHistory(store, deciders, {
    ...(category !== undefined && { category }),
    findingsMax: limit,
    signal: context.signal,
    onProgress: ({ done, total }) => progress.update({ done, total }),
  }).finally(() => progress.clear());
  // A name that nothing goes by is a mistake in the name: a pipeline must not pass by it.
  if (category !== undefined && report.eventCount === 0)
    throw new CommandError(`There are no events of the category ${JSON.stringify(category)}; nothing was checked.`);
  const isSound = report.findingCount === 0;
  if (context.isJson) await context.document({ isSound, ...report });
  else await print(context, report, progress.elapsedMs);
  return isSound ? exitCodes.ok : exitCodes.failure;
}

async function print(context: CommandContext, report: HistoryReport, elapsedMs: number): Promise<void> {
  const { output, palette, widthMax } = context;
  const { eventCount, entityCount, snapshotCount, unusedSnapshotCount, findingCount, findings } = report;
  for (const line of findingLines(findings, { palette, widthMax })) await output.line(line);
  if (findingCount > findings.length)
    await output.line(palette.faint(`… and ${countText(findingCount - findings.length)} more; --limit shows so many`));
  const seen = [
    countOf(eventCount, 'event'),
    `${countOf(entityCount, 'entity', 'entities')} folded`,
    `${countOf(snapshotCount, 'snapshot')} compared`,
    durationText(elapsedMs),
  ].join(', ');
  await output.line(
    findingCount === 0
      ? `${palette.good('Understood:')} ${seen}`
      : `${palette.bad(`${countOf(findingCount, 'finding')}:`)} ${seen}`,
  );
  await output.flush();
  if (unusedSnapshotCount > 0)
    context.note(`${countOf(unusedSnapshotCount, 'snapshot')} that no decider of the configuration would use.`);
}
