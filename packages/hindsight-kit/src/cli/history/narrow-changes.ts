/**
 * Changes as seen from one place of a state: what happened at it, below it, or to what holds it.
 */

import type { Change } from 'hindsightdb/history';
import { changesBetween } from 'hindsightdb/history';
import { pointerOf, valueIn, type FieldPath } from './field-path.ts';

/** The changes that touch a place. One of what holds the place is narrowed to it. */
export function changesAt(changes: readonly Change[], place: FieldPath): readonly Change[] {
  const pointer = pointerOf(place);
  return changes.flatMap((change) => {
    if (change.path === pointer || change.path.startsWith(`${pointer}/`)) return [change];
    if (!pointer.startsWith(`${change.path}/`) || change.kind === 'reordered') return [];
    const segments = place.segments.slice(change.path.split('/').length - 1);
    const before = 'before' in change ? valueIn(change.before, segments) : undefined;
    const after = 'after' in change ? valueIn(change.after, segments) : undefined;
    return changesBetween(before, after).map((narrowed) => ({ ...narrowed, path: pointer + narrowed.path }));
  });
}
