/** Findings of a check of the history, for people: where, what, and why; of a snapshot, how it differs. */

import type { HistoryFinding } from 'hindsightdb/history';
import type { Palette } from '../terminal/palette.ts';
import { cutToWidth, safeText } from '../terminal/text-width.ts';
import { changeLines } from './change-lines.ts';

const whatIsWrong: Readonly<Record<HistoryFinding['kind'], string>> = {
  undecodable: 'cannot be decoded',
  upcast: 'its upcaster fails',
  undeclared: 'is not declared',
  invalid: 'is not valid',
  fold: 'cannot be folded',
  snapshot: 'its snapshot differs',
};

/** Changes of a snapshot that are shown. */
const changesMax = 10;

/** The lines of findings, in their order. */
export function findingLines(
  findings: readonly HistoryFinding[],
  { palette, widthMax }: { readonly palette: Palette; readonly widthMax: number | undefined },
): readonly string[] {
  return findings.flatMap(({ kind, streamId, version, position, type, message, changes = [] }) => {
    const place = `${palette.name(safeText(streamId))} ${palette.faint(`@${version}, position ${position}`)}`;
    const named = type === '' ? '' : `${palette.type(safeText(type))} `;
    return [
      `${palette.bad('!')} ${place}  ${named}${whatIsWrong[kind]}`,
      cutToWidth(`    ${safeText(message)}`, widthMax ?? Number.MAX_SAFE_INTEGER),
      ...changeLines(changes.slice(0, changesMax), { palette, indent: 4, widthMax }),
      ...(changes.length > changesMax ? [palette.faint(`    … and ${changes.length - changesMax} more changes`)] : []),
    ];
  });
}
