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

/** Of an array that was derived from another one, so many keys are looked for among those of the other; else all are read. */
const freshKeysMax = 8;

/**
 * The keys of an array's elements, in their order; undefined where they are told apart by index: no member is named, or an
 * element is no object with a text or a number in it, or two have the same. What an array shares with `earlier` at its
 * beginning and its end need not be read again; one whose elements have the same keys throughout gets the very keys of that.
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
  const keys = derivedKeys(array, member, earlier) ?? readKeys(array, member);
  known.set(array, { member, keys });
  return keys;
}

/** The keys, from those of the earlier array; undefined where that says nothing or too little. */
function derivedKeys(
  array: readonly unknown[],
  member: string,
  earlier: readonly unknown[] | undefined,
): readonly string[] | undefined {
  const before = earlier && known.get(earlier);
  if (earlier === undefined || before?.keys === undefined || before.member !== member) return undefined;
  const { keys } = before;
  const hasSameKey = (index: number, place: number): boolean =>
    array[index] === earlier[place] || keyOf(array[index], member) === keys[place];
  const shorter = Math.min(array.length, keys.length);
  let start = 0;
  while (start < shorter && hasSameKey(start, start)) start += 1;
  if (start === array.length && start === keys.length) return keys;
  let end = 0;
  while (end < shorter - start && hasSameKey(array.length - 1 - end, keys.length - 1 - end)) end += 1;
  const changed = array.slice(start, array.length - end);
  if (changed.length > freshKeysMax) return undefined;
  const derived = [...keys.slice(0, start), ...keys.slice(keys.length - end)];
  const fresh: string[] = [];
  for (const element of changed) {
    const key = keyOf(element, member);
    if (key === undefined || fresh.includes(key) || derived.includes(key)) return undefined;
    fresh.push(key);
  }
  return derived.toSpliced(start, 0, ...fresh);
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
