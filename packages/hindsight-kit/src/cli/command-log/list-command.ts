/** `hindsight commands list`: commands, and where each of them stands. */

import { Option, type Command } from 'commander';
import { categoryOf, type Store } from 'hindsightdb';
import { listCommands, type CommandInfo, type CommandStatus, type ListCommandsOptions } from 'hindsightdb/commands';
import { addExamples, runAction, type Cli } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { UsageError } from '../failure.ts';
import { cellText, jsonText, timeText } from '../history/value-text.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';
import { timeForms, timeOption } from '../time-option.ts';
import { outcomeDetail, paintStatus, statusText } from './outcome-text.ts';

/** What is listed. */
export interface ListOptions {
  readonly category?: string;
  readonly stream?: string;
  readonly status?: CommandStatus;
  readonly since?: string;
  readonly limit: number;
}

const limitDefault = 50;
const statuses = ['scheduled', 'accepted', 'set-aside', 'decided', 'rejected', 'cancelled', 'abandoned'];

/** Adds the command to its group. */
export function addList(group: Command, cli: Cli): void {
  const command = group
    .command('list')
    .summary('list the newest commands and where they stand (default)')
    .description(
      'Lists commands in the order in which they were accepted, the newest first. Commands that were refused are not among them.',
    )
    .option('-c, --category <name>', 'only for entities of this category')
    .option('--stream <id>', 'only for this entity')
    .addOption(
      new Option('--status <status>', 'only those that stand so; accepted: they wait for their turn')
        .choices(statuses)
        .argParser(parseStatus),
    )
    .option('--since <time>', `accepted at or after: ${timeForms}`)
    .option('-n, --limit <count>', 'so many at most', wholeNumber(1), limitDefault)
    .action((options: ListOptions, self: Command) => runAction(cli, self, (context) => list(context, options)));
  addExamples(command, [
    { line: 'commands list', meaning: 'the newest fifty' },
    { line: 'commands list --status accepted', meaning: 'what is still to be decided?' },
    { line: 'commands list --stream order-75 --json', meaning: 'all that was wanted of one order, for machines' },
  ]);
}

function parseStatus(text: string): CommandStatus {
  if (!statuses.includes(text)) throw new UsageError(`--status takes ${statuses.join(', ')}, not ${safeText(text)}.`);
  // It is one of the texts above, which are the statuses but for the hyphen.
  return text === 'set-aside' ? 'setAside' : (text as CommandStatus);
}

/** Lists commands with the defaults. */
export async function listNewest(context: CommandContext): Promise<void> {
  await list(context, { limit: limitDefault });
}

async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const { category, stream, status, since, limit } = options;
  if (category !== undefined && stream !== undefined)
    throw new UsageError('--category and --stream cannot be given together.');
  const fromTime = since === undefined ? undefined : timeOption('--since', since, context.world.now());
  const { store } = await context.openStore({ asApplication: true });
  await using _ = store;
  const consumer = await consumerOf(context, category ?? (stream === undefined ? undefined : categoryOf(stream)));
  const wanted: ListCommandsOptions = {
    direction: 'backward',
    signal: context.signal,
    ...(category !== undefined && { category }),
    ...(stream !== undefined && { streamId: stream }),
    ...(status !== undefined && { status }),
    ...(fromTime !== undefined && { fromTime }),
    ...(consumer !== undefined && { consumer }),
  };
  await print(context, store, wanted, limit);
}

/** The consumer of a category, where the configuration declares exactly one under another name than the rule says. */
async function consumerOf(context: CommandContext, category: string | undefined): Promise<string | undefined> {
  if (category === undefined) return undefined;
  const declared = (await context.config())?.config.commands?.filter((each) => each.category === category) ?? [];
  return declared.length === 1 ? declared[0]?.name : undefined;
}

async function print(context: CommandContext, store: Store, wanted: ListCommandsOptions, limit: number): Promise<void> {
  const { output, palette, widthMax } = context;
  const found: CommandInfo[] = [];
  let hasMore = false;
  for await (const info of listCommands(store, { ...wanted, limit: limit + 1 })) {
    hasMore = found.length === limit;
    if (hasMore) break;
    found.push(info);
    // Machines are handed each at once, and ask for as many as they like.
    if (context.isJson) await output.line(JSON.stringify(info));
  }
  if (!context.isJson && found.length > 0) {
    const columns = [
      { title: 'ACCEPTED', paint: palette.faint, leftOutBelow: 70 },
      { title: 'ENTITY', paint: palette.name },
      { title: 'COMMAND', paint: palette.type },
      { title: 'STATUS', paint: (text: string) => paintStatus(palette, text) },
      { title: 'ID' },
      { title: 'ACTOR', leftOutBelow: 130 },
      { title: 'OUTCOME, OR DATA', leftOutBelow: 110 },
    ];
    const rows = found.map(rowOf);
    for (const line of tableLines(columns, rows, { widthMax, paintTitle: palette.title })) await output.line(line);
  }
  await output.flush();
  if (found.length === 0) context.note('There are no such commands.');
  if (hasMore) context.note(`There are more: --limit ${limit * 10}`);
}

function rowOf({ command, status, outcome }: CommandInfo): string[] {
  const { id, type, streamId, acceptedAt, dueAt, data, metadata } = command;
  const detail = outcome === undefined ? jsonText(data) : outcomeDetail(outcome);
  return [
    timeText(acceptedAt),
    safeText(streamId),
    safeText(type),
    statusText(status),
    safeText(id),
    metadata.actor === undefined ? '' : cellText(metadata.actor),
    status === 'scheduled' && dueAt !== undefined ? `due ${timeText(dueAt)}` : detail,
  ];
}
