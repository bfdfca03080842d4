/**
 * Checks of what users pass, made once at the public edge. Each throws a `TypeError` with `INVALID_ARGUMENT` that names the
 * argument and what arrived.
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import type { LongWork } from '../engine/contract.ts';

/** Throws unless the value is an object that can hold options or data by name. */
export function assertObject(what: string, value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw argumentError('INVALID_ARGUMENT', `${what} must be an object, not ${describe(value)}.`);
}

/** Throws unless the value is a function, or absent where it may be. */
export function assertFunction(
  what: string,
  value: unknown,
  { isOptional }: { readonly isOptional: boolean } = { isOptional: false },
): void {
  if (typeof value === 'function' || (isOptional && value === undefined)) return;
  throw argumentError('INVALID_ARGUMENT', `${what} must be a function, not ${describe(value)}.`);
}

/** Throws unless the value is true, false or absent. */
export function assertOptionalBoolean(what: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw argumentError('INVALID_ARGUMENT', `${what} must be true or false, not ${describe(value)}.`);
}

/** Throws unless the value is an `AbortSignal` or absent. */
export function assertOptionalSignal(value: unknown): void {
  if (value === undefined) return;
  // Any object that behaves like one will do: other realms and test kits have classes of their own.
  if (typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value) return;
  throw argumentError('INVALID_ARGUMENT', `signal must be an AbortSignal, not ${describe(value)}.`);
}

/** Throws unless the value is a whole number within the bounds. */
export function assertWhole(
  what: string,
  value: unknown,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `${what} must be a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}, not ${describe(value)}.`,
  );
}

const keyedNameLengthMax = 200;

/** Throws unless the value can be a name within the keys of the keyed store: letters, digits and `._@-`. */
export function assertKeyedName(what: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value.length <= keyedNameLengthMax && /^[A-Za-z0-9][A-Za-z0-9._@-]*$/.test(value))
    return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `${what} must be of letters, digits and . _ @ -, at most ${keyedNameLengthMax}, not ${describe(value)}.`,
  );
}

/** Throws unless the value is a text that is not empty: the place of a file. */
export function assertPlace(what: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '') return;
  throw argumentError('INVALID_ARGUMENT', `${what} must be a path, not ${describe(value)}.`);
}

/** Checks how long work is to be followed and ended. */
export function assertWork(work: LongWork): void {
  assertObject('options', work);
  assertFunction('onProgress', work.onProgress, { isOptional: true });
  assertOptionalSignal(work.signal);
}
