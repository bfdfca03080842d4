/** Calls that the compiler would refuse: what plain JavaScript, or data from outside, can make of a method. */

import assert from 'node:assert/strict';
import { errorCodes, type ErrorCode } from '../src/core/errors.ts';

/** Calls a function with arguments of any type. */
export function callLoosely(callee: (...values: never[]) => unknown, ...values: readonly unknown[]): unknown {
  return Reflect.apply(callee, undefined, values);
}

/** Calls a method with arguments of any type; the answer is a promise, whichever way the method fails. */
export async function callMethod(target: object, name: string, ...values: readonly unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(target, name);
  assert.ok(typeof method === 'function', `${name} is a method`);
  const answer: unknown = Reflect.apply(method, target, values);
  return answer;
}

/** Asserts that this is how a wrong argument is refused: a `TypeError` or `RangeError` with a code and a message that names it. */
export function assertArgumentError(error: unknown, named: RegExp, code?: ErrorCode): true {
  assert.ok(
    error instanceof TypeError || error instanceof RangeError,
    `a TypeError or RangeError, not ${String(error)}`,
  );
  const given: unknown = Reflect.get(error, 'code');
  assert.ok(typeof given === 'string' && given in errorCodes, `has a code, unlike: ${error.stack}`);
  if (code !== undefined) assert.equal(given, code);
  assert.match(error.message, named);
  return true;
}

/** Asserts that a call is refused as a wrong argument; the failure says which call it was. */
export async function assertRefused(
  call: () => unknown,
  { what, named, code }: { readonly what: string; readonly named: RegExp; readonly code?: ErrorCode | undefined },
): Promise<void> {
  let answer: unknown;
  try {
    answer = await call();
  } catch (error) {
    try {
      assertArgumentError(error, named, code);
      return;
    } catch (cause) {
      throw new Error(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  assert.fail(`${what} was not refused; it answered ${String(answer)}`);
}
