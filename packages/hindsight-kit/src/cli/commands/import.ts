/** `hindsight import`: events from a file of CSV, JSON Lines, XES, CloudEvents or OCEL, each once, however often it is begun. */

import type { Command } from 'commander';
import { isHindsightError } from 'hindsightdb';
import type { ImportResult, ImportStop, SkippedRow } from '../../formats/import/import-result.ts';
import { runImport, type ImportRequest } from '../../formats/import/import-run.ts';
import { previewRows } from '../../formats/import/preview.ts';
import { UnreadableInput } from '../../formats/source/bad-input.ts';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext, NamedStore } from '../context.ts';
import { CommandError, exitCodes, interruptedWith } from '../failure.ts';
import { addImportOptions, sourceOf, type ImportOptions } from '../import-options.ts';
import { openInput } from '../open-input.ts';
import { placeOf } from '../place-in-file.ts';
import { countOf, countText, durationText, rateText } from '../terminal/quantities.ts';
import { safeText } from '../terminal/text-width.ts';

/** Adds the command. */
export const addImport: AddCommand = (program, cli) => {
  const command = program
    .command('import')
    .summary('import events from CSV, JSON Lines, XES, CloudEvents or OCEL, each of them once')
    .description(
      'Imports the events of a file, which may be compressed with gzip; a store that is not there is made. Interrupted, even killed, it goes on where it ended when it is run again; run again at its end, it changes nothing, or imports what was added to the file. Events stand in the log in the order of the file; those of OCEL, which has none, in the order of their times.',
    )
    .argument('<file>', 'the file, or - for standard input');
  addImportOptions(command).action((file: string, options: ImportOptions, self: Command) =>
    runAction(cli, self, (context) =>
      options.preview === undefined
        ? importFile(context, file, options)
        : preview(context, file, options, options.preview === true ? 5 : options.preview),
    ),
  );
  addExamples(command, [
    {
      line: 'import fines.csv --case id --type activity --time timestamp --category fine',
      meaning: 'one stream fine-<id> for each case',
    },
    {
      line: 'import log.csv --time-zone Europe/Amsterdam --number amount --tag org:resource=resource',
      meaning: 'a process log with the usual column names',
    },
    { line: 'import log.csv --time-zone UTC --preview', meaning: 'what its first rows would become' },
    { line: 'import log.xes.gz --category permit', meaning: 'an event log in XES: one stream for each trace' },
    { line: 'import events.jsonl.gz', meaning: 'what hindsight export wrote' },
    { line: 'import from-broker.jsonl --format cloudevents', meaning: 'CloudEvents, a stream for each subject' },
    { line: 'import orders.jsonocel --stream-by order', meaning: 'an object-centric log, by the orders in it' },
  ]);
};

async function importFile(context: CommandContext, file: string, options: ImportOptions): Promise<number> {
  const source = sourceOf(file, options);
  await using input = await openInput(context, file, options);
  const { text, format } = input;
  const { store, address } = await openTarget(context, file, { options, isReadThrough: input.isReadThrough });
  await using _ = store;
  const progress = context.progress('Importing');
  const skipped: SkippedRow[] = [];
  let begunAt: number | undefined;
  const result = await runImportWith(context, {
    store,
    source,
    text,
    format,
    onBadRow: options.onBadRow,
    signal: context.signal,
    onNote: (note) => context.note(note),
    onSkipped: (row) => {
      if (skipped.length < skippedShownMax) skipped.push(row);
    },
    onProgress: ({ events, isComparing }) => {
      // What earlier runs did says nothing about the speed of this one.
      if (!isComparing) begunAt ??= events;
      progress.update({
        done: text.readBytes,
        total: text.totalBytes,
        ...(isComparing
          ? { detail: 'comparing with what was imported' }
          : { detail: countOf(events, 'event'), count: events - (begunAt ?? 0) }),
      });
    },
  });
  progress.clear();
  const run = { source, address, file, result, skipped, elapsedMs: progress.elapsedMs };
  if (context.isJson) await printDocument(context, run);
  else await printSummary(context, run);
  await context.output.flush();
  return endOf(file, result);
}

/** Opens the store. One that is not there is made, unless the first rows show that the command was called wrongly. */
async function openTarget(
  context: CommandContext,
  file: string,
  { options, isReadThrough }: { readonly options: ImportOptions; readonly isReadThrough: boolean },
): Promise<NamedStore> {
  try {
    return await context.openStore({ access: 'write' });
  } catch (error) {
    if (!isHindsightError(error, 'STORE_NOT_FOUND')) throw error;
  }
  if (file !== '-' && !isReadThrough) await assertCalledRightly(context, file, options);
  return await context.openStore({ access: 'write', create: true });
}

/** Throws where the first row shows that a column or a time zone is not named as it must be. */
async function assertCalledRightly(context: CommandContext, file: string, options: ImportOptions): Promise<void> {
  try {
    await previewOf(context, file, options, 1);
  } catch (error) {
    // What is wrong with the file at a place of it, the import itself says with that place.
    if (!(error instanceof UnreadableInput) || error.place.offset < 0) throw error;
  }
}

/** Runs the import; where the store fails, what it has is kept and the next run goes on there. */
async function runImportWith(context: CommandContext, request: ImportRequest): Promise<ImportResult> {
  try {
    return await runImport(request);
  } catch (error) {
    if (isHindsightError(error)) context.note('What was imported stays; the same command goes on there.');
    throw error;
  }
}

const skippedShownMax = 20;

interface FinishedRun {
  readonly source: string;
  readonly address: string;
  readonly file: string;
  readonly result: ImportResult;
  readonly skipped: readonly SkippedRow[];
  readonly elapsedMs: number;
}

async function printDocument(
  context: CommandContext,
  { source, address, result, skipped, elapsedMs }: FinishedRun,
): Promise<void> {
  const { stop, ...counts } = result;
  await context.document({
    store: address,
    source,
    ...counts,
    elapsedMs: Math.round(elapsedMs),
    badRows: skipped,
    stop: stop === undefined ? null : documentOf(stop),
  });
}

function documentOf(stop: ImportStop): object {
  return stop.kind === 'interrupted' ? { kind: stop.kind } : stop;
}

async function printSummary(
  context: CommandContext,
  { source, address, file, result, skipped, elapsedMs }: FinishedRun,
): Promise<void> {
  const { output, palette } = context;
  const { events, eventsBefore, eventsTotal, isComplete } = result;
  const rate = `${durationText(elapsedMs)}, ${rateText(events, elapsedMs)}`;
  for (const row of skipped)
    context.note(`${palette.warning('skipped')} ${placeOf(file, row)}: ${safeText(row.reason)}`);
  if (result.skipped > skipped.length)
    context.note(`… and ${countOf(result.skipped - skipped.length, 'further bad row')}`);
  if (isComplete && events === 0 && eventsBefore > 0) {
    await output.line(
      `${palette.good('Nothing new:')} all ${countOf(eventsTotal, 'event')} of ${palette.name(source)} were imported before`,
    );
    return;
  }
  const how = isComplete ? palette.good('Imported') : 'Imported so far:';
  const total = eventsBefore > 0 ? `; with earlier runs ${countText(eventsTotal)}` : '';
  await output.line(
    `${how} ${countOf(events, 'event')} of ${palette.name(source)} into ${palette.name(address)} in ${rate}${total}`,
  );
  if (result.skippedTotal > 0) await output.line(`${countOf(result.skippedTotal, 'bad row')} skipped`);
}

/** How the command ends; throws what makes it fail. */
function endOf(file: string, { stop, eventsTotal }: ImportResult): number {
  switch (stop?.kind) {
    case undefined:
      return exitCodes.ok;
    case 'interrupted':
      throw interruptedWith(stop.reason, [
        eventsTotal === 0
          ? 'Nothing was imported yet.'
          : `${countOf(eventsTotal, 'event')} are imported; the same command goes on there.`,
      ]);
    case 'badRow':
      throw new CommandError(`${placeOf(file, stop)}: ${safeText(stop.reason)}`, {
        advice: [
          `${importedBefore(eventsTotal)}. Mend the row and run the same command again,`,
          'or leave such rows out: --on-bad-row skip',
        ],
      });
    case 'unreadable':
      throw new CommandError(`${placeOf(file, stop)}: ${safeText(stop.message)}`, {
        exitCode: stop.isUsage ? exitCodes.usage : exitCodes.failure,
        advice: [
          ...stop.advice,
          ...(eventsTotal === 0 ? [] : [`${importedBefore(eventsTotal)}; the same command goes on there.`]),
        ],
      });
    default:
      return stop satisfies never;
  }
}

function importedBefore(events: number): string {
  if (events < 2) return events === 0 ? 'Nothing before it was imported' : 'The event before it is imported';
  return `The ${countOf(events, 'event')} before it are imported`;
}

async function previewOf(
  context: CommandContext,
  file: string,
  options: ImportOptions,
  count: number,
): Promise<Awaited<ReturnType<typeof previewRows>>> {
  await using input = await openInput(context, file, options);
  return await previewRows({ text: input.text, format: input.format, count });
}

async function preview(context: CommandContext, file: string, options: ImportOptions, count: number): Promise<number> {
  const { rows, notes } = await previewOf(context, file, options, count);
  for (const note of notes) context.note(note);
  const { output, palette } = context;
  for (const row of rows) {
    if (row.kind === 'bad') {
      await output.line(
        context.isJson
          ? JSON.stringify(row)
          : `${palette.bad('bad row')} ${placeOf(file, row)}: ${safeText(row.reason)}`,
      );
      continue;
    }
    const { line, streamId, type, occurredAt, tags, dataText } = row;
    if (context.isJson) {
      await output.line(
        `{"line":${line},"streamId":${JSON.stringify(streamId)},"type":${JSON.stringify(type)},"tags":${JSON.stringify(tags)},"occurredAt":${JSON.stringify(occurredAt ?? null)},"data":${dataText}}`,
      );
      continue;
    }
    await output.line(
      `${palette.name(safeText(streamId))}  ${palette.type(safeText(type))}  ${palette.faint(occurredAt ?? '')}`,
    );
    if (tags.length > 0) await output.line(`  ${tags.map(safeText).join('  ')}`);
    await output.line(`  ${safeText(dataText)}`);
  }
  await output.flush();
  context.note('Nothing was written: this is a preview.');
  return exitCodes.ok;
}
