/** `hindsight export`: events to JSON Lines, CSV or CloudEvents, from which an import makes the same events again. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Store } from 'hindsightdb';
import {
  exportTo,
  exportToFile,
  type ExportKind,
  type ExportPlace,
  type ExportRequest,
} from '../../formats/export/export-run.ts';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import {
  addChoiceOptions,
  choiceOf,
  chosenPages,
  wholeNumber,
  type ChoiceOptions,
  type EventChoice,
} from '../event-choice.ts';
import { interruptedWith, UsageError } from '../failure.ts';
import { countOf, durationText, rateText } from '../terminal/quantities.ts';
import type { ProgressLine } from '../terminal/progress-line.ts';

interface ExportOptions extends ChoiceOptions {
  readonly format?: ExportKind;
  readonly stream?: string;
  readonly force?: true;
}

/** Adds the command. */
export const addExport: AddCommand = (program, cli) => {
  const command = program
    .command('export')
    .summary('write events as JSON Lines, CSV or CloudEvents')
    .description(
      'Writes events in the order of the log, as they are stored, to a file or to standard output. Imported again they are the same events, under new positions. An interrupted export into a file goes on where it ended when it is run again.',
    )
    .argument('[file]', 'where they go; .gz at its end compresses it; default: standard output')
    .addOption(
      new Option('--format <format>', 'default: by the name of the file, else jsonl').choices([
        'jsonl',
        'csv',
        'cloudevents',
        'cloudevents-batch',
      ]),
    )
    .option('--stream <id>', 'only this stream')
    .option('-f, --force', 'replace a file that is there')
    .option('-n, --limit <count>', 'so many at most', wholeNumber(0));
  addChoiceOptions(command).action((file: string | undefined, options: ExportOptions, self: Command) =>
    runAction(cli, self, async (context) => {
      const choice = choiceOf(options.stream, options, context.world.now());
      const { store } = await context.openStore();
      await using _ = store;
      const kind = options.format ?? kindOf(file);
      const isOnScreen = (file === undefined || file === '-') && context.world.stdout.isTTY;
      const progress = context.progress('Exporting', { isQuiet: isOnScreen });
      const request = await requestOf(context, store, { kind, choice, progress });
      if (file === undefined || file === '-') {
        await exportTo(context.output, request);
        progress.clear();
        return;
      }
      await exportFile(context, { file, options, choice, request, progress });
    }),
  );
  addExamples(command, [
    { line: 'export events.jsonl.gz', meaning: 'everything, compressed' },
    { line: 'export orders.csv --category order', meaning: 'as a table, a column for each attribute' },
    { line: 'export all.cloudevents.jsonl', meaning: 'as CloudEvents, one a line; all.cloudevents.json is one array' },
    { line: 'export --stream order-75 | jq .data', meaning: 'into another program' },
  ]);
};

function kindOf(file: string | undefined): ExportKind {
  if (file === undefined || file === '-') return 'jsonl';
  const name = file.replace(/\.gz$/i, '');
  if (/\.csv$/i.test(name)) return 'csv';
  if (/\.cloudevents\.json$/i.test(name)) return 'cloudevents-batch';
  if (/\.cloudevents(?:\.(?:jsonl|ndjson))?$/i.test(name)) return 'cloudevents';
  if (/\.(?:jsonl|ndjson)$/i.test(name)) return 'jsonl';
  throw new UsageError(
    `The name ${JSON.stringify(file)} does not say in which format: add --format jsonl, csv, cloudevents or cloudevents-batch.`,
  );
}

async function requestOf(
  context: CommandContext,
  store: Store,
  {
    kind,
    choice,
    progress,
  }: { readonly kind: ExportKind; readonly choice: EventChoice; readonly progress: ProgressLine },
): Promise<ExportRequest> {
  const [total = 0] = await store.positions();
  return {
    store,
    kind,
    signal: context.signal,
    pages: (from) => chosenPages(store, behind(choice, from), context.signal),
    onProgress: ({ events, position, isLooking }) => {
      const detail = isLooking ? 'looking for attributes' : countOf(events, 'event');
      progress.update({ done: position, total, detail, count: events });
    },
  };
}

/** The choice from a place on. Both ends of it are inside what the options chose. */
function behind(choice: EventChoice, from: ExportPlace): EventChoice {
  const limit = choice.limit === Number.MAX_SAFE_INTEGER ? choice.limit : choice.limit - from.events;
  if (choice.source.kind === 'stream')
    return { ...choice, limit, fromVersion: Math.max(choice.fromVersion, from.version + 1) };
  const { range } = choice;
  return {
    ...choice,
    limit,
    range: {
      ...range,
      until: range.until ?? from.until,
      ...(from.checkpoint !== undefined && { after: from.checkpoint }),
    },
  };
}

async function exportFile(
  context: CommandContext,
  job: {
    readonly file: string;
    readonly options: ExportOptions;
    readonly choice: EventChoice;
    readonly request: ExportRequest;
    readonly progress: ProgressLine;
  },
): Promise<void> {
  const { file, options, request, progress } = job;
  const path = resolve(context.world.folder, file);
  if (existsSync(path) && options.force !== true)
    throw new UsageError(`There is already a file ${file}.`, ['Replace it with --force, or take another name.']);
  const { source, range, fromVersion, toVersion, limit, includeReserved } = job.choice;
  const what = JSON.stringify([
    request.kind,
    source,
    options.type ?? [],
    options.tag ?? [],
    options.category ?? null,
    options.since ?? null,
    options.until ?? null,
    range.after ?? null,
    range.until ?? null,
    fromVersion,
    toVersion,
    limit,
    includeReserved,
  ]);
  try {
    const { events, eventsBefore } = await exportToFile(path, {
      ...request,
      what,
      isGzip: /\.gz$/i.test(file),
      isResumable: true,
    });
    progress.clear();
    const written = events - eventsBefore;
    if (context.isJson)
      return await context.document({
        file: path,
        format: request.kind,
        events,
        eventsBefore,
        elapsedMs: Math.round(progress.elapsedMs),
      });
    const earlier = eventsBefore > 0 ? `, ${countOf(eventsBefore, 'event')} of them by an earlier run` : '';
    await context.output.line(
      `${context.palette.good('Exported')} ${countOf(events, 'event')} to ${context.palette.name(file)} in ${durationText(progress.elapsedMs)}, ${rateText(written, progress.elapsedMs)}${earlier}`,
    );
  } catch (error) {
    progress.clear();
    throw interruptedWith(error, [`What was written is in ${file}.part; the same command goes on there.`]);
  }
}
