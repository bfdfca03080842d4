/**
 * Where in a file something is wrong, as people read it: `log.xes:8:7, element <date … "time:timestamp">`.
 */

import type { SkippedRow } from '../formats/import/import-result.ts';
import { safeText } from './terminal/text-width.ts';

/** A place in a file, as far as it is known. */
export type PlaceInFile = Pick<SkippedRow, 'line' | 'character' | 'element'> & { readonly column?: string | undefined };

/** The words for a place. */
export function placeOf(file: string, { line, column, character, element }: PlaceInFile): string {
  const at = character === undefined ? `${line}` : `${line}:${character}`;
  return [
    `${file === '-' ? 'standard input' : file}:${at}`,
    ...(column === undefined ? [] : [`column ${JSON.stringify(column)}`]),
    ...(element === undefined ? [] : [`element ${safeText(element)}`]),
  ].join(', ');
}
