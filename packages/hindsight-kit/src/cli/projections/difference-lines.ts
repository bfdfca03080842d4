/** Where a view and a fresh fold differ, for people. */

import type { ViewDifference } from 'hindsightdb/projections';
import { jsonText } from '../history/value-text.ts';
import type { Palette } from '../terminal/palette.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';

/**
 * The lines of differences: where each is, what the view has, what a fresh fold has. A row has no name by which it is known on
 * both sides, so that each is missing on one; rows of a table stand together.
 */
export function differenceLines(
  differences: readonly ViewDifference[],
  { palette, widthMax = Number.MAX_SAFE_INTEGER }: { readonly palette: Palette; readonly widthMax: number | undefined },
): readonly string[] {
  const side = (sign: string, value: unknown): string =>
    cutToWidth(`  ${sign} ${value === undefined ? 'nothing' : valueText(value)}`, widthMax);
  return differences.flatMap(({ kind, place, expected, actual }, index) => {
    const before = differences[index - 1];
    const isFurtherRow = kind === 'row' && before?.kind === 'row' && before.place === place;
    return [
      ...(isFurtherRow ? [] : [`${kind === 'row' ? 'rows of' : kind} ${palette.name(safeText(place))}`]),
      ...(kind === 'row' && actual === undefined ? [] : [palette.bad(side('- view', actual))]),
      ...(kind === 'row' && expected === undefined ? [] : [palette.good(side('+ fold', expected))]),
    ];
  });
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
