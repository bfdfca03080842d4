/**
 * The options of `hindsight import` for event logs in XES. Most are those of CSV, with keys of attributes for columns.
 */

import { Option, type Command } from 'commander';
import type { Limits } from 'hindsightdb';
import type { InputFormat } from '../formats/import/input-format.ts';
import { xesFormat } from '../formats/xes/xes-format.ts';
import { mappingOptionNames, type MappingOptions } from './mapping-options.ts';
import { tagOf } from './tag-option.ts';

/** The options as commander gathers them. */
export interface XesOptions extends MappingOptions {
  readonly classifier?: string;
  readonly caseAttributes?: 'each' | 'first' | 'none';
  readonly fillGlobals?: true;
}

/** Their names. */
export const xesOptions: readonly (keyof XesOptions)[] = [
  ...mappingOptionNames,
  'classifier',
  'caseAttributes',
  'fillGlobals',
];

/** Adds the options. */
export function addXesOptions(command: Command): Command {
  return command
    .optionsGroup('XES:')
    .option('--classifier <name>', 'the type is what this classifier of the file makes of the event')
    .addOption(
      new Option(
        '--case-attributes <which>',
        'which events have the attributes of their trace, as case:<key>; default: each',
      ).choices(['each', 'first', 'none']),
    )
    .option('--fill-globals', 'give events and traces the values that the log declares for attributes they lack');
}

/** XES with everything that the options say of it. Throws `MappingError`. */
export function xesFormatOf(options: XesOptions, limits: Limits): InputFormat {
  const { category, time } = options;
  return xesFormat({
    limits,
    case: options.case,
    category: category === false ? null : category,
    type: options.type,
    fixedType: options.fixedType,
    classifier: options.classifier,
    time: time === false ? null : time,
    timeZone: options.timeZone,
    caseAttributes: options.caseAttributes,
    globals: options.fillGlobals === true ? 'fill' : 'leave',
    drop: options.drop,
    only: options.only,
    tags: Object.fromEntries((options.tag ?? []).map(tagOf)),
  });
}
