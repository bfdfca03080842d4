/** `hindsight timeline`: the events of an entity, each with what it changed. */

import type { Command } from 'commander';
import { categoryOf, type ElementKeys, type Event, type Store } from 'hindsightdb';
import { timeline, type Change, type TimelineEntry } from 'hindsightdb/history';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { changeLines } from '../history/change-lines.ts';
import { elementKeyOption, foldFor, type ChosenFold } from '../history/entity-fold.ts';
import { rangeFrom, type EventRange } from '../history/event-range.ts';
import { parseFieldPath, type FieldPath } from '../history/field-path.ts';
import {
  addMomentOptions,
  findMoment,
  isOfOccurrence,
  type FoundMoment,
  type MomentOptions,
} from '../history/moment-options.ts';
import { changesAt } from '../history/narrow-changes.ts';
import { stateLines } from '../history/state-text.ts';
import { eventDocument, eventTimeText, plainState, writerText } from '../history/value-text.ts';
import { GrowingTable } from '../terminal/table.ts';
import { safeText } from '../terminal/text-width.ts';

interface TimelineOptions extends MomentOptions {
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly path?: string;
  readonly state?: true;
  readonly elementKey?: ElementKeys;
}

type Entry = TimelineEntry<unknown, Event>;

/** Adds the command. */
export const addTimeline: AddCommand = (program, cli) => {
  const command = program
    .command('timeline')
    .summary('show the events of an entity, each with what it changed')
    .description(
      'Shows every event of a stream with the changes that it made to the state: + added, - removed, ~ replaced. The times say when an event happened, where it says so itself, and else when it was recorded.',
    )
    .argument('<stream>', 'the id of the stream')
    .option('--from <moment>', 'from this moment on: a version, a time, a release')
    .option('--to <moment>', 'up to this moment')
    .option('-n, --limit <count>', 'so many events at most', wholeNumber(0))
    .option('-p, --path <path>', 'only events that changed this part of the state: /total or items.pen')
    .option('-s, --state', 'the whole state after each event as well')
    .addOption(elementKeyOption());
  addMomentOptions(command).action((streamId: string, options: TimelineOptions, self: Command) =>
    runAction(cli, self, async (context) => {
      const path = options.path === undefined ? undefined : parseFieldPath('--path', options.path);
      const { store } = await context.openStore({ asApplication: true });
      await using _ = store;
      const chosen = await foldFor(context, categoryOf(streamId), options);
      const to = await findMoment(context, store, { what: '--to', text: options.to }, options);
      const from = await findMoment(context, store, { what: '--from', text: options.from }, fromOptions(options));
      const range = await rangeFrom(store, streamId, from);
      const { limit = Number.MAX_SAFE_INTEGER } = options;
      await printTimeline(context, store, streamId, {
        chosen,
        to,
        range,
        limit,
        path,
        isWithState: options.state === true,
      });
    }),
  );
  addExamples(command, [
    { line: 'timeline order-75', meaning: 'everything that happened to the order' },
    { line: 'timeline order-75 --path /total', meaning: 'what set its total, time after time' },
    { line: 'timeline order-75 --from yesterday --to "2h ago" --state', meaning: 'a part of it, with whole states' },
    { line: 'timeline order-75 --from 100 -n 10 --json', meaning: 'ten events from version 100 on, as JSON Lines' },
  ]);
};

/** What was known later bounds what is shown, not where it begins. */
function fromOptions({ by }: TimelineOptions): MomentOptions {
  return by === undefined ? {} : { by };
}

interface Shown {
  readonly chosen: ChosenFold;
  readonly to: FoundMoment;
  readonly range: EventRange;
  readonly limit: number;
  readonly path: FieldPath | undefined;
  readonly isWithState: boolean;
}

async function printTimeline(context: CommandContext, store: Store, streamId: string, shown: Shown): Promise<void> {
  const { version } = await store.streamInfo(streamId);
  const entries = entriesOf(context, store, streamId, shown);
  const count = context.isJson
    ? await printDocuments(context, entries, shown)
    : await printBlocks(context, entries, { ...shown, streamId, version });
  if (count > 0) return;
  context.note(
    version === 0
      ? `There is no stream ${JSON.stringify(streamId)}.`
      : `Stream ${JSON.stringify(streamId)} is at version ${version}; nothing of it is what was asked for.`,
  );
}

async function* entriesOf(
  context: CommandContext,
  store: Store,
  streamId: string,
  { chosen, to, range, limit, path }: Shown,
): AsyncGenerator<readonly [Entry, readonly Change[]]> {
  const { asOf } = to;
  const { fromVersion } = range;
  const reading = timeline(store, chosen.fold, streamId, {
    ...(asOf !== undefined && { asOf }),
    ...(fromVersion !== undefined && !isOfOccurrence(to) && { fromVersion }),
    signal: context.signal,
  });
  let left = limit;
  if (left === 0) return;
  for await (const entry of reading) {
    context.signal.throwIfAborted();
    if (!range.includes(entry.event) || entry.event.version < (fromVersion ?? 1)) continue;
    const changes = path === undefined ? entry.changes : changesAt(entry.changes, path);
    if (path !== undefined && changes.length === 0) continue;
    yield [entry, changes];
    left -= 1;
    if (left === 0) return;
  }
}

type Entries = AsyncIterable<readonly [Entry, readonly Change[]]>;

async function printDocuments(
  { output }: CommandContext,
  entries: Entries,
  { chosen, isWithState }: Shown,
): Promise<number> {
  let count = 0;
  for await (const [{ event, after }, changes] of entries) {
    count += 1;
    const { foldedBy } = chosen;
    const document = {
      event: eventDocument(event),
      changes,
      foldedBy,
      ...(isWithState && { state: plainState(after) }),
    };
    await output.line(JSON.stringify(document));
  }
  return count;
}

/** So many events share the widths of their columns, and wait for one another. */
const blocksAtOnce = 200;

async function printBlocks(
  context: CommandContext,
  entries: Entries,
  shown: Shown & { readonly streamId: string; readonly version: number },
): Promise<number> {
  const { palette, widthMax, output } = context;
  const { streamId, version, isWithState } = shown;
  const indent = String(version).length + 2;
  const table = new GrowingTable(
    [
      { title: ' '.repeat(indent - 2), align: 'right', paint: palette.strong },
      { title: '', paint: palette.faint },
      { title: '', paint: palette.type },
      { title: '' },
    ],
    { widthMax },
  );
  let waiting: { readonly cells: readonly string[]; readonly lines: readonly string[] }[] = [];
  let count = 0;
  const print = async (): Promise<void> => {
    table.measure(waiting.map(({ cells }) => cells.slice(0, -1)));
    for (const { cells, lines } of waiting) for (const line of [table.line(cells), ...lines]) await output.line(line);
    waiting = [];
  };
  for await (const [{ event, after }, changes] of entries) {
    if (count === 0)
      await output.line(`${palette.name(safeText(streamId))} at version ${palette.strong(String(version))}`);
    count += 1;
    const state = isWithState ? stateLines(context, after, undefined).map((line) => ' '.repeat(indent) + line) : [];
    waiting.push({
      cells: [String(event.version), eventTimeText(event), safeText(event.type), writerText(event)],
      lines: [...changeLines(changes, { palette, indent, widthMax }), ...state],
    });
    if (waiting.length === blocksAtOnce) await print();
  }
  await print();
  return count;
}
