/**
 * Times as people give them on the command line.
 */

import { InvalidArgumentError } from 'commander';

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** What `--since` and its like take, for help texts. */
export const timeForms = '2026-03-01, "2026-03-01 09:30", 2026-03-01T09:30:00Z, 15m, 2h, 3d, today, yesterday or now';

/**
 * The moment that a text means, as a `Date` or as ISO text where its digits reach beyond milliseconds. Without an offset it
 * is the time of this machine's zone; `2h` is two hours before now. Throws commander's error for a wrong argument.
 */
export function parseTime(text: string, now: number): string | Date {
  const wanted = text.trim();
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  if (/^now$/i.test(wanted)) return new Date(now);
  if (/^today$/i.test(wanted)) return midnight;
  if (/^yesterday$/i.test(wanted)) {
    midnight.setDate(midnight.getDate() - 1);
    return midnight;
  }
  const ago = /^(\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h|d|w)(?:\s+ago)?$/i.exec(wanted);
  if (ago !== null) return new Date(now - Number(ago[1]) * (units[(ago[2] ?? '').toLowerCase()] ?? 0));
  if (/^@\d+(\.\d+)?$/.test(wanted)) return new Date(Number(wanted.slice(1)) * 1000);
  const moment = calendarTime(wanted);
  if (moment === undefined) throw new InvalidArgumentError(`Write a time as ${timeForms}.`);
  return moment;
}

const calendar =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

function calendarTime(text: string): string | Date | undefined {
  const match = calendar.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hours = '00', minutes = '00', seconds = '00', fraction = '', offset] = match;
  const isReal = isRealDay(Number(year), Number(month), Number(day));
  if (!isReal || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const plain = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}`;
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
