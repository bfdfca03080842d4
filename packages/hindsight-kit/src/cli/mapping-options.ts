/**
 * The options of `hindsight import` that say what columns mean, or the keys of attributes: those of CSV and those that XES
 * has as well.
 */

import { Option, type Command } from 'commander';
import { listOption } from './event-choice.ts';

/** What tables of CSV and event logs of XES have in common, as commander gathers it. */
export interface MappingOptions {
  readonly case?: string;
  readonly category?: string | false;
  readonly type?: string;
  readonly fixedType?: string;
  readonly time?: string | false;
  readonly timeZone?: string;
  readonly tag?: readonly string[];
  readonly drop?: readonly string[];
  readonly only?: readonly string[];
}

/** Their names. */
export const mappingOptionNames: readonly (keyof MappingOptions)[] = [
  'case',
  'category',
  'type',
  'fixedType',
  'time',
  'timeZone',
  'tag',
  'drop',
  'only',
];

/** Adds the options that say what columns mean; some of them say the same of other formats. */
export function addMappingOptions(command: Command): Command {
  return command
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
    .option('--time-zone <zone>', 'of times without an offset: Europe/Amsterdam, UTC, +02:00; for OCEL too')
    .option('--time-format <format>', 'DD-MM-YYYY HH:mm:ss.S, epoch-s, epoch-ms, …; default: ISO 8601 (CSV)')
    .addOption(listOption('--tag <column>', 'becomes a tag column:value; or column=prefix for prefix:value'))
    .optionsGroup('CSV, the other columns; several with commas between them; --drop and --only for XES too:')
    .addOption(namesOption('--number <columns>', 'numbers'))
    .addOption(namesOption('--boolean <columns>', 'true or false, yes or no, 1 or 0'))
    .addOption(namesOption('--date <columns>', 'times, read like those of --time'))
    .addOption(namesOption('--as-json <columns>', 'JSON'))
    .addOption(namesOption('--drop <columns>', 'left out'))
    .addOption(namesOption('--only <columns>', 'only these, besides those named above'))
    .option('--infer', 'take for numbers and booleans what looks like them; else they are texts')
    .option('--keep-empty', 'empty cells become empty texts; else they are left out');
}

/** An option that takes names with commas between them, and may be given several times. */
export function namesOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]);
}
