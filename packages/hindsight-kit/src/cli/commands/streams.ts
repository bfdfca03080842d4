/** `hindsight streams`: the streams of a store, with their versions and times. */

import type { Command } from 'commander';
import type { Store, StreamInfo } from 'hindsightdb';
import { isoOf } from '../../formats/json-lines/event-line.ts';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { timeText } from '../history/value-text.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

interface StreamsOptions {
  readonly category?: string;
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
  readonly all?: true;
  readonly system?: true;
}

const limitDefault = 50;

/** Adds the command. */
export const addStreams: AddCommand = (program, cli) => {
  const command = program
    .command('streams')
    .summary('list the streams with their versions and times')
    .description(
      'Lists streams in the order of their ids. FIRST and LAST are when their first and newest events were recorded.',
    )
    .option('-c, --category <name>', 'only streams of this category')
    .option('-p, --prefix <text>', 'only streams whose id begins so')
    .option('--after <stream>', 'begin behind this id')
    .option('-n, --limit <count>', 'so many at most', wholeNumber(0), limitDefault)
    .option('-a, --all', 'all of them, without a limit')
    .option('--system', "also the store's own streams, which begin with $")
    .action((options: StreamsOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store } = await context.openStore();
        await using _ = store;
        await (context.isJson ? listForMachines(context, store, options) : listForPeople(context, store, options));
      }),
    );
  addExamples(command, [
    { line: 'streams', meaning: `the first ${limitDefault} streams` },
    { line: 'streams --category order --after order-75', meaning: 'go on behind order-75' },
    { line: 'streams --all --json', meaning: 'all of them, as JSON Lines' },
  ]);
};

/** A stream with the times of its ends. A stream whose events are all hidden has none. */
interface TimedStream {
  readonly info: StreamInfo;
  readonly firstAt: string | undefined;
  readonly lastAt: string | undefined;
}

async function* timedStreams(
  context: CommandContext,
  store: Store,
  options: StreamsOptions,
  limit: number,
): AsyncGenerator<TimedStream> {
  const { category, prefix, after, system } = options;
  const streams = store.listStreams({
    limit,
    includeReserved: system === true,
    ...(category !== undefined && { category }),
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after }),
  });
  for await (const info of streams) {
    context.signal.throwIfAborted();
    const [first, last] = await Promise.all(
      (['forward', 'backward'] as const).map((direction) =>
        store.readStreamRecords(info.streamId, { direction, limit: 1 }).first(),
      ),
    );
    yield { info, firstAt: first && isoOf(first.recordedAt), lastAt: last && isoOf(last.recordedAt) };
  }
}

async function listForMachines(context: CommandContext, store: Store, options: StreamsOptions): Promise<void> {
  const limit = options.all === true ? Number.MAX_SAFE_INTEGER : options.limit;
  for await (const { info, firstAt, lastAt } of timedStreams(context, store, options, limit)) {
    const { streamId, version, settings } = info;
    await context.output.line(
      JSON.stringify({
        streamId,
        version,
        firstAt: firstAt ?? null,
        lastAt: lastAt ?? null,
        settings: settings ?? null,
      }),
    );
  }
}

/** Of many streams so many are set as one table, with columns of one width. */
const tableRows = 500;

async function listForPeople(context: CommandContext, store: Store, options: StreamsOptions): Promise<void> {
  // One more than is shown tells whether there are more.
  const limit = options.all === true ? Number.MAX_SAFE_INTEGER : options.limit + 1;
  let rows: string[][] = [];
  let count = 0;
  let last: string | undefined;
  const print = async (): Promise<void> => {
    const { palette, output, widthMax } = context;
    const lines = tableLines(
      [
        { title: 'STREAM', paint: palette.name },
        { title: 'VERSION', align: 'right' },
        { title: 'FIRST', paint: palette.faint },
        { title: 'LAST', paint: palette.faint },
        { title: 'SETTINGS' },
      ],
      rows,
      { widthMax, paintTitle: palette.title },
    );
    for (const line of count > rows.length ? lines.slice(1) : lines) await output.line(line);
    rows = [];
  };
  for await (const { info, firstAt, lastAt } of timedStreams(context, store, options, limit)) {
    if (options.all !== true && count === options.limit) {
      if (rows.length > 0) await print();
      await context.output.flush();
      context.note(`There are more: --after ${shellWord(last ?? '')}, or --all`);
      return;
    }
    rows.push([safeText(info.streamId), String(info.version), whenText(firstAt), whenText(lastAt), settingsText(info)]);
    count += 1;
    last = info.streamId;
    if (rows.length === tableRows) await print();
  }
  if (rows.length > 0) await print();
  if (count === 0) context.note('No streams.');
}

function whenText(time: string | undefined): string {
  return time === undefined ? '-' : timeText(time);
}

function settingsText({ settings }: StreamInfo): string {
  if (settings === undefined) return '';
  if (settings.tombstone === true) return 'ended';
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}
