/**
 * Times in cells: from the forms that logs have to ISO 8601 with an offset. The moment is exact, all digits are kept, and an
 * offset that is given stays as it is given. A time without one means nothing until somebody says of which zone it is.
 */

import { BadRowError } from '../source/bad-input.ts';
import { offsetIn } from './zone-offset.ts';

/** How the times of a column are written. */
export interface TimeForm {
  /** An IANA name such as `Europe/Amsterdam`, or an offset such as `+02:00`; for times that have no offset of their own. */
  readonly timeZone: string | undefined;
  /** Undefined: ISO 8601, and what differs from it by a space, by slashes, or by a missing colon. */
  readonly format: TimeFormat | undefined;
}

/** A form other than ISO 8601. */
export type TimeFormat =
  | { readonly kind: 'epoch'; readonly unit: 's' | 'ms' | 'us' }
  | { readonly kind: 'pattern'; readonly text: string };

/** A time has no offset, and nobody said of which zone it is: no row can be imported before somebody does. */
export class ZoneNeeded extends Error {
  readonly value: string;

  constructor(value: string) {
    super(`The time ${JSON.stringify(value)} has no offset.`);
    this.name = 'ZoneNeeded';
    this.value = value;
  }
}

interface Parts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  /** With its dot, or empty. */
  readonly fraction: string;
  readonly offset: string | undefined;
}

/** ISO 8601 text of a cell. Throws `BadRowError`, or `ZoneNeeded`. */
export function isoTimeOf(cell: string, form: TimeForm): string {
  const text = cell.trim();
  const { format } = form;
  if (format?.kind === 'epoch') return epochTime(text, format.unit);
  const parts = format === undefined ? isoParts(text) : patternParts(text, format.text);
  if (parts === undefined)
    throw new BadRowError(
      `${JSON.stringify(cell)} is no time${format === undefined ? '' : ` in the form ${format.text}`}.`,
    );
  return composed(cell, parts, form.timeZone);
}

function composed(cell: string, parts: Parts, timeZone: string | undefined): string {
  const { year, month, day, hour, minute, second, fraction } = parts;
  if (!isReal(parts)) throw new BadRowError(`${JSON.stringify(cell)} is no time that exists.`);
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const offset = parts.offset ?? zoneOffset(cell, local, timeZone);
  // A store keeps microseconds since 1970 in safe integers, which reach from 1684 to 2255.
  if (Number(year) < 1685 || Number(year) > 2254)
    throw new BadRowError(`${JSON.stringify(cell)} lies outside the years 1685 to 2254.`);
  return `${local}${fraction}${offset}`;
}

function zoneOffset(cell: string, local: string, timeZone: string | undefined): string {
  if (timeZone === undefined) throw new ZoneNeeded(cell);
  const offset = offsetIn(timeZone, local);
  if (offset === undefined)
    throw new BadRowError(`${JSON.stringify(cell)} is a time that ${timeZone} skipped when its clocks went forward.`);
  return offset;
}

const isoPattern =
  /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/i;

function isoParts(text: string): Parts | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [, year = '', , month = '', day = '', hour = '00', minute = '00', second = '00', fraction, offset] = match;
  return {
    year,
    month: month.padStart(2, '0'),
    day: day.padStart(2, '0'),
    hour: hour.padStart(2, '0'),
    minute,
    second,
    fraction: fraction === undefined ? '' : `.${fraction}`,
    offset: offset === undefined ? undefined : offsetText(offset),
  };
}

function offsetText(offset: string): string {
  if (/^(?:z|utc|gmt)$/i.test(offset)) return 'Z';
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  return `${offset[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function isReal({ year, month, day, hour, minute, second, offset }: Parts): boolean {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  const isOffset =
    offset === undefined || offset === 'Z' || (Number(offset.slice(1, 3)) < 24 && Number(offset.slice(4)) < 60);
  return isDay && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 && isOffset;
}

const unitsPerSecond = { s: 1, ms: 1000, us: 1_000_000 } as const;

function epochTime(text: string, unit: 's' | 'ms' | 'us'): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new BadRowError(`${JSON.stringify(text)} is no number of ${unit} since 1970.`);
  const [, sign = '', whole = '', decimals = ''] = match;
  // Shifting the decimal point keeps every digit, which dividing would not.
  const digits = { s: 0, ms: 3, us: 6 }[unit];
  const shifted = whole.padStart(digits + 1, '0');
  const seconds = Number(sign + shifted.slice(0, shifted.length - digits));
  const fraction = `${shifted.slice(shifted.length - digits)}${decimals}`.replace(/0+$/, '').slice(0, 9);
  if (sign === '-' && fraction !== '') return negativeEpoch(text, unit);
  const date = new Date(seconds * 1000);
  if (
    !Number.isSafeInteger(seconds) ||
    Number.isNaN(date.getTime()) ||
    date.getUTCFullYear() > 2254 ||
    date.getUTCFullYear() < 1685
  )
    throw new BadRowError(`${JSON.stringify(text)} lies outside the years 1685 to 2254.`);
  return `${date.toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Before 1970 a fraction counts forward from the second below; milliseconds are as exact as such logs are. */
function negativeEpoch(text: string, unit: 's' | 'ms' | 'us'): string {
  const date = new Date((Number(text) * 1000) / unitsPerSecond[unit]);
  if (Number.isNaN(date.getTime())) throw new BadRowError(`${JSON.stringify(text)} is no time.`);
  return date.toISOString();
}

const tokens: Readonly<Record<string, { readonly part: keyof Parts; readonly pattern: string }>> = {
  YYYY: { part: 'year', pattern: '\\d{4}' },
  MM: { part: 'month', pattern: '\\d{2}' },
  M: { part: 'month', pattern: '\\d{1,2}' },
  DD: { part: 'day', pattern: '\\d{2}' },
  D: { part: 'day', pattern: '\\d{1,2}' },
  HH: { part: 'hour', pattern: '\\d{2}' },
  H: { part: 'hour', pattern: '\\d{1,2}' },
  mm: { part: 'minute', pattern: '\\d{2}' },
  ss: { part: 'second', pattern: '\\d{2}' },
  S: { part: 'fraction', pattern: '\\d{1,9}' },
  Z: { part: 'offset', pattern: 'Z|[+-]\\d{2}(?::?\\d{2})?' },
};

const compiled = new Map<string, { readonly pattern: RegExp; readonly order: readonly (keyof Parts)[] }>();

/** Reads a format as people write it: `DD-MM-YYYY HH:mm:ss.S Z`, `epoch-s`, `epoch-ms` or `epoch-us`. Undefined when it is none. */
export function timeFormatOf(text: string): TimeFormat | undefined {
  const [, unit] = /^epoch-(s|ms|us)$/.exec(text) ?? [];
  if (unit === 's' || unit === 'ms' || unit === 'us') return { kind: 'epoch', unit };
  const { order } = compile(text);
  return ['year', 'month', 'day'].every((part) => order.some((each) => each === part))
    ? { kind: 'pattern', text }
    : undefined;
}

function compile(format: string): { readonly pattern: RegExp; readonly order: readonly (keyof Parts)[] } {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const order: (keyof Parts)[] = [];
  const source = format.replace(/YYYY|MM?|DD?|HH?|mm|ss|S+|Z|[\s\S]/g, (token) => {
    const found = tokens[/^S+$/.test(token) ? 'S' : token];
    if (found === undefined) return token.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
    order.push(found.part);
    return `(${found.pattern})`;
  });
  const result = { pattern: new RegExp(`^${source}$`), order };
  compiled.set(format, result);
  return result;
}

function patternParts(text: string, format: string): Parts | undefined {
  const { pattern, order } = compile(format);
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const found = new Map(order.map((part, index) => [part, match[index + 1] ?? '']));
  const two = (part: keyof Parts): string => (found.get(part) ?? '00').padStart(2, '0');
  const fraction = found.get('fraction');
  const offset = found.get('offset');
  return {
    year: found.get('year') ?? '',
    month: two('month'),
    day: two('day'),
    hour: two('hour'),
    minute: two('minute'),
    second: two('second'),
    fraction: fraction === undefined ? '' : `.${fraction}`,
    offset: offset === undefined ? undefined : offsetText(offset),
  };
}
