/** `hindsight commands redecide`: recorded commands, decided again by other code. */

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Store } from 'hindsightdb';
import { redecide, type RedecideReport, type LogPlace, type RedecideSample } from 'hindsightdb/commands';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { listOption, wholeNumber } from '../event-choice.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { findMoment } from '../history/moment-options.ts';
import { countOf, countText, durationText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';
import { redecisionLines } from './redecision-lines.ts';
import { againstOption, chosenRules, type NamedRules } from './rules-option.ts';

interface RedecideCliOptions {
  readonly against?: string;
  readonly category?: string;
  readonly stream?: string;
  readonly type?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly sample?: RedecideSample;
  readonly seed: string;
  readonly messages?: true;
  readonly limit: number;
}

/** When the commands were accepted. */
interface AcceptedRange {
  readonly after?: LogPlace;
  readonly until?: LogPlace;
}

const limitDefault = 50;

/** Adds the command to its group. */
export function addRedecide(group: Command, cli: Cli): void {
  const command = group
    .command('redecide')
    .summary('decide recorded commands again and show what would be decided otherwise')
    .description(
      'Decides recorded commands again, each on the state that it met, folded by the code that is tried, and with the answers that gateways gave then. Shows every decision whose events would differ in type, data or tags, and every command that would be refused or no longer refused. Nothing is written. Ends with exit code 1 where anything differs or cannot be decided again.',
    )
    .allowExcessArguments(false)
    .addOption(againstOption())
    .option('-c, --category <name>', 'the commands of this category')
    .option('--stream <id>', 'only commands of this entity')
    .addOption(listOption('-t, --type <type>', 'only commands of this type; give it again for further types'))
    .option('--from <moment>', 'only commands accepted after this moment: a time, a release, a place')
    .option('--until <moment>', 'only commands accepted up to this moment')
    .addOption(
      new Option(
        '--sample <count|share%>',
        'only so many commands, or those of a share of the entities: 1000 or 5%',
      ).argParser(parseSample),
    )
    .option('--seed <text>', 'what the sample is chosen by', '0')
    .option('--messages', 'refusals with other words differ, too')
    .addOption(
      new Option('-n, --limit <count>', 'show so many; all are counted. With --json all are shown')
        .argParser(wholeNumber(0))
        .default(limitDefault),
    )
    .action((options: RedecideCliOptions, self: Command) => runAction(cli, self, (context) => run(context, options)));
  addExamples(command, [
    { line: 'commands redecide --against ./new-rules.ts', meaning: 'all commands of its category' },
    { line: 'commands redecide', meaning: 'do the commands of the configuration decide as they did?' },
    {
      line: 'commands redecide --against ./rules.ts#order --from "2 weeks ago"',
      meaning: 'a named export, and a range',
    },
    {
      line: 'commands redecide --against ./new-rules.ts --sample 5% --json',
      meaning: 'one JSON document on each line',
    },
  ]);
}

function parseSample(text: string): RedecideSample {
  const [, number, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number);
  if (percent === '%' && value > 0 && value <= 100) return { entities: value / 100 };
  if (percent === '' && Number.isSafeInteger(value) && value >= 1 && value <= 10_000_000) return { commands: value };
  throw new InvalidArgumentError('Write a number of commands, like 1000, or a share of the entities, like 5%.');
}

async function run(context: CommandContext, options: RedecideCliOptions): Promise<number> {
  const all = await chosenRules(context, options);
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const range: AcceptedRange = {
    ...(options.from !== undefined && { after: await placeOf(context, store, '--from', options.from) }),
    ...(options.until !== undefined && { until: await placeOf(context, store, '--until', options.until) }),
  };
  let exitCode: number = exitCodes.ok;
  for (const rules of all) {
    const isSame = await redecideBy(context, store, rules, { ...options, range });
    if (!isSame) exitCode = exitCodes.failure;
  }
  return exitCode;
}

async function placeOf(context: CommandContext, store: Store, what: string, text: string): Promise<LogPlace> {
  const { asOf } = await findMoment(context, store, { what, text, subject: 'category' }, {});
  if (asOf === undefined) return { checkpoint: await store.head() };
  if ('checkpoint' in asOf || 'time' in asOf) return asOf;
  throw new UsageError(
    `${what} ${JSON.stringify(text)} must be a moment of recording: commands are accepted, and do not occur.`,
  );
}

/** Decides by some rules again, and tells what is found. False where anything differs. */
async function redecideBy(
  context: CommandContext,
  store: Store,
  { name, category, rules }: NamedRules,
  { range, ...options }: RedecideCliOptions & { readonly range: AcceptedRange },
): Promise<boolean> {
  const { output, palette, widthMax, isJson } = context;
  const { stream, type, sample, seed, messages, limit } = options;
  const progress = context.progress('Deciding', { isQuiet: isJson });
  let shownCount = 0;
  const report = await redecide(store, rules, {
    ...(stream !== undefined && { streamId: stream }),
    ...(type !== undefined && { types: type }),
    ...(sample !== undefined && { sample }),
    ...range,
    seed,
    compareMessages: messages === true,
    differencesMax: 0,
    signal: context.signal,
    onProgress: ({ done, total, commands }) =>
      progress.update({ done, total, count: commands, detail: countOf(commands, 'command') }),
    onDifference: async (found) => {
      if (isJson) return await output.line(JSON.stringify(found));
      if (shownCount === limit) return;
      shownCount += 1;
      progress.clear();
      for (const line of redecisionLines(found, { palette, widthMax })) await output.line(line);
      // Progress is drawn on the same terminal: nothing of the output may wait behind it.
      if (widthMax !== undefined) await output.flush();
    },
  }).finally(() => progress.clear());
  const { differences: _, ...counts } = report;
  const isSame = report.differentCount === 0 && report.undecidableCount === 0;
  if (isJson) await output.line(JSON.stringify({ kind: 'summary', against: name, category, isSame, ...counts }));
  else {
    const hiddenCount = report.differentCount + report.undecidableCount - shownCount;
    if (hiddenCount > 0)
      await output.line(palette.faint(`… and ${countText(hiddenCount)} more; --limit shows so many`));
    for (const line of summaryLines(context, report, { category, elapsedMs: progress.elapsedMs }))
      await output.line(line);
    await output.flush();
    const { skipped, seed: chosenBy } = report;
    const left = [
      skipped.cancelled > 0 ? `${countText(skipped.cancelled)} cancelled` : '',
      skipped.abandoned > 0 ? `${countText(skipped.abandoned)} abandoned` : '',
      skipped.undecided > 0 ? `${countText(skipped.undecided)} without an outcome yet` : '',
    ].filter((part) => part !== '');
    if (left.length > 0) context.note(`Left out: ${left.join(', ')}.`);
    if (sample !== undefined) context.note(`The sample was chosen by the seed ${JSON.stringify(chosenBy)}.`);
  }
  // A name that nothing goes by is a mistake in the name: a pipeline must not pass by it. A time may well be without commands.
  const isChosen = stream !== undefined || type !== undefined;
  const isEmpty = report.decidedCount + report.undecidableCount === 0;
  return isSame && !(isChosen && isEmpty);
}

function summaryLines(
  { palette }: CommandContext,
  { entityCount, decidedCount, sameCount, differentCount, undecidableCount }: RedecideReport,
  { category, elapsedMs }: { readonly category: string; readonly elapsedMs: number },
): readonly string[] {
  const of = `${countOf(entityCount, 'entity', 'entities')} of ${palette.name(safeText(category))}, ${durationText(elapsedMs)}`;
  if (decidedCount + undecidableCount === 0)
    return [`${palette.warning('Nothing was decided again:')} no commands with a decision, ${of}`];
  if (differentCount + undecidableCount === 0)
    return [`${palette.good('The same:')} ${countOf(sameCount, 'command')} decided as before, ${of}`];
  return [
    ...(differentCount > 0
      ? [
          `${palette.bad('Decided otherwise:')} ${countText(differentCount)} of ${countOf(decidedCount, 'command')}, ${of}`,
        ]
      : []),
    ...(undecidableCount > 0
      ? [
          `${palette.bad('Not to be decided again:')} ${countOf(undecidableCount, 'command')}${differentCount > 0 ? '' : `, beside ${countText(sameCount)} decided as before, ${of}`}`,
        ]
      : []),
  ];
}
