/**
 * Documents in memory, under the keys that they would have in a store, so that they are read and written by the same code.
 */

import { compareUtf8 } from '../core/text.ts';
import type { KeyedEntry, KeyedScanRequest, KeyedWrite } from '../store/engine-types.ts';
import type { ScannedSource } from './document-reader.ts';

/** Keyed entries in memory. */
export class LiveSource implements ScannedSource {
  readonly #entries = new Map<string, KeyedEntry>();
  /** The keys in their order; undefined when one came or went since. */
  #keys: readonly string[] | undefined;
  #lastRevision = 0;

  /** Writes entries; nothing is judged. */
  write(writes: readonly KeyedWrite[]): void {
    for (const { key, value } of writes) {
      if (value === null ? this.#entries.delete(key) : !this.#entries.has(key)) this.#keys = undefined;
      if (value !== null) this.#entries.set(key, { key, value, revision: (this.#lastRevision += 1) });
    }
  }

  async keyedGet(key: string): Promise<KeyedEntry | undefined> {
    return this.#entries.get(key);
  }

  async keyedScan({ prefix, after, direction = 'forward', limit }: KeyedScanRequest): Promise<readonly KeyedEntry[]> {
    this.#keys ??= [...this.#entries.keys()].toSorted(compareUtf8);
    const keys = this.#keys;
    const step = direction === 'forward' ? 1 : -1;
    // Forward from the first key that is not before the start; backward from the last that is not behind the end.
    let index =
      direction === 'forward'
        ? firstIndex(keys, (key) => compareUtf8(key, after ?? prefix) >= 0)
        : firstIndex(keys, (key) =>
            after === undefined
              ? compareUtf8(key, prefix) > 0 && !key.startsWith(prefix)
              : compareUtf8(key, after) >= 0,
          ) - 1;
    if (keys[index] === after) index += step;
    const found: KeyedEntry[] = [];
    for (; found.length < limit; index += step) {
      const key = keys[index];
      if (key === undefined || !key.startsWith(prefix)) break;
      const entry = this.#entries.get(key);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }
}

/** The first index from which on the condition holds. */
function firstIndex(keys: readonly string[], holds: (key: string) => boolean): number {
  let [from, to] = [0, keys.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const key = keys[middle];
    if (key !== undefined && holds(key)) to = middle;
    else from = middle + 1;
  }
  return from;
}
