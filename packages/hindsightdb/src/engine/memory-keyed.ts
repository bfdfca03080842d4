/**
 * The keyed store of the memory engine.
 */

import { compareUtf8 } from '../core/text.ts';
import type { KeyedEntry, KeyedScanRequest, KeyedWrite } from './contract.ts';

/** Entries by key. */
export class MemoryKeyed {
  readonly #entries = new Map<string, KeyedEntry>();
  #lastRevision = 0;

  /** The entry under a key. */
  get(key: string): KeyedEntry | undefined {
    return this.#entries.get(key);
  }

  /** Entries by prefix, in order. */
  scan({ prefix, after, direction = 'forward', limit }: KeyedScanRequest): readonly KeyedEntry[] {
    const sign = direction === 'forward' ? 1 : -1;
    const wanted = [...this.#entries.values()].filter(
      ({ key }) => key.startsWith(prefix) && (after === undefined || sign * compareUtf8(key, after) > 0),
    );
    return wanted.toSorted((left, right) => sign * compareUtf8(left.key, right.key)).slice(0, limit);
  }

  /** Writes, whatever is there: what stands against a write was judged before. */
  write({ key, value }: Pick<KeyedWrite, 'key' | 'value'>): void {
    if (value === null) this.#entries.delete(key);
    else this.#entries.set(key, { key, value, revision: (this.#lastRevision += 1) });
  }
}
