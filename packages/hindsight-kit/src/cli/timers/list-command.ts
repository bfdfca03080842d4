/** `hindsight timers list`: groups of timers, or the timers of one in the order in which they are due. */

import { Option, type Command } from 'commander';
import type { Store } from 'hindsightdb';
import { listTimerGroups, listTimers, type Timer } from 'hindsightdb/timers';
import { addExamples, runAction, type Cli } from '../command.ts';
import { firstLine } from '../consumers/consumer-text.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { CommandError } from '../failure.ts';
import { jsonText, timeText } from '../history/value-text.ts';
import { countText } from '../terminal/quantities.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { anyTimeOption, dueForms } from '../time-option.ts';

interface ListOptions {
  readonly until?: string;
  readonly state?: 'pending' | 'failed';
  readonly limit: number;
}

const limitDefault = 50;

/** Adds the command to its group. */
export function addList(group: Command, cli: Cli): void {
  const command = group
    .command('list')
    .summary('list groups of timers, or the timers of one (default)')
    .description(
      'Lists the groups that have timers, and of one that is named its timers in the order in which they are due. The timers of scheduled commands and of process managers are shown where they belong: hindsight commands list --status scheduled, hindsight processes list.',
    )
    .argument('[group]', 'a group: list its timers')
    .option('--until <time>', `only those that are due by then: now, ${dueForms}`)
    .addOption(
      new Option('--state <state>', 'only those to be fired, or those set aside').choices(['pending', 'failed']),
    )
    .option('-n, --limit <count>', 'so many timers at most', wholeNumber(1), limitDefault)
    .action((name: string | undefined, options: ListOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        if (name === undefined) return await listGroups(context);
        return await listGroup(context, name, options);
      }),
    );
  addExamples(command, [
    { line: 'timers list', meaning: 'which groups are there, and what comes next?' },
    { line: 'timers list reminders --until now', meaning: 'what is due and was not fired?' },
    { line: 'timers list reminders --state failed', meaning: 'what was set aside, and why?' },
  ]);
}

/** Lists the groups. */
export async function listGroups(context: CommandContext): Promise<void> {
  const { store } = await context.openStore();
  await using _ = store;
  const { output, palette, widthMax } = context;
  const rows: string[][] = [];
  for await (const each of listTimerGroups(store)) {
    context.signal.throwIfAborted();
    const { group, nextAt, hasFailed } = each;
    if (context.isJson) await output.line(JSON.stringify({ group, nextAt: nextAt ?? null, hasFailed }));
    else
      rows.push([
        safeText(group),
        nextAt === undefined ? '-' : timeText(nextAt),
        hasFailed ? 'yes' : 'no',
        whose(group),
      ]);
  }
  if (context.isJson) return;
  if (rows.length === 0) return context.note('There are no timers.');
  const columns = [
    { title: 'GROUP', paint: palette.name },
    { title: 'NEXT DUE', paint: palette.faint },
    { title: 'SET ASIDE', paint: (text: string) => (text === 'yes' ? palette.bad(text) : text), leftOutBelow: 60 },
    { title: 'OF', leftOutBelow: 80 },
  ];
  for (const line of tableLines(columns, rows, { widthMax, paintTitle: palette.title })) await output.line(line);
}

/** To whom a group belongs. */
function whose(group: string): string {
  const [kind, name = ''] = group.split('/');
  if (kind === 'commands') return `scheduled commands: hindsight commands list --status scheduled`;
  if (kind === 'process') return `a process manager: hindsight processes list ${safeText(shellWord(name))}`;
  return '';
}

async function listGroup(context: CommandContext, group: string, options: ListOptions): Promise<void> {
  const { until, state, limit } = options;
  const untilTime = until === undefined ? undefined : anyTimeOption('--until', until, context.world.now());
  if (group.includes('/'))
    throw new CommandError(`The timers of ${safeText(group)} belong to the library itself.`, {
      advice: [whose(group)].filter((text) => text !== ''),
    });
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const found: Timer[] = [];
  let hasMore = false;
  const wanted = { group, ...(state !== undefined && { state }), ...(untilTime !== undefined && { until: untilTime }) };
  for await (const timer of listTimers(store, wanted)) {
    context.signal.throwIfAborted();
    hasMore = found.length === limit;
    if (hasMore) break;
    found.push(timer);
  }
  const { output } = context;
  if (context.isJson) for (const timer of found) await output.line(JSON.stringify(timer));
  else if (found.length > 0) for (const line of timerLines(context, found)) await output.line(line);
  await output.flush();
  if (found.length === 0) await noteNone(context, store, group);
  if (hasMore) context.note(`There are more: --limit ${limit * 10}`);
}

function timerLines({ palette, widthMax }: CommandContext, timers: readonly Timer[]): readonly string[] {
  const columns = [
    { title: 'DUE', paint: palette.faint },
    { title: 'ID', paint: palette.name },
    { title: 'STATE', paint: (text: string) => (text === 'pending' ? text : palette.bad(text)) },
    { title: 'TRIED', align: 'right' as const, leftOutBelow: 100 },
    { title: 'STREAM', leftOutBelow: 110 },
    { title: 'DATA, OR WHY IT FAILED' },
  ];
  const rows = timers.map(({ dueAt, id, state, attempts, streamId, data, error, retryAt }) => [
    timeText(retryAt ?? dueAt),
    safeText(id),
    state === 'failed' ? 'set aside' : attempts > 0 ? 'tried again' : 'pending',
    countText(attempts),
    safeText(streamId ?? '-'),
    error === undefined ? jsonText(data) : firstLine(error.message),
  ]);
  return tableLines(columns, rows, { widthMax, paintTitle: palette.title });
}

async function noteNone(context: CommandContext, store: Store, group: string): Promise<void> {
  for await (const each of listTimerGroups(store))
    if (each.group === group) return context.note(`${safeText(group)} has no such timers.`);
  context.note(`${safeText(group)} has no timers. Groups that have some: hindsight timers list`);
}
