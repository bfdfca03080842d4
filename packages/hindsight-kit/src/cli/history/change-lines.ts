/**
 * Changes of a state as lines:
 *
 *     + /items/pen  {"sku":"pen"}
 *     ~ /cents      1200 → 1500
 *     - /note       "later"
 */

import type { Change } from 'hindsightdb/history';
import type { Palette } from '../terminal/palette.ts';
import { cutToWidth, safeText, widthOf } from '../terminal/text-width.ts';
import { jsonText } from './value-text.ts';

/** How changes are set. */
export interface ChangeLayout {
  readonly palette: Palette;
  /** Columns before the sign. */
  readonly indent: number;
  /** The columns of the terminal; values that do not fit are cut. Undefined: nothing is cut. */
  readonly widthMax: number | undefined;
}

const signs = { added: '+', removed: '-', replaced: '~', reordered: '⇅' } as const;

/** Values begin in one column, unless a path is longer than this. */
const pathWidthMax = 32;

/** A line for each change. */
export function changeLines(
  changes: readonly Change[],
  { palette, indent, widthMax }: ChangeLayout,
): readonly string[] {
  const pathMax = widthMax === undefined ? undefined : Math.max(16, Math.floor(widthMax / 2));
  const paths = changes.map(({ path }) => cut(path === '' ? '(all)' : safeText(path), pathMax));
  const pathWidth = Math.max(0, ...paths.map(widthOf).filter((width) => width <= pathWidthMax));
  return changes.map((change, index) => {
    const path = paths[index] ?? '';
    const filled = path + ' '.repeat(Math.max(0, pathWidth - widthOf(path)));
    const room = widthMax === undefined ? undefined : Math.max(16, widthMax - indent - 4 - widthOf(filled));
    return `${' '.repeat(indent)}${signOf(change, palette)} ${filled}  ${valuesOf(change, palette, room)}`;
  });
}

function signOf({ kind }: Change, palette: Palette): string {
  const paint = { added: palette.good, removed: palette.bad, replaced: palette.warning, reordered: palette.warning };
  return paint[kind](signs[kind]);
}

function valuesOf(change: Change, palette: Palette, room: number | undefined): string {
  switch (change.kind) {
    case 'added':
      return cut(jsonText(change.after), room);
    case 'removed':
      return palette.faint(cut(jsonText(change.before), room));
    case 'replaced':
      return pair(jsonText(change.before), jsonText(change.after));
    case 'reordered':
      return pair(change.before.map(safeText).join(', '), change.after.map(safeText).join(', '));
    default:
      return change satisfies never;
  }

  /** What was there and what is: of two long values each has its half, of a long and a short one the long has the rest. */
  function pair(before: string, after: string): string {
    const arrow = palette.faint('→');
    if (room === undefined) return `${before} ${arrow} ${after}`;
    const half = Math.floor((room - 3) / 2);
    const [beforeWidth, afterWidth] = [widthOf(before), widthOf(after)];
    const beforeMax = Math.max(half, room - 3 - afterWidth);
    const afterMax = Math.max(half, room - 3 - beforeWidth);
    return `${cut(before, beforeMax)} ${arrow} ${cut(after, afterMax)}`;
  }
}

function cut(text: string, widthMax: number | undefined): string {
  return widthMax === undefined ? text : cutToWidth(text, widthMax);
}
