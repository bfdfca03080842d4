/**
 * The kit's own assertions, so that it runs under any test runner. Each throws a {@link ConformanceFailure} that says which
 * promise does not hold, what was found and what was expected.
 */

import { isHindsightError, type ErrorCode } from '../core/errors.ts';
import { firstDifference, show } from './difference.ts';

/** A promise of the contract that the engine under test does not keep. */
export class ConformanceFailure extends Error {
  constructor(message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.name = 'ConformanceFailure';
  }
}

/** Fails with a message. */
export function fail(message: string): never {
  throw new ConformanceFailure(message);
}

/** Fails unless the condition holds. The message says what is wrong, as a sentence. */
export function holds(condition: unknown, message: string): asserts condition {
  if (!condition) fail(message);
}

/** Fails unless the value is there. */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) fail(`${what} is missing.`);
  return value;
}

/** Fails unless both are deeply equal; a member that is undefined counts as absent. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const difference = firstDifference(actual, expected);
  if (difference !== undefined) fail(`${what}: ${difference}.`);
}

/** Fails unless the promise is rejected with an error of the library, of the given code where one is given. */
export async function refuses(what: string, attempt: () => Promise<unknown>, code?: ErrorCode): Promise<void> {
  const outcome = await outcomeOf(attempt);
  if (outcome.kind === 'fulfilled')
    fail(`${what} must be refused${code ? ` with ${code}` : ''}, and answered ${show(outcome.value)}.`);
  checkReason(what, outcome.reason, code);
}

/** Fails unless the reason of a refusal is an error of the library, of the given code where one is given. */
export function checkReason(what: string, reason: unknown, code?: ErrorCode): void {
  if (isHindsightError(reason, code)) return;
  const found = isHindsightError(reason) ? `${reason.code}: ` : '';
  throw new ConformanceFailure(
    `${what} must be refused with ${code ?? 'an error of the library'}, and was refused with ${found}${show(reason)}.`,
    { cause: reason },
  );
}

/** How an attempt ended. A throw before the promise counts as its rejection. */
export type Outcome<Value> =
  | { readonly kind: 'fulfilled'; readonly value: Value }
  | { readonly kind: 'rejected'; readonly reason: unknown };

/** Awaits an attempt without throwing. */
export async function outcomeOf<Value>(attempt: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { kind: 'fulfilled', value: await attempt() };
  } catch (reason) {
    return { kind: 'rejected', reason };
  }
}

/** Awaits a promise for a bounded time, so that something lost fails the case and does not hang it. */
export async function within<Value>(timeMs: number, what: string, promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConformanceFailure(`${what} did not happen within ${timeMs} ms.`)), timeMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
