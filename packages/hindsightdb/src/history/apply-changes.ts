/**
 * Changes applied to a state: the way from a difference back to the state that it led to.
 */

import { argumentError } from '../core/errors.ts';
import { segmentsOf } from '../core/json-pointer.ts';
import type { Change, CompareOptions } from './changes.ts';
import { below, keysOfElements, keyTreeOf, type KeyTree } from './element-keys.ts';
import { elementForm, formOf, isJsonArray, isJsonObject, plainCopy } from './json-form.ts';

/**
 * The state that changes lead to. The state given is not touched; the answer is in its JSON form. Give the element keys
 * that the changes were found with. Throws a `TypeError` where a change does not fit the state.
 */
export function applyChanges(state: unknown, changes: readonly Change[], options: CompareOptions = {}): unknown {
  const keys = keyTreeOf(options.elementKeys);
  return changes.reduce((next, change) => withChange(next, change, keys), plainCopy(state));
}

/** The state with one change; what lies beside its place is shared with the state given, which must be plain JSON. */
export function withChange(state: unknown, change: Change, keys: KeyTree | undefined): unknown {
  return applied({ value: state, segments: segmentsOf('The path of a change', change.path), keys }, change);
}

/** What stands at a place of a state; undefined where there is nothing. */
export function valueAt(state: unknown, path: string, keys: KeyTree | undefined): unknown {
  let value = formOf(state);
  let tree = keys;
  for (const segment of segmentsOf('path', path)) {
    if (isJsonArray(value)) value = elementForm(value[indexOf(value, segment, tree)]);
    else if (isJsonObject(value)) value = Object.hasOwn(value, segment) ? formOf(value[segment]) : undefined;
    else return undefined;
    tree = below(tree, segment);
  }
  return value;
}

/** A value, and the way that is left from it to the place of a change. */
interface Way {
  readonly value: unknown;
  readonly segments: readonly string[];
  readonly keys: KeyTree | undefined;
}

/** The value after the change; undefined where nothing remains. Built anew along the way, so that nothing shared is touched. */
function applied({ value, segments, keys }: Way, change: Change): unknown {
  const [segment, ...rest] = segments;
  if (segment === undefined) return changed(value, keys, change);
  const next = (member: unknown): unknown =>
    applied({ value: member, segments: rest, keys: below(keys, segment) }, change);
  if (isJsonArray(value)) return arrayWith(value, indexOf(value, segment, keys), next, change);
  if (!isJsonObject(value)) throw misfit(change);
  const member = next(Object.hasOwn(value, segment) ? value[segment] : undefined);
  const others = Object.entries(value).filter(([key]) => key !== segment);
  if (member === undefined) return Object.fromEntries(others);
  return Object.hasOwn(value, segment)
    ? Object.fromEntries(Object.entries(value).map(([key, own]) => [key, key === segment ? member : own]))
    : Object.fromEntries([...others, [segment, member]]);
}

function arrayWith(
  array: readonly unknown[],
  index: number,
  next: (element: unknown) => unknown,
  change: Change,
): readonly unknown[] {
  if (index > array.length) throw misfit(change);
  const element = next(array[index]);
  if (index === array.length) return [...array, element];
  return element === undefined ? array.toSpliced(index, 1) : array.with(index, element);
}

/** The index of an element by its key or its number; the array's length for one that it does not have. */
function indexOf(array: readonly unknown[], segment: string, keys: KeyTree | undefined): number {
  const elementKeys = keysOfElements(keys, array);
  const isIndex = elementKeys === undefined && /^(?:0|[1-9]\d{0,14})$/.test(segment);
  const index = isIndex ? Number(segment) : (elementKeys?.indexOf(segment) ?? Number.POSITIVE_INFINITY);
  return index === -1 ? array.length : index;
}

function changed(value: unknown, keys: KeyTree | undefined, change: Change): unknown {
  if ((value === undefined) !== (change.kind === 'added')) throw misfit(change);
  if (change.kind === 'removed') return undefined;
  if (change.kind !== 'reordered') return plainCopy(change.after);
  if (!isJsonArray(value)) throw misfit(change);
  const elements = new Map(keysOfElements(keys, value)?.map((key, index) => [key, value[index]]));
  if (elements.size !== change.after.length || !change.after.every((key) => elements.has(key))) throw misfit(change);
  return change.after.map((key) => elements.get(key));
}

function misfit(change: Change): TypeError {
  return argumentError(
    'INVALID_ARGUMENT',
    `The change does not fit the state: ${change.kind} at ${JSON.stringify(change.path)}.`,
  );
}
