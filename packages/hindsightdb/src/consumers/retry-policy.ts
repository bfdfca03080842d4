/**
 * Retry policies: how often and after which pauses something that failed is tried again. Pauses grow by a factor and are
 * uneven, so that many that failed together do not come back together.
 */

import { rangeError } from '../core/errors.ts';
import { describe } from '../core/text.ts';

/** How often something is tried, and how long the pauses are. */
export interface RetryPolicy {
  /** All tries, the first included. Default 5. */
  readonly attemptsMax?: number;
  /** The pause after the first failure, in milliseconds. Default 100. */
  readonly firstDelayMs?: number;
  /** By how much each pause is longer than the one before. Default 2. */
  readonly factor?: number;
  /** The longest pause, in milliseconds. Default 30,000. */
  readonly delayMsMax?: number;
  /** Which part of a pause is left to chance, from 0 to 1. Default 0.5: a pause of 100 ms takes 50 to 100 ms. */
  readonly jitter?: number;
}

/** A retry policy with nothing left open. */
export type CheckedRetryPolicy = Required<RetryPolicy>;

const bounds: Readonly<Record<keyof RetryPolicy, readonly [least: number, most: number, byDefault: number]>> = {
  attemptsMax: [1, 1000, 5],
  firstDelayMs: [0, 3_600_000, 100],
  factor: [1, 10, 2],
  delayMsMax: [0, 86_400_000, 30_000],
  jitter: [0, 1, 0.5],
};

/** Fills in the defaults. Throws a `RangeError` with `INVALID_ARGUMENT` where a member is out of its range. */
export function checkedRetryPolicy(policy: RetryPolicy = {}): CheckedRetryPolicy {
  const member = (name: keyof RetryPolicy): number => {
    const [least, most, byDefault] = bounds[name];
    const value: unknown = policy[name] ?? byDefault;
    if (typeof value === 'number' && value >= least && value <= most) return value;
    throw rangeError(
      'INVALID_ARGUMENT',
      `retry.${name} must be a number from ${least} to ${most}, not ${describe(value)}.`,
    );
  };
  return {
    attemptsMax: Math.floor(member('attemptsMax')),
    firstDelayMs: member('firstDelayMs'),
    factor: member('factor'),
    delayMsMax: member('delayMsMax'),
    jitter: member('jitter'),
  };
}

/** The pause after so many failures in a row, in milliseconds. `random` is from 0 up to, but not including, 1. */
export function pauseAfter(policy: CheckedRetryPolicy, failures: number, random: number): number {
  const { firstDelayMs, factor, delayMsMax, jitter } = policy;
  const whole = Math.min(delayMsMax, firstDelayMs * factor ** (failures - 1));
  return whole * (1 - jitter * random);
}
