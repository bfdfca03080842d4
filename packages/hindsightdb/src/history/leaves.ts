/**
 * Leaves: the smallest parts of a state. A leaf is a value that is no container, or a container with nothing in it.
 */

import type { KeyTree } from './element-keys.ts';
import { keysOfElements } from './element-keys.ts';
import { isEmpty, rootSpot, spotBelow, walkDifference, type DifferenceVisitor, type Spot } from './difference.ts';
import { assertDepth, elementForm, formOf, isJsonArray, isJsonObject, membersOf } from './json-form.ts';

/** Is called with the JSON Pointer of a leaf and its value. */
export type LeafVisitor = (path: string, value: unknown) => void;

/** Visits the leaves of a state in its order. A state that is undefined has none. */
export function visitLeaves(state: unknown, keys: KeyTree | undefined, visit: LeafVisitor): void {
  const form = formOf(state);
  if (form !== undefined) visitBelow(rootSpot(keys), form, visit);
}

function visitBelow(spot: Spot, form: unknown, visit: LeafVisitor): void {
  assertDepth(spot.depth);
  if ((!isJsonArray(form) && !isJsonObject(form)) || isEmpty(form)) visit(spot.path, form);
  else if (isJsonArray(form)) {
    const elementKeys = keysOfElements(spot.keys, form);
    form.forEach((element, index) =>
      visitBelow(spotBelow(spot, elementKeys?.[index] ?? String(index)), elementForm(element), visit),
    );
  } else for (const key of membersOf(form)) visitBelow(spotBelow(spot, key), formOf(form[key]), visit);
}

/** What became of leaves from one state to the next. */
export interface LeafChanges {
  /** Leaves that are new or have another value. */
  readonly set: ReadonlyMap<string, unknown>;
  /** Leaves that are gone, with the value that they had. A container that is no longer empty is not among them. */
  readonly removed: ReadonlyMap<string, unknown>;
  /** Empty containers that got contents. */
  readonly filled: ReadonlySet<string>;
}

/** Finds what became of the leaves. */
export function leafChanges(
  states: { readonly before: unknown; readonly after: unknown },
  keys: KeyTree | undefined,
): LeafChanges {
  const set = new Map<string, unknown>();
  const removed = new Map<string, unknown>();
  const filled = new Set<string>();
  const gone = (spot: Spot, before: unknown): void =>
    visitBelow(spot, before, (path, value) => removed.set(path, value));
  const come = (spot: Spot, after: unknown): void => visitBelow(spot, after, (path, value) => set.set(path, value));
  const visitor: DifferenceVisitor = {
    added: come,
    removed: gone,
    replaced: (spot, { before, after }) => {
      const [left, right] = [leavesOf(spot, before), leavesOf(spot, after)];
      for (const [path, value] of left) {
        if (right.has(path) && isSameLeaf(value, right.get(path))) right.delete(path);
        else if (isFilled(spot, path, { before: value, after })) filled.add(path);
        else removed.set(path, value);
      }
      for (const [path, value] of right) set.set(path, value);
    },
    reordered: () => undefined,
    resized: (spot, { before, after }) => {
      if (isContainer(before) && isEmpty(before)) filled.add(spot.path);
      else set.set(spot.path, after);
    },
  };
  walkDifference(states, keys, visitor);
  for (const path of set.keys()) removed.delete(path);
  return { set, removed, filled };
}

function leavesOf(spot: Spot, form: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  visitBelow(spot, form, (path, value) => leaves.set(path, value));
  return leaves;
}

/** Leaves are no containers, or empty ones. */
function isSameLeaf(left: unknown, right: unknown): boolean {
  return left === right || (isContainer(left) && isContainer(right) && isJsonArray(left) === isJsonArray(right));
}

/** Whether an empty container at the spot is one of the same kind with contents now. */
function isFilled(spot: Spot, path: string, values: { readonly before: unknown; readonly after: unknown }): boolean {
  const { before, after } = values;
  return path === spot.path && isContainer(before) && isContainer(after) && isJsonArray(before) === isJsonArray(after);
}

function isContainer(value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
