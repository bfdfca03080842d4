/**
 * The options of `hindsight import` for CSV, and the mapping that they and a mapping file make together.
 */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Limits } from 'hindsightdb';
import { csvFormat } from '../formats/csv/csv-format.ts';
import type { AttributeKind } from '../formats/csv/cell-values.ts';
import type { AttributeOption, CsvMappingOptions } from '../formats/csv/csv-mapping.ts';
import type { InputFormat } from '../formats/import/input-format.ts';
import { UsageError } from './failure.ts';
import { mappingOptionNames, namesOption, type MappingOptions } from './mapping-options.ts';
import { tagOf } from './tag-option.ts';
import { isObject } from '../formats/json/json-object.ts';

/** The options as commander gathers them. */
export interface CsvImportOptions extends MappingOptions {
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
}

/** Their names. */
export const csvOptions: readonly (keyof CsvImportOptions)[] = [
  ...mappingOptionNames,
  'mapping',
  'timeFormat',
  'number',
  'boolean',
  'date',
  'asJson',
  'infer',
  'keepEmpty',
  'delimiter',
  'quote',
  'relaxQuotes',
  'columns',
];

/** Adds the options that say how the text is written. */
export function addLayoutOptions(command: Command): Command {
  return command
    .optionsGroup('CSV, how it is written:')
    .option('--delimiter <character>', 'between fields; tab for a tab; default: the one that the first line uses')
    .option('--quote <character>', 'around fields; default: "')
    .option('--relax-quotes', 'quotes inside fields without quotes around are ordinary characters')
    .addOption(namesOption('--columns <names>', 'the names of the columns, for a file whose first line is a row'));
}

/** CSV with everything that the options say of it. Throws a `UsageError`. */
export async function csvFormatOf(
  options: CsvImportOptions,
  { folder, limits }: { readonly folder: string; readonly limits: Limits },
): Promise<InputFormat> {
  const fromFile = options.mapping === undefined ? undefined : await mappingFile(resolve(folder, options.mapping));
  const mapping = { ...fromFile, ...mappingOptions(options, fromFile) };
  return csvFormat({
    mapping,
    isMappingGiven: Object.keys(mapping).length > 0,
    relaxesQuotes: options.relaxQuotes === true,
    limits,
    quote: oneByte('--quote', options.quote),
    delimiter: options.delimiter === 'tab' ? '\t' : oneByte('--delimiter', options.delimiter),
    columns: options.columns,
  });
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
  if (!isObject(value))
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

function isAttribute(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(([name, text]) => (name === 'type' || name === 'as') && typeof text === 'string')
  );
}

/** What the options say, in the form of a mapping file. Attributes and tags add to those of the file. */
function mappingOptions(options: CsvImportOptions, fromFile: CsvMappingOptions | undefined): CsvMappingOptions {
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
