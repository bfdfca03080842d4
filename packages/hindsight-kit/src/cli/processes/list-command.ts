/** `hindsight processes list`: process managers, or the instances of one. */

import { Option, type Command } from 'commander';
import { isHindsightError, type Store } from 'hindsightdb';
import { listConsumers } from 'hindsightdb/consumers';
import { listProcesses, processStatus, type ProcessInfo, type ProcessStatus } from 'hindsightdb/processes';
import { addExamples, runAction, type Cli } from '../command.ts';
import {
  behindText,
  consumerDocument,
  lagText,
  lettersText,
  paintStanding,
  slicesText,
  standingOf,
  whyText,
} from '../consumers/consumer-text.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { CommandError } from '../failure.ts';
import { jsonText, timeText } from '../history/value-text.ts';
import { countText } from '../terminal/quantities.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { causeText, nextTimer } from './step-text.ts';

interface ListOptions {
  readonly which: 'running' | 'ended' | 'all';
  readonly limit: number;
}

const limitDefault = 50;

/** Adds the command to its group. */
export function addList(group: Command, cli: Cli): void {
  const command = group
    .command('list')
    .summary('list them, or the instances of one (default)')
    .description(
      'Lists the process managers of the store and the configuration; of one that is named its instances, in the order of their keys, with the newest step and the next timer.',
    )
    .argument('[name]', 'the name of a process manager: list its instances')
    .addOption(new Option('--which <which>', 'which instances').choices(['running', 'ended', 'all']).default('running'))
    .option('-n, --limit <count>', 'so many instances at most', wholeNumber(1), limitDefault)
    .action((name: string | undefined, options: ListOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        if (name === undefined) return await listManagers(context);
        return await listInstances(context, name, options);
      }),
    );
  addExamples(command, [
    { line: 'processes list', meaning: 'which are there, and how far are they?' },
    { line: 'processes list unpaid', meaning: 'what is under way, and what comes next?' },
    { line: 'processes list unpaid --which all --json', meaning: 'every instance with its state, for machines' },
  ]);
}

/** Lists the process managers. */
export async function listManagers(context: CommandContext): Promise<void> {
  const { store } = await context.openStore();
  await using _ = store;
  const names = new Set((await listConsumers(store)).filter(({ kind }) => kind === 'process').map(({ name }) => name));
  // A store that is named otherwise is shown with or without a configuration.
  for (const { name } of (await context.config())?.config.processes ?? []) names.add(name);
  const { output, palette, widthMax } = context;
  const found: (readonly [name: string, status: ProcessStatus | undefined])[] = [];
  for (const name of [...names].toSorted()) found.push([name, await statusOf(store, name)]);
  if (context.isJson) {
    for (const [name, status] of found)
      await output.line(
        JSON.stringify(
          status === undefined
            ? { name, status: null }
            : { ...consumerDocument(status), nextTimerAt: status.nextTimerAt ?? null },
        ),
      );
    return;
  }
  if (found.length === 0) return context.note('There are no process managers.');
  const columns = [
    { title: 'NAME', paint: palette.name },
    { title: 'STATE', paint: (text: string) => paintStanding(palette, text) },
    { title: 'SLICES', align: 'right' as const, leftOutBelow: 80 },
    { title: 'LAG', align: 'right' as const },
    { title: 'BEHIND', align: 'right' as const, leftOutBelow: 90 },
    { title: 'LETTERS', align: 'right' as const },
    { title: 'NEXT TIMER', paint: palette.faint, leftOutBelow: 70 },
    { title: 'WHY', paint: palette.bad },
  ];
  const rows = found.map(([name, status]) =>
    status === undefined
      ? [safeText(name), 'never run', '-', '-', '-', '-', '-', '']
      : [
          safeText(name),
          standingOf(status),
          slicesText(status),
          lagText(status),
          behindText(status),
          lettersText(status),
          status.nextTimerAt === undefined ? '-' : timeText(status.nextTimerAt),
          whyText(status),
        ],
  );
  for (const line of tableLines(columns, rows, { widthMax, paintTitle: palette.title })) await output.line(line);
}

async function statusOf(store: Store, name: string): Promise<ProcessStatus | undefined> {
  try {
    return await processStatus(store, name);
  } catch (error) {
    if (isHindsightError(error, 'CONSUMER_UNKNOWN')) return undefined;
    throw error;
  }
}

async function listInstances(context: CommandContext, name: string, { which, limit }: ListOptions): Promise<void> {
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const { output, palette, widthMax, signal } = context;
  const found: ProcessInfo[] = [];
  let hasMore = false;
  for await (const info of listProcesses(store, name, { which, signal })) {
    hasMore = found.length === limit;
    if (hasMore) break;
    found.push(info);
  }
  if (context.isJson) for (const info of found) await output.line(JSON.stringify(info));
  else if (found.length > 0) {
    const columns = [
      { title: 'KEY', paint: palette.name },
      { title: 'STATUS', paint: (text: string) => paintInstance(palette, text) },
      { title: 'STEPS', align: 'right' as const, leftOutBelow: 80 },
      { title: 'LAST', paint: palette.faint, leftOutBelow: 100 },
      { title: 'ON', paint: palette.type },
      { title: 'NEXT TIMER' },
      { title: 'STATE', leftOutBelow: 120 },
    ];
    const rows = found.map((info) => [
      safeText(info.key),
      instanceStatus(info),
      countText(info.version),
      timeText(info.lastStep.recordedAt),
      causeText(info.lastStep.on),
      nextTimer(info.timers),
      info.state === undefined ? '' : jsonText(info.state),
    ]);
    for (const line of tableLines(columns, rows, { widthMax, paintTitle: palette.title })) await output.line(line);
  }
  await output.flush();
  if (found.length === 0) {
    if ((await statusOf(store, name)) === undefined && !(await isDeclared(context, name)))
      throw new CommandError(`There is no process manager ${safeText(name)}.`, {
        advice: ['See which there are: hindsight processes list'],
      });
    context.note(
      which === 'running'
        ? `${safeText(name)} has no instance that has not ended: --which all`
        : `${safeText(name)} has no such instance.`,
    );
  }
  if (hasMore) context.note(`There are more: --limit ${limit * 10}`);
}

async function isDeclared(context: CommandContext, name: string): Promise<boolean> {
  return (await context.config())?.config.processes?.some((each) => each.name === name) === true;
}

/** How an instance stands, in a word. */
export function instanceStatus({ isEnded, failing }: ProcessInfo): string {
  if (isEnded) return 'ended';
  return Object.keys(failing).length > 0 ? 'failing' : 'running';
}

/** Paints how an instance stands. */
export function paintInstance(palette: CommandContext['palette'], text: string): string {
  return text === 'failing' ? palette.bad(text) : text === 'running' ? palette.good(text) : palette.faint(text);
}
