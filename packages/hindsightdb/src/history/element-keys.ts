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

/** Keys of arrays that were looked at before: the state after one event is the one before the next. */
const known = new WeakMap<readonly unknown[], Map<string, readonly string[] | undefined>>();

/**
 * The keys of an array's elements, in their order; undefined where they are told apart by index: no member is named, or an
 * element is no object with a text or a number in it, or two have the same.
 */
export function keysOfElements(tree: KeyTree | undefined, array: readonly unknown[]): readonly string[] | undefined {
  const member = tree?.member;
  if (member === undefined) return undefined;
  const ofArray = known.get(array) ?? new Map<string, readonly string[] | undefined>();
  if (ofArray.has(member)) return ofArray.get(member);
  const keys = readKeys(array, member);
  known.set(array, ofArray.set(member, keys));
  return keys;
}

function readKeys(array: readonly unknown[], member: string): readonly string[] | undefined {
  const keys = new Set<string>();
  for (const element of array) {
    const form = elementForm(element);
    const key = isJsonObject(form) && Object.hasOwn(form, member) ? formOf(form[member]) : undefined;
    if (typeof key !== 'string' && typeof key !== 'number') return undefined;
    keys.add(String(key));
  }
  return keys.size === array.length ? [...keys] : undefined;
}
