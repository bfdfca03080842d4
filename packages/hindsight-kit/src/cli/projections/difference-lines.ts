/** Where a view and a fresh fold differ, for people. */

import type { ViewDifference } from 'hindsightdb/projections';
import { jsonText } from '../history/value-text.ts';
import type { Palette } from '../terminal/palette.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';

/** The lines of a difference: where it is, what the view has, what a fresh fold has. */
export function differenceLines(
  { kind, place, expected, actual }: ViewDifference,
  { palette, widthMax = Number.MAX_SAFE_INTEGER }: { readonly palette: Palette; readonly widthMax: number | undefined },
): readonly string[] {
  const side = (sign: string, value: unknown): string =>
    cutToWidth(`  ${sign} ${value === undefined ? 'nothing' : valueText(value)}`, widthMax);
  return [
    `${kind} ${palette.name(safeText(place))}`,
    palette.bad(side('- view', actual)),
    palette.good(side('+ fold', expected)),
  ];
}

/** A value, also one that JSON does not know: rows may hold whole numbers of 64 bits and bytes. */
export function valueText(value: unknown): string {
  return jsonText(plainValue(value));
}

/** The same as JSON can hold it: whole numbers of 64 bits as texts, bytes in base64. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainValue(member)]));
}
