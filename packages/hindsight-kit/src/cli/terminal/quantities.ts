/**
 * Counts, sizes, durations and rates as people read them.
 */

const grouped = new Intl.NumberFormat('en-US');

/** `560,131` */
export function countText(count: number): string {
  return grouped.format(count);
}

/** `1 event`, `560,131 events` */
export function countOf(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${countText(count)} ${count === 1 ? singular : plural}`;
}

const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `812 B`, `4.1 MiB` */
export function bytesText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < sizeUnits.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${sizeUnits[unit]}`;
}

/** `0.4 ms`, `850 ms`, `2.4 s`, `1 min 20 s`, `3 h 5 min` */
export function durationText(durationMs: number): string {
  if (durationMs < 10) return `${durationMs.toFixed(durationMs < 1 ? 2 : 1)} ms`;
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** `45,210/s` */
export function rateText(count: number, durationMs: number): string {
  const rate = durationMs <= 0 ? 0 : (count * 1000) / durationMs;
  return `${countText(rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10)}/s`;
}
