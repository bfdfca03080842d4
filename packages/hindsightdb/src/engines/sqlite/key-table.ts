/**
 * Keys: small numbers that stand for texts in the index tables, given in the order in which the texts are first indexed.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { numberOf, prepareArrays } from './rows.ts';

/** Keys remembered per table; beyond it the memory starts anew. */
const keysMax = 200_000;

/** The keys of one table. */
export class KeyTable {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #keys = new Map<string, number>();

  constructor(database: DatabaseSync, sql: { readonly find: string; readonly add: string }) {
    this.#find = prepareArrays(database, sql.find);
    this.#add = prepareArrays(database, sql.add);
  }

  /** The key of a text, or of texts that belong together; given now where there is none. */
  keyOf(...texts: readonly string[]): number {
    // NUL occurs in no id, type or tag, so joined texts stay apart.
    const name = texts.length === 1 && texts[0] !== undefined ? texts[0] : texts.join('\0');
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    if (this.#keys.size >= keysMax) this.#keys.clear();
    const found = numberOf(this.#find.get(...texts), 0);
    const key = found === 0 ? numberOf(this.#add.get(...texts), 0) : found;
    this.#keys.set(name, key);
    return key;
  }

  /** Forgets the keys that were given in a transaction which did not come about. */
  forget(): void {
    this.#keys.clear();
  }
}
