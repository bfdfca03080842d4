/**
 * Listing the streams of a store, page by page.
 */

import type { Limits } from '../core/limits.ts';
import { assertName } from '../core/text.ts';
import type { StreamInfo } from '../engine/contract.ts';
import { assertObject, assertOptionalBoolean, assertWhole } from './argument-checks.ts';
import type { StoreContext } from './settings.ts';

/** Which streams are listed. */
export interface ListStreamsOptions {
  readonly category?: string;
  /** Only streams whose id begins so. */
  readonly prefix?: string;
  readonly includeReserved?: boolean;
  /** Begin after this id. */
  readonly after?: string;
  /** Default: no limit. */
  readonly limit?: number;
}

/** Streams read at once. */
const pageSize = 500;

/** The streams, in the order of their ids' UTF-8 bytes. Options are checked at once, streams are read while they are walked. */
export function listStreams(context: StoreContext, options: ListStreamsOptions): AsyncGenerator<StreamInfo> {
  assertListOptions(options, context.limits);
  return pagedStreams(context, options);
}

async function* pagedStreams({ engine }: StoreContext, options: ListStreamsOptions): AsyncGenerator<StreamInfo> {
  const { limit = Number.MAX_SAFE_INTEGER, includeReserved = false, ...rest } = options;
  let left = limit;
  let after = options.after;
  while (left > 0) {
    const size = Math.min(left, pageSize);
    const page = await engine.listStreams({
      ...rest,
      includeReserved,
      limit: size,
      ...(after !== undefined && { after }),
    });
    yield* page;
    left -= page.length;
    after = page.at(-1)?.streamId;
    if (page.length < size) return;
  }
}

function assertListOptions(options: ListStreamsOptions, { streamIdBytesMax }: Limits): void {
  assertObject('options', options);
  const { category, prefix, after, limit, includeReserved } = options;
  if (category !== undefined) assertName('A category', category, streamIdBytesMax);
  // An empty text is before and in front of everything; there is nothing wrong with asking so.
  for (const [what, text] of Object.entries({ prefix, after }))
    if (text !== undefined && text !== '') assertName(what, text, streamIdBytesMax);
  if (limit !== undefined) assertWhole('limit', limit, { min: 0, max: Number.MAX_SAFE_INTEGER });
  assertOptionalBoolean('includeReserved', includeReserved);
}
