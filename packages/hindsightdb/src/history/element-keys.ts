/**
 * Element keys: by which member the elements of an array are told apart, so that an element keeps its history when others
 * come and go before it.
 */

import type { ElementKeys } from '../core/fold.ts';
import { argumentError } from '../core/errors.ts';
import { segmentsOf } from '../core/json-pointer.ts';
import { describe } from '../core/text.ts';
import { assertObject } from '../store/argument-checks.ts';
import { elementForm, formOf, isJsonObject } from './json-form.ts';

/** Element keys as a tree that is walked along with a state. */
export interface KeyTree {
  /** The member that tells apart the elements of the array at this place. */
  readonly member: string | undefined;
  readonly children: ReadonlyMap<string, KeyTree>;
}

interface GrowingTree extends KeyTree {
  member: string | undefined;
  readonly children: Map<string, GrowingTree>;
}

/** Checks element keys and makes the tree of them; undefined where there are none. */
export function keyTreeOf(elementKeys: ElementKeys | undefined): KeyTree | undefined {
  if (elementKeys === undefined) return undefined;
  assertObject('elementKeys', elementKeys);
  const root: GrowingTree = { member: undefined, children: new Map() };
  for (const [pointer, member] of Object.entries(elementKeys)) {
    if (typeof member !== 'string' || member === '')
      throw argumentError(
        'INVALID_ARGUMENT',
        `elementKeys[${JSON.stringify(pointer)}] must be the name of a member, not ${describe(member)}.`,
      );
    let place = root;
    for (const segment of segmentsOf('A key of elementKeys', pointer)) {
      const next = place.children.get(segment) ?? { member: undefined, children: new Map<string, GrowingTree>() };
      place.children.set(segment, next);
      place = next;
    }
    place.member = member;
  }
  return root;
}

/** The tree below a segment; an asterisk stands for any segment that is not named itself. */
export function below(tree: KeyTree | undefined, segment: string): KeyTree | undefined {
  return tree?.children.get(segment) ?? tree?.children.get('*');
}

/** The keys of an array's elements by a member; undefined where they are told apart by index. */
interface KnownKeys {
  readonly member: string;
  readonly keys: readonly string[] | undefined;
}

/** Keys of arrays that were looked at before: the state after one event is the one before the next. */
const known = new WeakMap<readonly unknown[], KnownKeys>();

/**
 * The keys of an array's elements, in their order; undefined where they are told apart by index: no member is named, or an
 * element is no object with a text or a number in it, or two have the same. An array in which every element has the key of
 * the one at its place in `earlier` gets the very keys of that one: then nothing has to be compared but the elements.
 */
export function keysOfElements(
  tree: KeyTree | undefined,
  array: readonly unknown[],
  earlier?: readonly unknown[],
): readonly string[] | undefined {
  const member = tree?.member;
  if (member === undefined) return undefined;
  const before = known.get(array);
  if (before?.member === member) return before.keys;
  const keys = sameKeys(array, member, earlier) ?? readKeys(array, member);
  known.set(array, { member, keys });
  return keys;
}

/** The keys of the earlier array, where those of this one are the same at each place. */
function sameKeys(
  array: readonly unknown[],
  member: string,
  earlier: readonly unknown[] | undefined,
): readonly string[] | undefined {
  const before = earlier && known.get(earlier);
  if (earlier === undefined || before?.keys === undefined || before.member !== member) return undefined;
  const { keys } = before;
  if (earlier.length !== array.length) return undefined;
  for (const [index, key] of keys.entries())
    if (array[index] !== earlier[index] && keyOf(array[index], member) !== key) return undefined;
  return keys;
}

function readKeys(array: readonly unknown[], member: string): readonly string[] | undefined {
  const keys = new Set<string>();
  for (const element of array) {
    const key = keyOf(element, member);
    if (key === undefined) return undefined;
    keys.add(key);
  }
  return keys.size === array.length ? [...keys] : undefined;
}

function keyOf(element: unknown, member: string): string | undefined {
  const form = elementForm(element);
  const key = isJsonObject(form) && Object.hasOwn(form, member) ? formOf(form[member]) : undefined;
  return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
}
