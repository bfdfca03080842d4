/**
 * Turns of appends at the documents that they read and write: an update is computed from a document only when the appends
 * before it that write the same one were answered. So appends of one process never spoil one another's updates.
 */

import type { KeyedEntry } from '../store/engine-types.ts';
import type { DocumentSource } from './document-batch.ts';

/** The documents of one append, from when they were read until the append is answered. */
export interface DocumentTurn extends DocumentSource {
  /** Others that read this key wait from now on. */
  take(key: string): void;
  /** The append was answered, or is not sent. */
  end(): void;
}

/** Who has which document. Turns begin one after the other, so nobody can wait in a circle. */
export class DocumentTurns {
  /** The turn that took a key last. */
  readonly #last = new Map<string, Promise<void>>();

  /** Begins the turn of an append. */
  begin(source: DocumentSource): DocumentTurn {
    const last = this.#last;
    const taken = new Set<string>();
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const take = (key: string): void => {
      taken.add(key);
      last.set(key, ended);
    };
    return {
      keyedGet: async (key): Promise<KeyedEntry | undefined> => {
        const before = last.get(key);
        if (before !== ended) await before;
        take(key);
        return await source.keyedGet(key);
      },
      take,
      end: () => {
        for (const key of taken) if (last.get(key) === ended) last.delete(key);
        end();
      },
    };
  }
}
