/**
 * Leaves that an event set to the value which they had already.
 *
 * The states before and after do not tell them from leaves that the event left alone. But what an event sets does not
 * depend on what was there before: folded onto a state in which the leaf is another, it gives the same value.
 */

import type { Event, Recorded } from '../core/event.ts';
import { foldEvents, type Fold } from '../core/fold.ts';
import { valueAt, withChange } from './apply-changes.ts';
import type { KeyTree } from './element-keys.ts';
import { leafChanges, visitLeaves } from './leaves.ts';

/** One event, and what it was folded onto. */
export interface SettingStep<State, Events extends Event> {
  readonly fold: Fold<State, Events>;
  readonly event: Recorded<Events>;
  readonly before: State;
  readonly after: State;
  readonly keys: KeyTree | undefined;
  readonly isWanted: (leaf: string) => boolean;
}

/** The leaves that an event set to what they were. States that are no plain JSON have none: other ones cannot be made of them. */
export function leavesSetAgain<State, Events extends Event>(step: SettingStep<State, Events>): readonly string[] {
  const { before, after, keys, isWanted } = step;
  const { set } = leafChanges({ before, after }, keys);
  const found: string[] = [];
  visitLeaves(after, keys, (path, value) => {
    if (isWanted(path) && !set.has(path) && othersThan(value).every((other) => gives(step, { path, value, other })))
      found.push(path);
  });
  return found;
}

interface OtherLeaf {
  readonly path: string;
  readonly value: unknown;
  /** What stands there in place of the value before the event. */
  readonly other: unknown;
}

function gives<State, Events extends Event>(
  { fold, event, before, keys }: SettingStep<State, Events>,
  { path, value, other }: OtherLeaf,
): boolean {
  try {
    const change = { kind: 'replaced', path, before: value, after: other } as const;
    // A state with another value of the same kind in one place is of the fold's type as far as anybody can tell; where
    // evolve finds that it is not, it throws, and the leaf counts as left alone.
    const next = foldEvents(fold, withChange(before, change, keys) as State, [event]);
    const at = valueAt(next, path, keys);
    return isEmptyContainer(value) ? isEmptyContainer(at) && Array.isArray(at) === Array.isArray(value) : at === value;
  } catch {
    return false;
  }
}

/** Values of the same kind on both sides of one, so that a bound or a choice in the fold does not look like a setting. */
function othersThan(value: unknown): readonly unknown[] {
  switch (typeof value) {
    case 'number':
      return [value + 1, value - 1];
    case 'string':
      return value === '' ? ['~'] : [`${value}~`, ''];
    case 'boolean':
      return [!value];
    default:
      return value === null ? ['~', 1] : [null];
  }
}

function isEmptyContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
