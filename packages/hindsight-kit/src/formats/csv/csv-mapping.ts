/**
 * Which column of a CSV file means what: one stream a case, the type, the time, the attributes.
 */

import { attributeKinds, type AttributeKind } from './cell-values.ts';
import { isTimeZone } from './zone-offset.ts';
import { timeFormatOf } from './time-text.ts';

/** What is said of one attribute: its kind, or that it is left out, or more. */
export type AttributeOption = AttributeKind | 'drop' | { readonly type?: AttributeKind | 'drop'; readonly as?: string };

/** What is said of a mapping: by options of the command, or by a file of the same members. Names are those of columns. */
export interface CsvMappingOptions {
  /** The column that says which case a row belongs to. Default `case:concept:name`, as exports of process logs have it. */
  readonly case?: string;
  /** Comes before the case in the stream id, `category-case`. Default `case`; null: the cases are whole stream ids. */
  readonly category?: string | null;
  /** The column of the event type. Default `concept:name`. */
  readonly type?: string;
  /** One type for every row, in place of a column. */
  readonly fixedType?: string;
  /** The column that says when it happened. Default `time:timestamp`; null: there is none. */
  readonly time?: string | null;
  /** The zone of times that have no offset. */
  readonly timeZone?: string;
  /** The form of times other than ISO 8601: `DD-MM-YYYY HH:mm:ss`, `epoch-s`, `epoch-ms` or `epoch-us`. */
  readonly timeFormat?: string;
  /** The kinds of attributes by column. */
  readonly attributes?: Readonly<Record<string, AttributeOption>>;
  /** What becomes of columns that nothing is said of. Default `'string'`. */
  readonly others?: AttributeKind | 'drop';
  /** Columns that become tags, with what stands before the value: `{ "org:resource": "resource" }`. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Empty cells become empty strings in place of being left out. */
  readonly keepsEmpty?: boolean;
}

/** An attribute of the data, and the column that it comes from, counted from 0. */
export interface MappedAttribute {
  readonly column: number;
  readonly name: string;
  readonly kind: AttributeKind;
}

/** A mapping onto the columns of one file. Columns are counted from 0. It is compared between the runs of an import. */
export interface CsvMapping {
  readonly case: number;
  readonly category: string | null;
  readonly type: number | null;
  readonly fixedType: string | null;
  readonly time: number | null;
  readonly timeZone: string | null;
  readonly timeFormat: string | null;
  readonly attributes: readonly MappedAttribute[];
  readonly tags: readonly { readonly column: number; readonly prefix: string }[];
  readonly keepsEmpty: boolean;
}

/** A mapping contradicts itself or the columns of the file. */
export class MappingError extends Error {
  readonly advice: readonly string[];

  constructor(message: string, advice: readonly string[] = []) {
    super(message);
    this.name = 'MappingError';
    this.advice = advice;
  }
}

const processLogColumns = { case: 'case:concept:name', type: 'concept:name', time: 'time:timestamp' } as const;

/** Resolves what was said onto the columns of a file. Throws `MappingError`. */
export function mappingOf(options: CsvMappingOptions, columns: readonly string[]): CsvMapping {
  const find = (name: string, flag: string): number => columnAt(columns, name, flag);
  const named = (role: 'case' | 'type' | 'time'): number => {
    const name = options[role];
    if (typeof name === 'string') return find(name, `--${role}`);
    const usual = columns.indexOf(processLogColumns[role]);
    if (usual === -1) throw missingRole(role, columns);
    return usual;
  };
  const hasFixedType = options.fixedType !== undefined;
  if (hasFixedType && options.type !== undefined)
    throw new MappingError('A column of types and a fixed type cannot be given together.');
  const caseColumn = named('case');
  const type = hasFixedType ? null : named('type');
  const time = options.time === null ? null : named('time');
  checkTime(options);
  const used = new Set([caseColumn, type, time]);
  return {
    case: caseColumn,
    category: options.category === undefined ? 'case' : options.category,
    type,
    fixedType: options.fixedType ?? null,
    time,
    timeZone: options.timeZone ?? null,
    timeFormat: options.timeFormat ?? null,
    attributes: attributesOf(options, columns, used),
    tags: Object.entries(options.tags ?? {}).map(([name, prefix]) => ({ column: find(name, '--tag'), prefix })),
    keepsEmpty: options.keepsEmpty === true,
  };
}

function columnAt(columns: readonly string[], name: string, flag: string): number {
  const exact = columns.indexOf(name);
  if (exact !== -1) return exact;
  const loose = columns.filter((column) => column.toLowerCase() === name.toLowerCase());
  throw new MappingError(`${flag} names the column ${JSON.stringify(name)}, and the file has none of that name.`, [
    ...(loose[0] === undefined ? [] : [`Is it ${JSON.stringify(loose[0])}?`]),
    columnList(columns),
  ]);
}

function missingRole(role: 'case' | 'type' | 'time', columns: readonly string[]): MappingError {
  const meaning = {
    case: 'which column names the case: --case <column>',
    type: 'which column holds the event type: --type <column>, or --fixed-type <name>',
    time: 'which column says when it happened: --time <column>, or --no-time',
  }[role];
  return new MappingError(`Say ${meaning}.`, [columnList(columns)]);
}

function columnList(columns: readonly string[]): string {
  return `Its columns are: ${columns.map((column) => JSON.stringify(column)).join(', ')}`;
}

function checkTime({ timeZone, timeFormat }: CsvMappingOptions): void {
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw new MappingError(`${JSON.stringify(timeZone)} is no time zone.`, [
      'Write a name like Europe/Amsterdam or UTC, or an offset like +02:00.',
    ]);
  if (timeFormat !== undefined && timeFormatOf(timeFormat) === undefined)
    throw new MappingError(`${JSON.stringify(timeFormat)} is no form of times.`, [
      'Write epoch-s, epoch-ms or epoch-us, or a pattern of YYYY, MM, DD, HH, mm, ss, S (decimals) and Z (offset).',
    ]);
}

function attributesOf(
  { attributes = {}, others = 'string' }: CsvMappingOptions,
  columns: readonly string[],
  used: ReadonlySet<number | null>,
): MappedAttribute[] {
  for (const name of Object.keys(attributes)) columnAt(columns, name, 'attributes');
  checkKind('others', others);
  const mapped = columns.flatMap((name, column): MappedAttribute[] => {
    const option = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (option === undefined && used.has(column)) return [];
    // Whoever names a column wants it, whatever becomes of those that nothing is said of.
    const usual = others === 'drop' && option !== undefined ? 'string' : others;
    const { type: kind = usual, as = name } = typeof option === 'object' ? option : { type: option ?? usual };
    checkKind(name, kind);
    return kind === 'drop' ? [] : [{ column, name: as, kind }];
  });
  const names = new Set<string>();
  for (const { name } of mapped) {
    if (names.has(name)) throw new MappingError(`Two columns would become the attribute ${JSON.stringify(name)}.`);
    names.add(name);
  }
  return mapped;
}

function checkKind(what: string, kind: string): void {
  if (kind === 'drop' || attributeKinds.some((known) => known === kind)) return;
  throw new MappingError(`${JSON.stringify(what)} cannot be of the kind ${JSON.stringify(kind)}.`, [
    `Kinds are ${attributeKinds.join(', ')} and drop.`,
  ]);
}
