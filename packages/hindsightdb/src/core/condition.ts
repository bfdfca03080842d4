/**
 * Conditions: what must hold for an append.
 */

import { argumentError } from './errors.ts';
import { describe } from './text.ts';

/**
 * What a stream must be like: at this version exactly; `'none'`, which is version 0; `'exists'`, any version but 0 and not
 * ended by a tombstone; or `'any'`.
 */
export type ExpectedVersion = number | 'any' | 'exists' | 'none';

/** What is known of a stream when a condition is checked. */
export interface StreamFacts {
  readonly version: number;
  readonly isTombstoned: boolean;
}

/** Checks what a user passes as expected version. Throws a `TypeError` with `INVALID_ARGUMENT`. */
export function assertExpectedVersion(value: unknown): asserts value is ExpectedVersion {
  const isVersion = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (isVersion || value === 'any' || value === 'exists' || value === 'none') return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `expectedVersion must be a whole number from 0, 'any', 'exists' or 'none', not ${describe(value)}.`,
  );
}

/**
 * Whether a stream is as expected. A tombstoned stream keeps its version and no longer exists; that it also takes no more
 * events is checked apart, since a check-only stream writes none.
 */
export function holdsVersion(expected: ExpectedVersion, stream: StreamFacts): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'exists':
      return stream.version > 0 && !stream.isTombstoned;
    case 'none':
      return stream.version === 0;
    default:
      return stream.version === expected;
  }
}
