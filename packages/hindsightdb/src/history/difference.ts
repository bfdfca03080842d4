/**
 * The difference of two states, found by walking both at once. Parts that both share are not entered: a fold that copies
 * only what it changes is compared in the time of the change.
 */

import { canonicalJson } from '../core/json.ts';
import { pointerTo } from '../core/json-pointer.ts';
import { below, keysOfElements, type KeyTree } from './element-keys.ts';
import {
  assertDepth,
  elementForm,
  formOf,
  isJsonArray,
  isJsonObject,
  plainCopy,
  type JsonObject,
} from './json-form.ts';

/** Where in the states a difference lies. */
export interface Spot {
  /** The JSON Pointer; the key of an element stands where its index would, where elements have keys. */
  readonly path: string;
  readonly keys: KeyTree | undefined;
  readonly depth: number;
}

/** Is told every difference, from the top down, in an order in which they can be applied. Values are in their JSON form. */
export interface DifferenceVisitor {
  added(spot: Spot, after: unknown): void;
  removed(spot: Spot, before: unknown): void;
  /** A value became another one: no container was or is there, or one of another kind, or an array whose elements cannot be told apart. */
  replaced(spot: Spot, values: { readonly before: unknown; readonly after: unknown }): void;
  /** The elements that both have, and those that were added behind them, stand in another order. */
  reordered(spot: Spot, keys: { readonly before: readonly string[]; readonly after: readonly string[] }): void;
  /** A container got its first member, or lost its last one. Told beside what was added or removed. */
  resized(spot: Spot, values: { readonly before: unknown; readonly after: unknown }): void;
}

/** The spot of a member or an element. */
export function spotBelow({ path, keys, depth }: Spot, segment: string): Spot {
  return { path: pointerTo(path, segment), keys: below(keys, segment), depth: depth + 1 };
}

/** The spot of a whole state. */
export function rootSpot(keys: KeyTree | undefined): Spot {
  return { path: '', keys, depth: 0 };
}

/** Tells the visitor how one state differs from another. */
export function walkDifference(
  states: { readonly before: unknown; readonly after: unknown },
  keys: KeyTree | undefined,
  visitor: DifferenceVisitor,
): void {
  walkMember(states.before, states.after, visitor, () => rootSpot(keys));
}

/** Compares two values of one place. The place is worked out only where they differ. */
function walkMember(before: unknown, after: unknown, visitor: DifferenceVisitor, spotOf: () => Spot): void {
  if (before === after) return;
  const [left, right] = [formOf(before), formOf(after)];
  if (left === right) return;
  const spot = spotOf();
  assertDepth(spot.depth);
  if (left === undefined) visitor.added(spot, right);
  else if (right === undefined) visitor.removed(spot, left);
  else if (isJsonArray(left) && isJsonArray(right)) walkArrays(spot, left, right, visitor);
  else if (isJsonObject(left) && isJsonObject(right)) walkObjects(spot, left, right, visitor);
  else visitor.replaced(spot, { before: left, after: right });
}

function walkObjects(spot: Spot, before: JsonObject, after: JsonObject, visitor: DifferenceVisitor): void {
  const below = (key: string) => (): Spot => spotBelow(spot, key);
  for (const key of Object.keys(before))
    walkMember(before[key], Object.hasOwn(after, key) ? after[key] : undefined, visitor, below(key));
  for (const key of Object.keys(after))
    if (!Object.hasOwn(before, key)) walkMember(undefined, after[key], visitor, below(key));
  tellResize(spot, { before, after }, visitor);
}

function walkArrays(
  spot: Spot,
  before: readonly unknown[],
  after: readonly unknown[],
  visitor: DifferenceVisitor,
): void {
  if (spot.keys?.member === undefined) walkIndexed(spot, before, after, visitor);
  else {
    const leftKeys = keysOfElements(spot.keys, before);
    const rightKeys = keysOfElements(spot.keys, after, before);
    if (leftKeys === undefined || rightKeys === undefined) {
      // Keys are asked for and not there, or not all different: nothing says which element became which.
      if (!isEqual(before, after)) visitor.replaced(spot, { before, after });
      return;
    }
    if (leftKeys === rightKeys) walkPaired(spot, { values: before, keys: leftKeys }, after, visitor);
    else walkKeyed(spot, { values: before, keys: leftKeys }, { values: after, keys: rightKeys }, visitor);
  }
  tellResize(spot, { before, after }, visitor);
}

function walkIndexed(
  spot: Spot,
  before: readonly unknown[],
  after: readonly unknown[],
  visitor: DifferenceVisitor,
): void {
  const shared = Math.min(before.length, after.length);
  for (let index = 0; index < shared; index += 1) {
    const [left, right] = [before[index], after[index]];
    if (left !== right)
      walkMember(elementForm(left), elementForm(right), visitor, () => spotBelow(spot, String(index)));
  }
  // From the last one, so that each index is right at the moment when it is removed.
  for (let index = before.length - 1; index >= shared; index -= 1)
    visitor.removed(spotBelow(spot, String(index)), elementForm(before[index]));
  for (let index = shared; index < after.length; index += 1)
    visitor.added(spotBelow(spot, String(index)), elementForm(after[index]));
}

interface Keyed {
  readonly values: readonly unknown[];
  readonly keys: readonly string[];
}

/** Elements with the same keys in the same order: the most frequent case, and done without looking any of them up. */
function walkPaired(spot: Spot, before: Keyed, after: readonly unknown[], visitor: DifferenceVisitor): void {
  const { values, keys } = before;
  for (let index = 0; index < keys.length; index += 1) {
    if (values[index] === after[index]) continue;
    walkMember(values[index], after[index], visitor, () => spotBelow(spot, keys[index] ?? ''));
  }
}

function walkKeyed(spot: Spot, before: Keyed, after: Keyed, visitor: DifferenceVisitor): void {
  const leftIndex = new Map(before.keys.map((key, index) => [key, index]));
  const rightKeys = new Set(after.keys);
  before.keys.forEach((key, index) => {
    if (!rightKeys.has(key)) visitor.removed(spotBelow(spot, key), formOf(before.values[index]));
  });
  const added: string[] = [];
  after.keys.forEach((key, index) => {
    const left = leftIndex.get(key);
    if (left !== undefined) walkMember(before.values[left], after.values[index], visitor, () => spotBelow(spot, key));
    else {
      visitor.added(spotBelow(spot, key), formOf(after.values[index]));
      added.push(key);
    }
  });
  const orderLeft = [...before.keys.filter((key) => rightKeys.has(key)), ...added];
  if (orderLeft.some((key, index) => key !== after.keys[index]))
    visitor.reordered(spot, { before: before.keys, after: after.keys });
}

function tellResize(
  spot: Spot,
  values: { readonly before: JsonObject | readonly unknown[]; readonly after: JsonObject | readonly unknown[] },
  visitor: DifferenceVisitor,
): void {
  if (isEmpty(values.before) !== isEmpty(values.after)) visitor.resized(spot, values);
}

/** Whether two values say the same; the order of members means nothing. */
function isEqual(before: unknown, after: unknown): boolean {
  return before === after || canonicalJson(plainCopy(before)) === canonicalJson(plainCopy(after));
}

/** Whether a container holds nothing that JSON would write. */
export function isEmpty(container: JsonObject | readonly unknown[]): boolean {
  if (isJsonArray(container)) return container.length === 0;
  for (const key of Object.keys(container)) if (formOf(container[key]) !== undefined) return false;
  return true;
}
