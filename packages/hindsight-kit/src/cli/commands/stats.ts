/** `hindsight stats`: how large a store is, what is in it, and how fast it grows. */

import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { categoryOf, type EngineStatistics, type Store } from 'hindsightdb';
import { listImports, type ImportProgress } from '../../formats/import/import-progress.ts';
import { isoOf } from '../../formats/json-lines/event-line.ts';
import { partsOf } from '../../formats/json-lines/record-parts.ts';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { bytesText, countOf, countText } from '../terminal/quantities.ts';
import { tableLines } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

interface StatsOptions {
  readonly quick?: true;
  readonly top: number;
}

/** What a look through the whole log counts. */
interface Contents {
  readonly events: number;
  readonly recordBytes: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** Events recorded in the last minute, hour and day. */
  readonly recent: { readonly minute: number; readonly hour: number; readonly day: number };
  readonly categories: readonly { readonly category: string; readonly events: number; readonly streams: number }[];
  readonly types: readonly { readonly type: string; readonly events: number }[];
}

/** Adds the command. */
export const addStats: AddCommand = (program, cli) => {
  const command = program
    .command('stats')
    .summary('show sizes, counts and rates')
    .description(
      'Shows how large the store is and what it holds. The categories and types are counted by reading the log once; --quick leaves them out.',
    )
    .option('-q, --quick', 'only what is known without reading the log')
    .option('--top <count>', 'how many categories and types are shown', wholeNumber(1), 10)
    .action((options: StatsOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        const { store, address } = await context.openStore();
        await using _ = store;
        const statistics = await store.statistics();
        const files = await fileSizes(statistics);
        const imports: ImportProgress[] = [];
        for await (const each of listImports(store)) imports.push(each);
        const contents = options.quick === true ? undefined : await contentsOf(context, store);
        const facts = { address, store, statistics, files, imports, contents };
        await (context.isJson ? printDocument(context, facts) : printTables(context, facts, options.top));
      }),
    );
  addExamples(command, [
    { line: 'stats', meaning: 'everything' },
    { line: 'stats --quick --json', meaning: 'what is known at once, for machines' },
  ]);
};

interface Facts {
  readonly address: string;
  readonly store: Store;
  readonly statistics: EngineStatistics;
  readonly files: { readonly databaseBytes: number; readonly walBytes: number } | undefined;
  readonly imports: readonly ImportProgress[];
  readonly contents: Contents | undefined;
}

/** The engine names its file; the WAL lies beside it. */
async function fileSizes({ path }: EngineStatistics): Promise<Facts['files']> {
  if (typeof path !== 'string') return undefined;
  const size = async (file: string): Promise<number> =>
    await stat(file).then(
      (found) => found.size,
      () => 0,
    );
  return { databaseBytes: await size(path), walBytes: await size(`${path}-wal`) };
}

async function contentsOf(context: CommandContext, store: Store): Promise<Contents> {
  const progress = context.progress('Counting');
  const [total = 0] = await store.positions();
  const now = context.world.now() * 1000;
  const recent = { minute: 0, hour: 0, day: 0 };
  const categories = new Map<string, { events: number; streams: number }>();
  const types = new Map<string, number>();
  let events = 0;
  let recordBytes = 0;
  let firstAt: number | undefined;
  let lastAt: number | undefined;
  for await (const page of store.readRecords({ pageSize: 5000, signal: context.signal }).pages()) {
    for (const event of page.events) {
      const { type } = partsOf(event.record);
      const category = categoryOf(event.streamId);
      const known = categories.get(category) ?? { events: 0, streams: 0 };
      known.events += 1;
      if (event.version === 1) known.streams += 1;
      categories.set(category, known);
      types.set(type, (types.get(type) ?? 0) + 1);
      recordBytes += event.record.length;
      const age = now - event.recordedAt;
      if (age < 60e6) recent.minute += 1;
      if (age < 3600e6) recent.hour += 1;
      if (age < 86_400e6) recent.day += 1;
      firstAt ??= event.recordedAt;
      lastAt = event.recordedAt;
    }
    events += page.events.length;
    progress.update({ done: page.events.at(-1)?.position ?? 0, total, count: events });
  }
  progress.clear();
  return {
    events,
    recordBytes,
    firstAt: firstAt === undefined ? null : isoOf(firstAt),
    lastAt: lastAt === undefined ? null : isoOf(lastAt),
    recent,
    categories: [...categories]
      .map(([category, counts]) => ({ category, ...counts }))
      .toSorted((left, right) => right.events - left.events),
    types: [...types]
      .map(([type, count]) => ({ type, events: count }))
      .toSorted((left, right) => right.events - left.events),
  };
}

async function printDocument(
  context: CommandContext,
  { address, store, statistics, files, imports, contents }: Facts,
): Promise<void> {
  const { logId, lineage, partitionCount } = store.identity;
  await context.document({
    store: address,
    logId,
    epoch: lineage.at(-1)?.epoch ?? null,
    epochs: lineage.length,
    partitions: partitionCount,
    heads: await store.positions(),
    events: contents?.events ?? numberOr(statistics['log.events'], null),
    streams:
      contents?.categories.reduce((sum, { streams }) => sum + streams, 0) ?? numberOr(statistics['log.streams'], null),
    files: files ?? null,
    contents: contents ?? null,
    imports: imports.map(({ source, kind, rows, events, skipped, isComplete, about }) => ({
      source,
      kind,
      rows,
      events,
      skipped,
      isComplete,
      ...(about !== undefined && { about }),
    })),
    engine: statistics,
  });
}

function numberOr(value: number | string | undefined, otherwise: null): number | null {
  return typeof value === 'number' ? value : otherwise;
}

async function printTables(context: CommandContext, facts: Facts, top: number): Promise<void> {
  const { palette, output, widthMax } = context;
  const { address, store, statistics, files, imports, contents } = facts;
  const { logId, lineage } = store.identity;
  const field = (name: string, value: string): Promise<void> | undefined =>
    output.line(`${palette.title(name.padEnd(11))} ${value}`);
  const events = contents?.events ?? Number(statistics['log.events'] ?? 0);
  const streams =
    contents?.categories.reduce((sum, each) => sum + each.streams, 0) ?? Number(statistics['log.streams'] ?? 0);
  await field('store', palette.name(address));
  await field('log', `${logId}, epoch ${lineage.length}`);
  await field('events', `${countText(events)} in ${countOf(streams, 'stream')}`);
  if (files !== undefined)
    await field('size', `${bytesText(files.databaseBytes)}, and ${bytesText(files.walBytes)} of WAL`);
  if (contents !== undefined) {
    const { firstAt, lastAt, recent, recordBytes } = contents;
    if (firstAt !== null && lastAt !== null) await field('recorded', `${shortTime(firstAt)} to ${shortTime(lastAt)}`);
    await field(
      'rate',
      `last minute ${countText(recent.minute)}, hour ${countText(recent.hour)}, day ${countText(recent.day)}`,
    );
    if (events > 0) await field('record', `${bytesText(recordBytes / events)} on average`);
  }
  const table = async (title: string, columns: Parameters<typeof tableLines>[0], rows: string[][]): Promise<void> => {
    if (rows.length === 0) return;
    await output.line('');
    for (const line of tableLines(columns, rows.slice(0, top), { widthMax, paintTitle: palette.title }))
      await output.line(line);
    if (rows.length > top)
      await output.line(
        palette.faint(
          `… and ${countOf(rows.length - top, title, title === 'category' ? 'categories' : undefined)} more: --top ${rows.length}`,
        ),
      );
  };
  const count = { title: 'EVENTS', align: 'right' } as const;
  await table(
    'category',
    [count, { title: 'STREAMS', align: 'right' }, { title: 'CATEGORY', paint: palette.name }],
    (contents?.categories ?? []).map((each) => [
      countText(each.events),
      countText(each.streams),
      safeText(each.category),
    ]),
  );
  await table(
    'type',
    [count, { title: 'TYPE', paint: palette.type }],
    (contents?.types ?? []).map((each) => [countText(each.events), safeText(each.type)]),
  );
  await table(
    'import',
    [count, { title: 'ROWS', align: 'right' }, { title: 'STATE' }, { title: 'IMPORTED FROM', paint: palette.name }],
    imports.map((each) => [
      countText(each.events),
      countText(each.rows),
      each.isComplete ? 'complete' : 'begun',
      safeText(each.source),
    ]),
  );
}

function shortTime(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')}Z`;
}
