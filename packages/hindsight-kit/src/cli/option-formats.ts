/**
 * Which options of `hindsight import` say something of which format.
 */

import type { InputKind } from '../formats/import/input-format.ts';
import { UsageError } from './failure.ts';

/** Options of the mapping and of the layout, with the formats that they are for. */
const formatsOf: Readonly<Record<string, readonly InputKind[]>> = {
  mapping: ['csv'],
  case: ['csv', 'xes'],
  category: ['csv', 'xes', 'cloudevents'],
  streamBy: ['cloudevents', 'ocel'],
  type: ['csv', 'xes'],
  fixedType: ['csv', 'xes'],
  time: ['csv', 'xes'],
  timeZone: ['csv', 'xes', 'ocel'],
  timeFormat: ['csv'],
  number: ['csv'],
  boolean: ['csv'],
  date: ['csv'],
  asJson: ['csv'],
  drop: ['csv', 'xes'],
  only: ['csv', 'xes'],
  infer: ['csv'],
  tag: ['csv', 'xes'],
  keepEmpty: ['csv'],
  delimiter: ['csv'],
  quote: ['csv'],
  relaxQuotes: ['csv'],
  columns: ['csv'],
  classifier: ['xes'],
  caseAttributes: ['xes'],
  fillGlobals: ['xes'],
};

const names: Readonly<Record<InputKind, string>> = {
  csv: 'CSV',
  jsonl: 'JSON Lines',
  xes: 'XES',
  cloudevents: 'CloudEvents',
  ocel: 'OCEL',
};

/** Throws a `UsageError` where an option says something of a format that the file does not have. */
export function assertFor(kind: InputKind, options: object): void {
  for (const [flag, formats] of Object.entries(formatsOf)) {
    if (formats.includes(kind) || Reflect.get(options, flag) === undefined) continue;
    const meant = formats.map((format) => names[format]).join(' and ');
    throw new UsageError(`--${dashed(flag)} is for ${meant}, and this is ${names[kind]}.`);
  }
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
