/**
 * The offset of a time zone at a local time, from the rules that Node brings along.
 */

const fixedOffset = /^([+-])(\d{2}):?(\d{2})$/;

/** Whether a text names a time zone or an offset. */
export function isTimeZone(name: string): boolean {
  if (fixedOffset.test(name)) return true;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/**
 * The offset, like `+02:00` or `Z`, that a zone has at a local time like `2026-03-01T09:30:00`. A local time that occurs twice,
 * when clocks go back, is taken as the earlier moment. Undefined for one that the clocks skipped.
 */
export function offsetIn(timeZone: string, local: string): string | undefined {
  const fixed = fixedOffset.exec(timeZone);
  if (fixed !== null) return `${fixed[1]}${fixed[2]}:${fixed[3]}`;
  if (/^(?:utc|gmt|z|etc\/utc)$/i.test(timeZone)) return 'Z';
  const hour = `${timeZone} ${local.slice(0, 13)}`;
  const known = hours.get(hour);
  if (known !== undefined) return known;
  const found = searchOffset(timeZone, local);
  if (found.isSureForHour && found.offset !== undefined) {
    // The hours of a log are few; the bound only keeps a strange one from growing without end.
    if (hours.size > 50_000) hours.clear();
    hours.set(hour, found.offset);
  }
  return found.offset;
}

const hours = new Map<string, string>();

function searchOffset(
  timeZone: string,
  local: string,
): { readonly offset: string | undefined; readonly isSureForHour: boolean } {
  const asUtc = Date.parse(`${local}Z`);
  const dayBefore = offsetMinutes(timeZone, asUtc - 86_400_000);
  const dayAfter = offsetMinutes(timeZone, asUtc + 86_400_000);
  if (dayBefore === dayAfter && offsetMinutes(timeZone, asUtc - dayBefore * 60_000) === dayBefore)
    return { offset: offsetTextOf(dayBefore), isSureForHour: true };
  // Of the two offsets around a change, the one before it gives the earlier moment.
  const fitting = [dayBefore, dayAfter].find(
    (minutes) => offsetMinutes(timeZone, asUtc - minutes * 60_000) === minutes,
  );
  return { offset: fitting === undefined ? undefined : offsetTextOf(fitting), isSureForHour: false };
}

function offsetTextOf(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes east of Greenwich at a moment, in milliseconds since 1970. Zones of long ago had seconds too; they are rounded. */
function offsetMinutes(timeZone: string, moment: number): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return Math.round((shown - Math.floor(moment / 1000) * 1000) / 60_000);
}
