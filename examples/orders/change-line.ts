/** A change of a state as a line for people. */

import type { Change } from 'hindsightdb/history';

/** `/totalCents  3900 → 8900` */
export function changeLine(change: Change): string {
  switch (change.kind) {
    case 'added':
      return `${change.path}  + ${JSON.stringify(change.after)}`;
    case 'removed':
      return `${change.path}  - ${JSON.stringify(change.before)}`;
    case 'replaced':
      return `${change.path}  ${JSON.stringify(change.before)} → ${JSON.stringify(change.after)}`;
    case 'reordered':
      return `${change.path}  in the order ${change.after.join(', ')}`;
    default:
      return change satisfies never;
  }
}
