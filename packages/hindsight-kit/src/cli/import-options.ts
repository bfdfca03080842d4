/**
 * The options of `hindsight import`, and what they say of the file and its mapping.
 */

import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Limits } from 'hindsightdb';
import { csvFormat } from '../formats/csv/csv-format.ts';
import type { AttributeKind } from '../formats/csv/cell-values.ts';
import type { AttributeOption, CsvMappingOptions } from '../formats/csv/csv-mapping.ts';
import type { InputFormat, InputKind } from '../formats/import/input-format.ts';
import { jsonLinesFormat } from '../formats/json-lines/json-lines-format.ts';
import { listOption, wholeNumber } from './event-choice.ts';
import { UsageError } from './failure.ts';
import { addObjectLogOptions, cloudEventsFormatOf, type ObjectLogOptions } from './object-log-options.ts';
import { assertFor } from './option-formats.ts';
import { tagOf } from './tag-option.ts';
import { addXesOptions, xesFormatOf, type XesOptions } from './xes-options.ts';

/** The options as commander gathers them. */
export interface ImportOptions extends XesOptions, ObjectLogOptions {
  readonly format?: InputKind;
  readonly source?: string;
  readonly onBadRow: 'stop' | 'skip';
  readonly preview?: number | true;
  readonly mapping?: string;
  readonly timeFormat?: string;
  readonly number?: readonly string[];
  readonly boolean?: readonly string[];
  readonly date?: readonly string[];
  readonly asJson?: readonly string[];
  readonly infer?: true;
  readonly keepEmpty?: true;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly relaxQuotes?: true;
  readonly columns?: readonly string[];
  readonly encoding?: string;
}

/** Adds the options. */
export function addImportOptions(command: Command): Command {
  command
    .addOption(
      new Option('--format <format>', 'default: by the name of the file').choices([
        'csv',
        'jsonl',
        'xes',
        'cloudevents',
        'ocel',
      ]),
    )
    .option('--source <name>', 'the name under which its progress is kept; default: the name of the file')
    .addOption(
      new Option('--on-bad-row <what>', 'for rows that mean no event: stop there, or skip and count them')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .addOption(
      new Option('--preview [count]', 'show what the first rows would become, and write nothing').argParser(
        wholeNumber(1),
      ),
    )
    .option('--encoding <name>', 'of the text, as TextDecoder calls it; default: utf-8, or what XML declares');
  command
    .optionsGroup('CSV, what the columns mean; XES, the same of the keys of attributes:')
    .option('--mapping <file>', 'a JSON file that says all of it; options go before it (CSV)')
    .option('--case <column>', 'names the case; each case is a stream')
    .option(
      '--category <name>',
      'stands before the case in the id of its stream; default: case; for CloudEvents before their subject; default: none',
    )
    .option('--no-category', 'what names the case is a whole stream id')
    .option('--type <column>', 'the type of the event')
    .option('--fixed-type <name>', 'one type for all rows')
    .option('--time <column>', 'when it happened')
    .option('--no-time', 'no column says when it happened')
    .option('--time-zone <zone>', 'of times without an offset: Europe/Amsterdam, UTC, +02:00')
    .option('--time-format <format>', 'DD-MM-YYYY HH:mm:ss.S, epoch-s, epoch-ms, …; default: ISO 8601 (CSV)')
    .addOption(listOption('--tag <column>', 'becomes a tag column:value; or column=prefix for prefix:value'));
  command
    .optionsGroup('CSV, the other columns; several with commas between them; --drop and --only for XES too:')
    .addOption(namesOption('--number <columns>', 'numbers'))
    .addOption(namesOption('--boolean <columns>', 'true or false, yes or no, 1 or 0'))
    .addOption(namesOption('--date <columns>', 'times, read like those of --time'))
    .addOption(namesOption('--as-json <columns>', 'JSON'))
    .addOption(namesOption('--drop <columns>', 'left out'))
    .addOption(namesOption('--only <columns>', 'only these, besides those named above'))
    .option('--infer', 'take for numbers and booleans what looks like them; else they are texts')
    .option('--keep-empty', 'empty cells become empty texts; else they are left out');
  addXesOptions(command);
  addObjectLogOptions(command);
  return command
    .optionsGroup('CSV, how it is written:')
    .option('--delimiter <character>', 'between fields; tab for a tab; default: the one that the first line uses')
    .option('--quote <character>', 'around fields; default: "')
    .option('--relax-quotes', 'quotes inside fields without quotes around are ordinary characters')
    .addOption(namesOption('--columns <names>', 'the names of the columns, for a file whose first line is a row'));
}

function namesOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]);
}

/** The name under which a file is imported when nobody says another: its own, without its folder and without `.gz`. */
export function sourceOf(file: string, options: ImportOptions): string {
  if (options.source !== undefined) {
    if (options.source === '' || Buffer.byteLength(options.source) > 200)
      throw new UsageError('The name of a source takes 1 to 200 bytes.');
    return options.source;
  }
  if (file === '-') throw new UsageError('Standard input has no name: give it one with --source <name>.');
  return basename(file).replace(/\.gz$/i, '');
}

/** The format of a file with everything that the options say of it. Throws a `UsageError`. */
export async function inputFormatOf(
  file: string,
  options: ImportOptions,
  world: { readonly folder: string; readonly limits: Limits },
): Promise<InputFormat> {
  const kind = inputKindOf(file, options);
  assertFor(kind, options);
  if (kind === 'jsonl') return jsonLinesFormat(world.limits);
  if (kind === 'cloudevents') return cloudEventsFormatOf(options, world.limits);
  if (kind === 'xes') return xesFormatOf(options, world.limits);
  if (kind === 'ocel') throw new Error('A log of OCEL is read before it has a format.');
  const fromFile =
    options.mapping === undefined ? undefined : await mappingFile(resolve(world.folder, options.mapping));
  const mapping = { ...fromFile, ...mappingOptions(options, fromFile) };
  return csvFormat({
    mapping,
    isMappingGiven: Object.keys(mapping).length > 0,
    relaxesQuotes: options.relaxQuotes === true,
    limits: world.limits,
    quote: oneByte('--quote', options.quote),
    delimiter: options.delimiter === 'tab' ? '\t' : oneByte('--delimiter', options.delimiter),
    columns: options.columns,
  });
}

/** The kind of a file: as the options say, or by its name. Throws a `UsageError`. */
export function inputKindOf(file: string, options: ImportOptions): InputKind {
  if (options.format !== undefined) return options.format;
  const name = file.replace(/\.gz$/i, '');
  if (/\.(?:csv|tsv|tab)$/i.test(name)) return 'csv';
  if (/\.(?:jsonocel|xmlocel|ocel|ocel\.json|ocel\.xml|ocel2\.json|ocel2\.xml)$/i.test(name)) return 'ocel';
  if (/\.cloudevents(?:\.(?:jsonl|ndjson|json))?$/i.test(name)) return 'cloudevents';
  if (/\.(?:jsonl|ndjson|json)$/i.test(name)) return 'jsonl';
  if (/\.xes$/i.test(name)) return 'xes';
  throw new UsageError(
    `The name ${JSON.stringify(file)} does not say what is in it: add --format with csv, jsonl, xes, cloudevents or ocel.`,
  );
}

function oneByte(flag: string, text: string | undefined): string | undefined {
  if (text === undefined || (text.length === 1 && text !== '\n' && text !== '\r')) return text;
  throw new UsageError(`${flag} takes one character, not ${JSON.stringify(text)}.`);
}

const mappingMembers = new Set([
  'case',
  'category',
  'type',
  'fixedType',
  'time',
  'timeZone',
  'timeFormat',
  'attributes',
  'others',
  'tags',
  'keepsEmpty',
]);

async function mappingFile(path: string): Promise<CsvMappingOptions> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(
      `The mapping ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      [],
      { cause },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(
      `The mapping ${path} must be a JSON object, like {"case":"id","type":"activity","time":"timestamp"}.`,
    );
  for (const [name, member] of Object.entries(value)) {
    if (!mappingMembers.has(name))
      throw new UsageError(
        `The mapping ${path} has a member ${JSON.stringify(name)}; it can have ${[...mappingMembers].join(', ')}.`,
      );
    if (!isMember(name, member))
      throw new UsageError(`${name} in the mapping ${path} is not as it must be.`, [
        `See docs/guides/import-csv.md for an example.`,
      ]);
  }
  // Its members and their kinds were looked at; what the strings in them name is judged against the columns of the file.
  return value;
}

function isMember(name: string, value: unknown): boolean {
  const isText = typeof value === 'string';
  switch (name) {
    case 'category':
    case 'time':
      return isText || value === null;
    case 'keepsEmpty':
      return typeof value === 'boolean';
    case 'tags':
      return isObject(value) && Object.values(value).every((prefix) => typeof prefix === 'string');
    case 'attributes':
      return (
        isObject(value) && Object.values(value).every((option) => typeof option === 'string' || isAttribute(option))
      );
    default:
      return isText;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAttribute(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(([name, text]) => (name === 'type' || name === 'as') && typeof text === 'string')
  );
}

/** What the options say, in the form of a mapping file. Attributes and tags add to those of the file. */
function mappingOptions(options: ImportOptions, fromFile: CsvMappingOptions | undefined): CsvMappingOptions {
  const { category, time, timeZone, timeFormat, fixedType, type } = options;
  // A map, since a column may be called __proto__.
  const attributes = new Map<string, AttributeOption>(Object.entries(fromFile?.attributes ?? {}));
  const kinds = [
    ['number', options.number],
    ['boolean', options.boolean],
    ['date', options.date],
    ['json', options.asJson],
    ['drop', options.drop],
  ] as const;
  for (const [kind, names] of kinds)
    for (const name of names ?? []) attributes.set(name, withKind(attributes.get(name), kind));
  const usual = options.infer === true ? 'infer' : 'string';
  for (const name of options.only ?? []) if (!attributes.has(name)) attributes.set(name, usual);
  const tags = Object.fromEntries((options.tag ?? []).map(tagOf));
  return {
    ...(options.case !== undefined && { case: options.case }),
    ...(category !== undefined && { category: category === false ? null : category }),
    ...(type !== undefined && { type }),
    ...(fixedType !== undefined && { fixedType }),
    ...(time !== undefined && { time: time === false ? null : time }),
    ...(timeZone !== undefined && { timeZone }),
    ...(timeFormat !== undefined && { timeFormat }),
    ...(attributes.size > 0 && { attributes: Object.fromEntries(attributes) }),
    ...(options.only !== undefined
      ? { others: 'drop' as const }
      : options.infer === true && { others: 'infer' as const }),
    ...(Object.keys(tags).length > 0 && { tags: { ...fromFile?.tags, ...tags } }),
    ...(options.keepEmpty === true && { keepsEmpty: true }),
  };
}

function withKind(before: AttributeOption | undefined, kind: AttributeKind | 'drop'): AttributeOption {
  return typeof before === 'object' ? { ...before, type: kind } : kind;
}
