/**
 * Times as people give them on the command line.
 */

import { InvalidArgumentError } from 'commander';
import { UsageError } from './failure.ts';
import { safeText } from './terminal/text-width.ts';

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 7 * 86_400_000,
  week: 7 * 86_400_000,
};

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** What `--since` and its like take, for help texts. */
export const timeForms =
  '2026-03-01, "2026-03-01 09:30", 2026-03-01T09:30:00Z, 15m, "2h ago", "yesterday 18:00", monday, today or now';

/**
 * The moment that a text means, as a `Date` or as ISO text where its digits reach beyond milliseconds. Without an offset it
 * is the time of this machine's zone, and a day without a time of day is its beginning; `2h` is two hours before now. Throws
 * commander's error for a wrong argument.
 */
export function parseTime(text: string, now: number): string | Date {
  const wanted = text.trim();
  const moment = /^now$/i.test(wanted)
    ? new Date(now)
    : (timeAgo(wanted, now) ?? namedDay(wanted, now) ?? secondsSince1970(wanted) ?? calendarTime(wanted));
  if (moment === undefined || (moment instanceof Date && Number.isNaN(moment.getTime())))
    throw new InvalidArgumentError(`Write a time as ${timeForms}.`);
  return moment;
}

/** The moment that an option gives. Throws a `UsageError` that names the option. */
export function timeOption(flag: string, text: string, now: number): string | Date {
  try {
    return parseTime(text, now);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw new UsageError(`${flag} ${JSON.stringify(text)} is no time. ${error.message}`);
    throw error;
  }
}

/** What `--due` and its like take, for help texts. */
export const dueForms = '+15m, "in 2h", "tomorrow 09:00", 2026-03-01, "2026-03-01 09:30" or 2026-03-01T09:30:00Z';

/** The moment to come that an option gives. Throws a `UsageError` that names the option. */
export function dueOption(flag: string, text: string, now: number): string | Date {
  const wanted = text.trim();
  const [, duration] = /^(?:\+|in\s+)(.+)$/i.exec(wanted) ?? [];
  const passed = duration === undefined ? undefined : timeAgo(duration, now);
  if (passed !== undefined) return new Date(2 * now - passed.getTime());
  const [, timeOfDay] = /^tomorrow(.*)$/i.exec(wanted) ?? [];
  const today = timeOfDay === undefined ? undefined : namedDay(`today${timeOfDay}`, now);
  if (today !== undefined) {
    today.setDate(today.getDate() + 1);
    return today;
  }
  const moment = duration === undefined ? calendarTime(wanted) : undefined;
  if (moment !== undefined) return moment;
  throw new UsageError(`${flag} ${safeText(JSON.stringify(text))} is no time to come. Write it as ${dueForms}.`);
}

/** A moment that may have passed or not. Throws a `UsageError` that names the option. */
export function anyTimeOption(flag: string, text: string, now: number): string | Date {
  return /^(?:\+|in\s|tomorrow)/i.test(text.trim()) ? dueOption(flag, text, now) : timeOption(flag, text, now);
}

function timeAgo(text: string, now: number): Date | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+ago)?$/i.exec(text) ?? [];
  const name = unit.toLowerCase();
  const unitMs = Object.hasOwn(units, name) ? units[name] : units[name.replace(/s$/, '')];
  return count === undefined || unitMs === undefined ? undefined : new Date(now - Number(count) * unitMs);
}

/** A day by its name, and the time of day that may follow. Of a weekday the latest one is meant, today included. */
function namedDay(text: string, now: number): Date | undefined {
  const [, name, hours = '0', minutes = '0', seconds = '0'] =
    /^([a-z]+)(?:\s+(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/i.exec(text) ?? [];
  const day = new Date(now);
  const daysAgo = name === undefined ? undefined : daysBack(name.toLowerCase(), day.getDay());
  if (daysAgo === undefined || !isTimeOfDay(hours, minutes, seconds)) return undefined;
  day.setDate(day.getDate() - daysAgo);
  day.setHours(Number(hours), Number(minutes), Number(seconds), 0);
  return day;
}

function daysBack(name: string, today: number): number | undefined {
  if (name === 'today') return 0;
  if (name === 'yesterday') return 1;
  const weekday = weekdays.indexOf(name);
  return weekday === -1 ? undefined : (today - weekday + 7) % 7;
}

function secondsSince1970(text: string): Date | undefined {
  return /^@\d+(\.\d+)?$/.test(text) ? new Date(Number(text.slice(1)) * 1000) : undefined;
}

const calendar =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

function calendarTime(text: string): string | Date | undefined {
  const match = calendar.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hours = '00', minutes = '00', seconds = '00', fraction = '', offset] = match;
  if (!isRealDay(Number(year), Number(month), Number(day)) || !isTimeOfDay(hours, minutes, seconds)) return undefined;
  const plain = `${year}-${month}-${day}T${hours.padStart(2, '0')}:${minutes}:${seconds}`;
  if (offset !== undefined) return `${plain}${fraction}${offsetText(offset)}`;
  // Node reads a time without an offset as that of this machine's zone.
  const local = new Date(plain).toISOString();
  return `${local.slice(0, 19)}${fraction}Z`;
}

function offsetText(offset: string): string {
  if (/^z$/i.test(offset)) return 'Z';
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  return `${offset[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function isRealDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isTimeOfDay(hours: string, minutes: string, seconds: string): boolean {
  return Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
}
