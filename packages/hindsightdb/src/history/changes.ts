/**
 * Changes: the difference of two states as data, for people and programs.
 */

import type { ElementKeys } from '../core/fold.ts';
import { walkDifference } from './difference.ts';
import { keyTreeOf, type KeyTree } from './element-keys.ts';
import { plainCopy } from './json-form.ts';

/**
 * One change of a state. `path` is a JSON Pointer (RFC 6901), in which the key of an element stands in place of its index
 * where the fold names element keys: `/items/A-1/quantity`. The empty path is the whole state. Values are in their JSON form.
 */
export type Change =
  | { readonly kind: 'added'; readonly path: string; readonly after: unknown }
  | { readonly kind: 'removed'; readonly path: string; readonly before: unknown }
  | { readonly kind: 'replaced'; readonly path: string; readonly before: unknown; readonly after: unknown }
  /** The elements of an array whose elements have keys stand in another order: that of these keys. */
  | {
      readonly kind: 'reordered';
      readonly path: string;
      readonly before: readonly string[];
      readonly after: readonly string[];
    };

/** How two states are compared. */
export interface CompareOptions {
  /** See `elementKeys` of a fold. Default: none, arrays are compared by index. */
  readonly elementKeys?: ElementKeys | undefined;
}

/**
 * How one state became another: the fewest and highest places at which they differ, in an order in which
 * {@link applyChanges} can apply them. Empty where they say the same. Throws `NOT_JSON` for cyclic states and those nested
 * more than 500 levels deep.
 *
 * ```ts
 * import { changesBetween } from 'hindsightdb/history';
 *
 * changesBetween({ status: 'open', total: 5 }, { status: 'paid', total: 5 });
 * // [{ kind: 'replaced', path: '/status', before: 'open', after: 'paid' }]
 * ```
 */
export function changesBetween(before: unknown, after: unknown, options: CompareOptions = {}): readonly Change[] {
  return collectChanges({ before, after }, keyTreeOf(options.elementKeys));
}

/** The same with element keys that were checked before. */
export function collectChanges(
  states: { readonly before: unknown; readonly after: unknown },
  keys: KeyTree | undefined,
): readonly Change[] {
  const changes: Change[] = [];
  walkDifference(states, keys, {
    added: ({ path }, after) => changes.push({ kind: 'added', path, after: plainCopy(after) }),
    removed: ({ path }, before) => changes.push({ kind: 'removed', path, before: plainCopy(before) }),
    replaced: ({ path }, { before, after }) =>
      changes.push({ kind: 'replaced', path, before: plainCopy(before), after: plainCopy(after) }),
    reordered: ({ path }, { before, after }) => changes.push({ kind: 'reordered', path, before, after }),
    resized: () => undefined,
  });
  return changes;
}
