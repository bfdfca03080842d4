/**
 * Walking over the entities of a category.
 */

import { argumentError, HindsightError } from '../core/errors.ts';
import { assertFold } from '../core/decider.ts';
import { assertName, describe } from '../core/text.ts';
import { assertFunction, assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { assertOfCategory } from '../store/load-state.ts';
import { listStreams } from '../store/list-streams.ts';
import type { StoreContext } from '../store/settings.ts';

/** How a category is looked through. */
export interface EntitiesOptions {
  /**
   * What becomes of an entity whose events truncation or a tombstone hides, so that its state cannot be known: `'refuse'`
   * throws `HISTORY_HIDDEN` (default), `'skip'` leaves it out.
   */
  readonly hidden?: 'refuse' | 'skip';
  /** Called now and then with the number of entities that were looked at. */
  readonly onProgress?: (entities: number) => void;
  readonly signal?: AbortSignal;
}

/** Entities between two calls of `onProgress`. */
const progressEvery = 256;

/** Checks what every look through a category takes, before anything is read. */
export function assertEntities(
  { limits }: StoreContext,
  fold: { readonly category?: string },
  category: string,
  options: EntitiesOptions,
): void {
  assertFold('fold', fold);
  assertName('A category', category, limits.streamIdBytesMax);
  assertOfCategory(fold.category, category);
  assertObject('options', options);
  const { hidden = 'refuse', onProgress, signal } = options;
  if (hidden !== 'refuse' && hidden !== 'skip')
    throw argumentError('INVALID_ARGUMENT', `hidden must be 'refuse' or 'skip', not ${describe(hidden)}.`);
  assertFunction('onProgress', onProgress, { isOptional: true });
  assertOptionalSignal(signal);
}

/** The ids of a category's streams, in the order of their UTF-8 bytes. */
export async function* streamIdsOf(context: StoreContext, category: string): AsyncGenerator<string> {
  for await (const { streamId } of listStreams(context, { category })) yield streamId;
}

/** Looks at entities one after another and gives what is found of each; nothing where that is undefined. */
export async function* lookAtEach<Found>(
  streamIds: AsyncIterable<string> | Iterable<string>,
  options: EntitiesOptions,
  look: (streamId: string) => Promise<Found | undefined>,
): AsyncGenerator<Found> {
  const { hidden = 'refuse', onProgress, signal } = options;
  let count = 0;
  for await (const streamId of streamIds) {
    signal?.throwIfAborted();
    const found = await unlessHidden(look(streamId), hidden);
    count += 1;
    if (count % progressEvery === 0) onProgress?.(count);
    if (found !== undefined) yield found;
  }
  onProgress?.(count);
}

async function unlessHidden<Found>(found: Promise<Found>, hidden: 'refuse' | 'skip'): Promise<Found | undefined> {
  try {
    return await found;
  } catch (error) {
    if (hidden === 'skip' && error instanceof HindsightError && error.code === 'HISTORY_HIDDEN') return undefined;
    throw error;
  }
}
