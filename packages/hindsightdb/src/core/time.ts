/**
 * Times. Inside they are whole microseconds since 1970; outside, ISO 8601 texts. A safe integer of microseconds reaches
 * from the year 1684 to the year 2255.
 */

import { argumentError, rangeError } from './errors.ts';
import { describe } from './text.ts';

/** ISO 8601 in UTC with six decimals, like `2026-03-01T09:30:00.000000Z`. */
export function isoOfMicros(micros: number): string {
  // By way of milliseconds: beyond the safe integers, where times of occurrence may lie, nothing finer is exact.
  const millis = Math.floor(micros / 1000);
  const second = Math.floor(millis / 1000);
  // Most times that are asked for one after another lie in one second, and spelling out the day is what costs.
  if (second !== lastSecond) {
    lastPrefix = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
    lastSecond = second;
  }
  const rest = (millis - second * 1000) * 1000 + (micros - millis * 1000);
  // The leading digit keeps the zeros behind it, and is faster cut off than zeros are put before.
  return `${lastPrefix}${String(1_000_000 + rest).slice(1)}Z`;
}

let lastSecond = Number.NaN;
let lastPrefix = '';

/** A conversion that remembers the last answer, for runs of events recorded together. */
export function isoOfMicrosCached(): (micros: number) => string {
  let lastMicros = Number.NaN;
  let lastText = '';
  return (micros) => {
    if (micros !== lastMicros) {
      lastText = isoOfMicros(micros);
      lastMicros = micros;
    }
    return lastText;
  };
}

// The year -000000 is no way to write the year 0; JavaScript's own lenient reading would find the year 2001 in it.
const isoPattern =
  /^(?!-000000)((?:[+-]\d{6}|\d{4})-\d{2}-(\d{2}))(?:T\d{2}:\d{2}(?::\d{2}(?:\.(\d{1,9}))?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;

/**
 * Microseconds of a point in time given as a `Date`, or as ISO 8601 text with `Z` or an offset (a bare date means midnight
 * UTC). Digits beyond microseconds are cut off. Throws a `TypeError` for anything else: a time of day without an offset would mean another
 * moment on another machine.
 */
export function microsOf(what: string, time: string | Date): number {
  if (time instanceof Date) {
    if (!Number.isNaN(time.getTime())) return time.getTime() * 1000;
    throw argumentError('INVALID_ARGUMENT', `${what} is an invalid Date.`);
  }
  const [, date = '', day = '', decimals = ''] = (typeof time === 'string' && isoPattern.exec(time)) || [];
  const millis = isDay(date, Number(day)) ? Date.parse(withOffsetColon(time)) : Number.NaN;
  if (Number.isNaN(millis)) {
    throw argumentError(
      'INVALID_ARGUMENT',
      `${what} must be a Date or ISO 8601 text with Z or an offset, like 2026-03-01T09:30:00Z, not ${describe(time)}.`,
    );
  }
  // Date.parse keeps three decimals, or rounds them: seconds are taken from it and all decimals from the text.
  return Math.floor(millis / 1000) * 1_000_000 + Number(decimals.padEnd(6, '0').slice(0, 6));
}

/** The same for a time that things are put in order by: it must be a safe integer. Throws a `RangeError` where it is none. */
export function orderedMicrosOf(what: string, time: string | Date): number {
  const micros = microsOf(what, time);
  if (Number.isSafeInteger(micros)) return micros;
  throw rangeError(
    'INVALID_ARGUMENT',
    `${what} must lie between the years 1684 and 2255, not at ${typeof time === 'string' ? time : time.toISOString()}.`,
  );
}

/** Whether the month has that day: Date.parse takes the 30th of February for the 2nd of March. */
function isDay(date: string, day: number): boolean {
  return new Date(`${date}T00:00:00Z`).getUTCDate() === day;
}

function withOffsetColon(time: string): string {
  return time.replace(/([+-]\d{2})(\d{2})$/, (whole, hours: string, minutes: string) =>
    time.includes('T') ? `${hours}:${minutes}` : whole,
  );
}
