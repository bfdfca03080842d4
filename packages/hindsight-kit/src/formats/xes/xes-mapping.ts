/**
 * What is said of the import of an XES file, and what holds where nothing is said.
 */

import { MappingError } from '../csv/csv-mapping.ts';
import { isTimeZone } from '../csv/zone-offset.ts';

/** What is said of the import of an XES file. Keys are those of its attributes; those of a trace begin with `case:`. */
export interface XesMappingOptions {
  /** The attribute of a trace that names the case. Default `concept:name`, and a number where a trace has none. */
  readonly case?: string | undefined;
  /** Comes before the case in the stream id, `category-case`. Default `case`; null: the cases are whole stream ids. */
  readonly category?: string | null | undefined;
  /** The attribute that is the type. Default `concept:name`. */
  readonly type?: string | undefined;
  readonly fixedType?: string | undefined;
  /** A classifier of the file: the type is made of the values of its attributes, with `+` between them. */
  readonly classifier?: string | undefined;
  /** The attribute that says when it happened. Default `time:timestamp`; null: none does. */
  readonly time?: string | null | undefined;
  readonly timeZone?: string | undefined;
  /** Which events have the attributes of their trace. Default `'each'`. */
  readonly caseAttributes?: 'each' | 'first' | 'none' | undefined;
  /** Whether an event or trace without an attribute that the log declares global gets the value that is declared. */
  readonly globals?: 'fill' | 'leave' | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** The options with their defaults, as they are compared between the runs of an import. */
export interface XesMapping {
  readonly case: string | null;
  readonly category: string | null;
  readonly type: string;
  readonly fixedType: string | null;
  readonly classifier: string | null;
  readonly time: string | null;
  readonly timeZone: string | null;
  readonly caseAttributes: 'each' | 'first' | 'none';
  readonly globals: 'fill' | 'leave';
  readonly drop: readonly string[];
  readonly only: readonly string[] | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** Completes what was said. Throws `MappingError`. */
export function xesMappingOf(options: XesMappingOptions): XesMapping {
  const given = [options.type, options.fixedType, options.classifier].filter((each) => each !== undefined);
  if (given.length > 1)
    throw new MappingError('Give one of --type, --fixed-type and --classifier: an event has one type.');
  if (options.timeZone !== undefined && !isTimeZone(options.timeZone))
    throw new MappingError(`${JSON.stringify(options.timeZone)} is no time zone.`, [
      'Write a name like Europe/Amsterdam or UTC, or an offset like +02:00.',
    ]);
  return {
    case: options.case ?? null,
    category: options.category === undefined ? 'case' : options.category,
    type: options.type ?? 'concept:name',
    fixedType: options.fixedType ?? null,
    classifier: options.classifier ?? null,
    time: options.time === undefined ? 'time:timestamp' : options.time,
    timeZone: options.timeZone ?? null,
    caseAttributes: options.caseAttributes ?? 'each',
    globals: options.globals ?? 'leave',
    drop: options.drop ?? [],
    only: options.only ?? null,
    tags: options.tags ?? {},
  };
}
