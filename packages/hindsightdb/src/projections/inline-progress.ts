/**
 * How far an inline view is complete: a position for each partition, in an entry that the engine moves with each append that
 * carries the view.
 */

import { HindsightError } from '../core/errors.ts';
import type { Engine } from '../store/engine-types.ts';
import { buildPrefix, type BuildId } from './view-tables.ts';

/** How far a view is, and the revision of the entry that says so. */
export interface InlineProgress {
  readonly positions: readonly number[];
  readonly revision: number;
}

/** The key of a build's progress. */
export function progressKey(id: BuildId): string {
  return `${buildPrefix(id)}progress`;
}

/** Reads the progress of a build; undefined where it has none. */
export async function readProgress(home: Engine, id: BuildId): Promise<InlineProgress | undefined> {
  const key = progressKey(id);
  const entry = await home.keyedGet(key);
  if (entry === undefined) return undefined;
  const positions: unknown = JSON.parse(entry.value);
  if (!Array.isArray(positions) || !positions.every((position) => Number.isSafeInteger(position)))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not the progress of a view.`);
  return { positions: positions.map(Number), revision: entry.revision };
}
