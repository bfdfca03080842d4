/**
 * JSON objects, which most that is given as JSON has to be.
 */

import { BadRowError } from '../source/bad-input.ts';

/** Whether a value has members by name: an object, and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object that a text is. Throws `BadRowError`, which calls the text `what`. */
export function objectOf(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadRowError(`${what} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (isObject(value)) return value;
  throw new BadRowError(`${what} is no JSON object.`);
}
