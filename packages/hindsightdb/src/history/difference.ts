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
    walkKeyed(spot, { values: before, keys: leftKeys }, { values: after, keys: rightKeys }, visitor);
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

function walkKeyed(spot: Spot, before: Keyed, after: Keyed, visitor: DifferenceVisitor): void {
  const { start, end } = sharedEnds(before.keys, after.keys);
  const left = before.keys.slice(start, before.keys.length - end);
  const right = after.keys.slice(start, after.keys.length - end);
  const walkPair = (place: number, index: number): void => {
    const [was, is] = [before.values[place], after.values[index]];
    if (was !== is) walkMember(was, is, visitor, () => spotBelow(spot, after.keys[index] ?? ''));
  };
  const places = new Map(left.map((key, index) => [key, start + index]));
  const rightKeys = new Set(right);
  for (const [key, place] of places)
    if (!rightKeys.has(key)) visitor.removed(spotBelow(spot, key), formOf(before.values[place]));
  for (let index = 0; index < start; index += 1) walkPair(index, index);
  const added: string[] = [];
  right.forEach((key, index) => {
    const place = places.get(key);
    if (place !== undefined) walkPair(place, start + index);
    else {
      visitor.added(spotBelow(spot, key), formOf(after.values[start + index]));
      added.push(key);
    }
  });
  for (let index = after.keys.length - end; index < after.keys.length; index += 1)
    walkPair(index + before.keys.length - after.keys.length, index);
  // Added elements come behind all others: where some remain at the end, they stand in another place.
  const orderLeft = [...left.filter((key) => rightKeys.has(key)), ...added];
  if ((added.length > 0 && end > 0) || orderLeft.some((key, index) => key !== right[index]))
    visitor.reordered(spot, { before: before.keys, after: after.keys });
}

/** How many keys two lists share at their beginning, and how many of the others at their end. Mostly that is all but a few. */
function sharedEnds(
  before: readonly string[],
  after: readonly string[],
): { readonly start: number; readonly end: number } {
  const shorter = Math.min(before.length, after.length);
  if (before === after) return { start: shorter, end: 0 };
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return { start, end };
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
