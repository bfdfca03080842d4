/**
 * Moments as people write them: one grammar for `--as-of`, `--from`, `--to` and the two ends of a difference.
 */

import { InvalidArgumentError } from 'commander';
import { isCheckpoint, type Place } from 'hindsightdb';
import { UsageError } from '../failure.ts';
import { parseTime } from '../time-option.ts';

/** The order in which a time is meant: when it was recorded, or when it happened. */
export type TimeOrder = 'recorded' | 'occurred';

/** What a text means, before the store was asked. */
export type Moment =
  | { readonly kind: 'now' }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'time'; readonly time: string | Date; readonly order: TimeOrder }
  | { readonly kind: 'release'; readonly side: 'before' | 'after'; readonly release: string };

/** What a moment may be, one line each. */
export const momentForms: readonly string[] = [
  'A moment is one of:',
  '  a version      7 or v7',
  '  a time         2026-03-01, "2026-03-01 09:30", 2026-03-01T09:30:00Z, "yesterday 18:00", monday,',
  '                 today, "2h ago", 15m or now; a day is meant from its beginning on',
  '  an occurrence  occurred:2026-03-01, or any time with --by occurred',
  '  a release      "before release 2.4", or "release 2.4" for right after its last event;',
  '                 2.4 stands for 2.4.0, 2.4.1 and so on as well',
  '  a place        a checkpoint (h1~…), or position:1200',
];

/** What a text means. `what` names the argument where it means nothing: then a `UsageError` says which forms there are. */
export function parseMoment(
  what: string,
  text: string,
  clock: { readonly now: number; readonly order: TimeOrder },
): Moment {
  const wanted = text.trim();
  if (/^now$/i.test(wanted)) return { kind: 'now' };
  const [, version] = /^v?(\d+)$/i.exec(wanted) ?? [];
  if (version !== undefined) return { kind: 'version', version: wholeOf(what, version) };
  if (isCheckpoint(wanted)) return { kind: 'place', place: wanted };
  const [, position] = /^(?:#|position[:\s]\s*#?)(\d+)$/i.exec(wanted) ?? [];
  if (position !== undefined) return { kind: 'place', place: wholeOf(what, position) };
  const [, side = '', release] = /^(?:(before|after)[-\s])?release[:\s]\s*(.+)$/i.exec(wanted) ?? [];
  if (release !== undefined)
    return { kind: 'release', side: side.toLowerCase() === 'before' ? 'before' : 'after', release };
  const [, order, time = wanted] = /^(occurred|recorded)[:\s]\s*(.+)$/i.exec(wanted) ?? [];
  return {
    kind: 'time',
    time: timeOf(what, { text, time }, clock.now),
    order: order === undefined ? clock.order : order.toLowerCase() === 'occurred' ? 'occurred' : 'recorded',
  };
}

function wholeOf(what: string, digits: string): number {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`${what} ${digits} is greater than any version or position.`);
}

function timeOf(
  what: string,
  { text, time }: { readonly text: string; readonly time: string },
  now: number,
): string | Date {
  // Seconds since 1970 are written so, and a few of them are rather a version with a sign before it.
  const [, version] = /^@(\d{1,8})$/.exec(time) ?? [];
  if (version !== undefined)
    throw new UsageError(`${what} ${text} would be ${version} seconds after the beginning of 1970.`, [
      `For version ${version} write ${version} or v${version}.`,
    ]);
  try {
    return parseTime(time, now);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw new UsageError(`${what} ${JSON.stringify(text)} is no moment.`, momentForms);
    throw error;
  }
}
