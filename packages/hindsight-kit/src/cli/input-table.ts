/**
 * The formats that `hindsight import` reads, in one table: how a file of each is known, which options say something of it, and
 * how it is opened.
 */

import type { Limits } from 'hindsightdb';
import { inputKinds, type InputFormat, type InputKind } from '../formats/import/input-format.ts';
import { jsonLinesFormat } from '../formats/json-lines/json-lines-format.ts';
import type { TextSource } from '../formats/source/text-source.ts';
import type { CommandContext } from './context.ts';
import { csvFormatOf, csvOptions } from './csv-options.ts';
import { UsageError } from './failure.ts';
import type { ImportOptions } from './import-options.ts';
import { cloudEventsFormatOf } from './object-log-options.ts';
import { openOcel } from './open-ocel.ts';
import { xesFormatOf, xesOptions } from './xes-options.ts';

/** What is asked of a format: a file, and everything that was said of it. */
export interface InputRequest {
  readonly context: CommandContext;
  readonly file: string;
  readonly text: TextSource;
  readonly options: ImportOptions;
  readonly limits: Limits;
}

/** A text to be imported, with its format. Close it. */
export interface OpenInput extends AsyncDisposable {
  readonly text: TextSource;
  readonly format: InputFormat;
  /** The file was read to its end already, and nothing is wrong with it that the first rows could still show. */
  readonly isReadThrough: boolean;
}

/** A format. */
interface InputEntry {
  /** As people call it. */
  readonly name: string;
  /** The ends of the names of its files, before a `.gz`. */
  readonly endings: readonly string[];
  /** The options that say something of it, besides those that every format has. */
  readonly options: readonly (keyof ImportOptions)[];
  /** Whether its texts may be XML, which can declare its encoding. */
  readonly mayBeXml: boolean;
  /** Throws `UsageError`, and what is wrong with the options. */
  readonly open: (request: InputRequest) => Promise<OpenInput>;
}

/** The formats. */
export const inputTable: Readonly<Record<InputKind, InputEntry>> = {
  csv: {
    name: 'CSV',
    endings: ['.csv', '.tsv', '.tab'],
    options: csvOptions,
    mayBeXml: false,
    open: asItStands(({ context, options, limits }) => csvFormatOf(options, { folder: context.world.folder, limits })),
  },
  jsonl: {
    name: 'JSON Lines',
    endings: ['.jsonl', '.ndjson', '.json'],
    options: [],
    mayBeXml: false,
    open: asItStands(({ limits }) => jsonLinesFormat(limits)),
  },
  xes: {
    name: 'XES',
    endings: ['.xes'],
    options: xesOptions,
    mayBeXml: true,
    open: asItStands(({ options, limits }) => xesFormatOf(options, limits)),
  },
  cloudevents: {
    name: 'CloudEvents',
    endings: ['.cloudevents', '.cloudevents.jsonl', '.cloudevents.ndjson', '.cloudevents.json'],
    options: ['category', 'streamBy'],
    mayBeXml: false,
    open: asItStands(({ options, limits }) => cloudEventsFormatOf(options, limits)),
  },
  ocel: {
    name: 'OCEL',
    endings: ['.jsonocel', '.xmlocel', '.ocel', '.ocel.json', '.ocel.xml', '.ocel2.json', '.ocel2.xml'],
    options: ['streamBy', 'timeZone'],
    mayBeXml: true,
    open: openOcel,
  },
};

/** Opens texts whose rows are imported in the order in which they stand there. */
function asItStands(formatOf: (request: InputRequest) => InputFormat | Promise<InputFormat>): InputEntry['open'] {
  return async (request) => ({
    text: request.text,
    format: await formatOf(request),
    isReadThrough: false,
    [Symbol.asyncDispose]: async () => undefined,
  });
}

/** The kind of a file: as the options say, or by its name. Throws a `UsageError`. */
export function inputKindOf(file: string, { format }: ImportOptions): InputKind {
  if (format !== undefined) return format;
  const name = file.toLowerCase().replace(/\.gz$/, '');
  // Of two endings that fit the longer one says more: .ocel.json is not any JSON.
  const [, kind] = inputKinds
    .flatMap((each) => inputTable[each].endings.map((ending) => [ending, each] as const))
    .filter(([ending]) => name.endsWith(ending))
    .reduce<readonly [string, InputKind | undefined]>(
      (best, found) => (found[0].length > best[0].length ? found : best),
      ['', undefined],
    );
  if (kind !== undefined) return kind;
  throw new UsageError(
    `The name ${JSON.stringify(file)} does not say what is in it: add --format with one of ${inputKinds.join(', ')}.`,
  );
}

/** Throws a `UsageError` where an option says something of formats that the file does not have. */
export function assertBelong(options: ImportOptions, kind: InputKind): void {
  const own = inputTable[kind].options;
  const strange = inputKinds
    .flatMap((each) => inputTable[each].options)
    .find((option) => options[option] !== undefined && !own.includes(option));
  if (strange === undefined) return;
  const meant = inputKinds.filter((each) => inputTable[each].options.includes(strange));
  throw new UsageError(
    `--${dashed(strange)} is for ${meant.map((each) => inputTable[each].name).join(' and ')}, and this is ${inputTable[kind].name}.`,
  );
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
