/** How figures and verdicts are written. */

import type { Verdict } from '../run/results.ts';

const headings: Readonly<Record<string, string>> = {
  eventsPerSecond: 'events/s',
  callsPerSecond: 'loads/s',
  p50Ms: 'p50',
  p99Ms: 'p99',
  loadP50Ms: 'load p50',
  loadP99Ms: 'load p99',
  peakBytes: 'peak memory',
  growthBytes: 'growth after the first tenth',
  elapsedMs: 'time',
  overEmptyBytes: 'memory over the empty process',
  eventCount: 'events',
};

export function headingOf(figure: string): string {
  return headings[figure] ?? figure;
}

/** A figure with its unit, three significant digits where they mean something. */
export function formatFigure(figure: string, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (figure.endsWith('PerSecond')) return formatCount(value);
  if (figure.endsWith('Ms')) return formatMs(value);
  if (figure.endsWith('Bytes')) return `${(value / 1e6).toFixed(0)} MB`;
  return formatCount(value);
}

/** A count to three significant digits, with separators. */
export function formatCount(value: number): string {
  const digits = Math.max(0, Math.floor(Math.log10(Math.abs(value) || 1)) - 2);
  return (Math.round(value / 10 ** digits) * 10 ** digits).toLocaleString('en');
}

export function formatMs(value: number): string {
  return Math.abs(value) >= 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(value < 0.1 ? 3 : 2)} ms`;
}

export function formatVerdictValue(verdict: Pick<Verdict, 'unit'>, value: number): string {
  if (verdict.unit === '×') return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)} ×`;
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)} ${verdict.unit}`;
}

export const reachedTexts: Readonly<Record<Verdict['reached'], string>> = {
  aim: 'aim reached',
  must: 'must reached',
  missed: '**missed**',
};
