/**
 * States as JSON has them. History compares what a state says, and a state may hold what JSON writes in another way: dates
 * and everything else with a `toJSON`, and maps, sets and bigints, which are read as objects, arrays and decimal texts.
 */

import { argumentError } from '../core/errors.ts';

/** An object of JSON, or an object whose own enumerable members are read as one. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** How deep a state may be nested: deeper ones, and cyclic ones, are refused. */
export const depthMax = 500;

/** Maps and sets in the form in which they are read, so that one that did not change is known by identity. */
const forms = new WeakMap<object, unknown>();

/**
 * A value in the form in which it is compared: null, a boolean, a number, a text, an array or an object; undefined for what
 * JSON leaves out. Members are not converted; ask for each when it is read.
 */
export function formOf(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      // JSON has no negative zero.
      return Number.isFinite(value) ? (value === 0 ? 0 : value) : null;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null || Array.isArray(value) ? value : formOfObject(value);
    default:
      return undefined;
  }
}

function formOfObject(value: object): unknown {
  if (value instanceof Map || value instanceof Set) {
    const known = forms.get(value);
    if (known !== undefined) return known;
    // fromEntries defines members and never assigns, so that a key __proto__ is one like any other.
    const form: unknown =
      value instanceof Set ? [...value] : Object.fromEntries([...value].map(([key, member]) => [String(key), member]));
    forms.set(value, form);
    return form;
  }
  const toJson: unknown = 'toJSON' in value ? value.toJSON : undefined;
  return typeof toJson === 'function' ? formOf(Reflect.apply(toJson, value, [''])) : value;
}

/** Whether a form is an object, and no array. */
export function isJsonObject(form: unknown): form is JsonObject {
  return typeof form === 'object' && form !== null && !Array.isArray(form);
}

/** Whether a form is an array. */
export function isJsonArray(form: unknown): form is readonly unknown[] {
  return Array.isArray(form);
}

/** The members of an object that JSON would write. */
export function membersOf(object: JsonObject): string[] {
  return Object.keys(object).filter((key) => formOf(object[key]) !== undefined);
}

/** The form of an element: in arrays JSON writes null for what it leaves out elsewhere. */
export function elementForm(element: unknown): unknown {
  return formOf(element) ?? null;
}

/** Throws `NOT_JSON` for a state that is nested too deeply to be compared. */
export function assertDepth(depth: number): void {
  if (depth <= depthMax) return;
  throw argumentError('NOT_JSON', `The state is cyclic, or nested more than ${depthMax} levels deep.`);
}

/** A copy of a value in its JSON form through and through, shared with nothing. */
export function plainCopy(value: unknown, depth = 0): unknown {
  assertDepth(depth);
  const form = formOf(value);
  if (isJsonArray(form)) return form.map((element) => plainCopy(elementForm(element), depth + 1));
  if (!isJsonObject(form)) return form;
  return Object.fromEntries(membersOf(form).map((key) => [key, plainCopy(form[key], depth + 1)]));
}
