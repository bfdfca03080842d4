/**
 * What can be said of a read, and its checks.
 */

import { argumentError, rangeError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { normalizeQuery, type Query } from '../core/query.ts';
import { describe } from '../core/text.ts';
import type { Direction, PageBounds } from '../engine/contract.ts';
import { assertObject, assertOptionalBoolean, assertOptionalSignal, assertWhole } from './argument-checks.ts';
import type { Place } from './places.ts';

/** What every read takes. */
export interface ReadOptions {
  /** Default `'forward'`. The range is the same in both directions; `'backward'` begins at its end. */
  readonly direction?: Direction;
  /** How many events at most. Default: no limit. */
  readonly limit?: number;
  /** How many events are read at once, 1 to 10,000. Default 200. A page is also ended by 4 MiB of records. */
  readonly pageSize?: number;
  /** Ends the read between two pages, throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Which part of a stream is read. Both ends are inclusive. */
export interface StreamReadOptions extends ReadOptions {
  readonly fromVersion?: number;
  readonly toVersion?: number;
}

/** Which part of the log is read. A read ends where the log ended when it began. */
export interface LogReadOptions extends ReadOptions {
  /** Only events after this place. */
  readonly after?: Place;
  /** Only events up to this place, inclusive. */
  readonly until?: Place;
  /** Only events recorded at or after this time. */
  readonly fromTime?: string | Date;
  /** Only events recorded at or before this time. */
  readonly untilTime?: string | Date;
  /** Also the store's own events, whose streams and types begin with `$`. Default false. */
  readonly includeReserved?: boolean;
}

/** A page lives while it is walked: larger ones are hardly faster, and make V8 set more memory aside for the young. */
const pageSizeDefault = 200;
const pageSizeMax = 10_000;
const pageBytesMax = 4 * 1024 * 1024;

/** Direction and bounds with defaults, checked. */
export function readBounds(options: ReadOptions): {
  readonly direction: Direction;
  readonly limit: number;
  readonly page: PageBounds;
} {
  assertObject('options', options);
  assertOptionalSignal(options.signal);
  const { direction = 'forward', limit = Number.MAX_SAFE_INTEGER, pageSize = pageSizeDefault } = options;
  if (direction !== 'forward' && direction !== 'backward')
    throw argumentError('INVALID_ARGUMENT', `direction must be 'forward' or 'backward', not ${describe(direction)}.`);
  assertWhole('limit', limit, { min: 0, max: Number.MAX_SAFE_INTEGER });
  assertWhole('pageSize', pageSize, { min: 1, max: pageSizeMax });
  return { direction, limit, page: { limit: pageSize, bytesMax: pageBytesMax } };
}

/** The same for a read of the log. */
export function logReadBounds(options: LogReadOptions): ReturnType<typeof readBounds> {
  const bounds = readBounds(options);
  assertOptionalBoolean('includeReserved', options.includeReserved);
  return bounds;
}

/** A query as a user passes it, checked and measured. Throws `INVALID_QUERY` and `LIMIT_EXCEEDED`. */
export function checkedQuery({ queryItemsMax }: Limits, query: unknown): Query {
  const checked = normalizeQuery(query);
  if (checked.length > queryItemsMax)
    throw rangeError('LIMIT_EXCEEDED', `A query takes ${queryItemsMax} items at most, not ${checked.length}.`);
  return checked;
}
