/** `hindsight blame`: for every part of a state, the event that set it. */

import { Option, type Command } from 'commander';
import { categoryOf, type ElementKeys, type RecordedEvent } from 'hindsightdb';
import { blame, type Blame } from 'hindsightdb/history';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../event-choice.ts';
import { elementKeyOption, foldFor } from '../history/entity-fold.ts';
import { parseFieldPath, pointerOf } from '../history/field-path.ts';
import { addMomentOptions, findMoment, type MomentOptions } from '../history/moment-options.ts';
import { whyNothing } from '../history/nothing-found.ts';
import { actorText, eventDocument, eventTimeText, hasRoom, jsonText, releaseText } from '../history/value-text.ts';
import { tableLines, type Column } from '../terminal/table.ts';
import { countText } from '../terminal/quantities.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';

interface BlameOptions extends MomentOptions {
  readonly asOf?: string;
  readonly deleted: number;
  readonly moves?: true;
  readonly elementKey?: ElementKeys;
}

const deletedDefault = 20;

/** Adds the command. */
export const addBlame: AddCommand = (program, cli) => {
  const command = program
    .command('blame')
    .summary('show which event set each part of a state')
    .description(
      'Shows every part of the state with the event that last gave it its value: when, by whom and by which release. What is no longer there follows, with the event that took it away.',
    )
    .argument('<stream>', 'the id of the stream')
    .argument('[path]', 'only this part of the state: /total or customer.name')
    .option('-a, --as-of <moment>', 'of the state as of this moment')
    .addOption(
      new Option('-d, --deleted <count>', 'so many of the latest deletions')
        .argParser(wholeNumber(0))
        .default(deletedDefault),
    )
    .option('--moves', 'a value that is set again, though equal, moves the blame')
    .addOption(elementKeyOption());
  addMomentOptions(command).action((streamId: string, path: string | undefined, options: BlameOptions, self: Command) =>
    runAction(cli, self, async (context) => {
      const pointer = path === undefined ? '' : pointerOf(parseFieldPath('The path', path));
      const { store } = await context.openStore({ asApplication: true });
      await using _ = store;
      const { fold, foldedBy } = await foldFor(context, categoryOf(streamId), options);
      const { asOf } = await findMoment(context, store, { what: '--as-of', text: options.asOf }, options);
      const found = await blame(store, fold, streamId, {
        ...(asOf !== undefined && { asOf }),
        path: pointer,
        deletionsMax: options.deleted,
        equalValues: options.moves === true ? 'move' : 'keep',
        signal: context.signal,
      });
      if (context.isJson) return await context.document(documentOf(found, foldedBy));
      const { version: newest } = await store.streamInfo(streamId);
      if (newest > 0) await printBlame(context, found);
      const why = await whyNothing(store, streamId, { version: found.version, asOf });
      if (why !== undefined) context.note(why);
      else if (found.leaves.length + found.deletions.length === 0)
        context.note(pointer === '' ? 'The state is empty.' : `The state has nothing at ${pointer}.`);
    }),
  );
  addExamples(command, [
    { line: 'blame order-75', meaning: 'who set what of the order' },
    { line: 'blame order-75 /total', meaning: 'who set its total' },
    { line: 'blame order-75 items --element-key /items=sku', meaning: 'its items by their sku and not by their index' },
    { line: 'blame order-75 --as-of 2026-03-01 --json', meaning: 'of the state as of a time, for machines' },
  ]);
};

function documentOf(found: Blame<unknown, RecordedEvent>, foldedBy: string): object {
  const { streamId, version, isProvisional, leaves, deletions, deletionsLeftOut } = found;
  return {
    streamId,
    version,
    isProvisional,
    leaves: leaves.map(({ path, value, event }) => ({ path, value, event: event ? eventDocument(event) : null })),
    deletions: deletions.map(({ path, before, event }) => ({ path, before, event: eventDocument(event) })),
    deletionsLeftOut,
    foldedBy,
  };
}

/** Where an event is known, a row says what and when. */
interface Row {
  readonly path: string;
  readonly value: unknown;
  readonly event: RecordedEvent | undefined;
}

async function printBlame(context: CommandContext, found: Blame<unknown, RecordedEvent>): Promise<void> {
  const { palette, output } = context;
  const { leaves, deletions, deletionsLeftOut, streamId, version } = found;
  await output.line(`${palette.name(safeText(streamId))} at version ${palette.strong(String(version))}`);
  for (const line of blameTable(context, leaves, 'SET BY')) await output.line(line);
  if (deletions.length === 0) return await output.flush();
  await output.line('');
  await output.line('No longer there');
  const gone = deletions.map(({ path, before, event }) => ({ path, value: before, event }));
  for (const line of blameTable(context, gone, 'REMOVED BY')) await output.line(line);
  if (deletionsLeftOut > 0)
    await output.line(
      palette.faint(`… and ${countText(deletionsLeftOut)} before: --deleted ${deletions.length + deletionsLeftOut}`),
    );
  await output.flush();
}

/** Only columns that say something: logs of one writer need not name it again and again. */
function blameTable({ palette, widthMax }: CommandContext, rows: readonly Row[], title: string): readonly string[] {
  if (rows.length === 0) return [];
  const eventColumn = (name: string, text: (event: RecordedEvent) => string, paint?: Column['paint']) => ({
    column: { title: name, ...(paint && { paint }) },
    cells: rows.map(({ event }) => (event === undefined ? '' : text(event))),
  });
  const valueMax = widthMax === undefined ? Number.MAX_SAFE_INTEGER : Math.max(12, Math.floor(widthMax / 5));
  const columns = [
    { column: { title: 'PATH' }, cells: rows.map(({ path }) => (path === '' ? '(all)' : safeText(path))) },
    { column: { title: 'VALUE' }, cells: rows.map(({ value }) => cutToWidth(jsonText(value), valueMax)) },
    {
      column: { title: 'VERSION', align: 'right', paint: palette.strong } as const,
      cells: rows.map(({ event }) => (event === undefined ? '-' : String(event.version))),
    },
    eventColumn('TIME', (event) => eventTimeText(event, widthMax), palette.faint),
    ...[eventColumn('ACTOR', actorText), eventColumn('RELEASE', releaseText)].filter(({ cells }) =>
      cells.some((cell) => cell !== ''),
    ),
    ...(hasRoom(widthMax) ? [eventColumn(title, ({ type }) => safeText(type), palette.type)] : []),
  ];
  return tableLines(
    columns.map(({ column }) => column),
    rows.map((_, index) => columns.map(({ cells }) => cells[index] ?? '')),
    { widthMax, paintTitle: palette.title },
  );
}
