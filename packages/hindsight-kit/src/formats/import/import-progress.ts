/**
 * How far an import has come: one entry of the store's keyed store for each source, written in the same append as the events
 * that it counts. So it is always exactly as far as the events are, whenever a process ends.
 */

import type { Store } from 'hindsightdb';
import type { PrefixMark } from '../source/read-prefix.ts';
import type { InputKind, JsonValue } from './input-format.ts';

/** The progress of the import of one source. */
export interface ImportProgress {
  /** Of this record. A newer one is not understood by older code. */
  readonly format: 1;
  readonly source: string;
  readonly kind: InputKind;
  readonly layout: JsonValue;
  readonly mapping: JsonValue;
  /** Rows dealt with: imported, skipped, or meaning no event. */
  readonly rows: number;
  readonly events: number;
  readonly skipped: number;
  /** What of the text lies behind these rows. */
  readonly read: PrefixMark;
  /** The text ended here, with these rows. It may have grown since. */
  readonly isComplete: boolean;
  /** The last row had no line end behind it, so that something else may have been added to it since. */
  readonly isEndOpen: boolean;
  /** What the text says of itself as a whole, in formats that do; known when its end was reached. */
  readonly about?: JsonValue;
}

/** A progress with the revision of its entry; revision 0 where there is none. */
export interface KnownProgress {
  readonly progress: ImportProgress | undefined;
  readonly revision: number;
}

/** The entry of a source in the keyed store. */
export function progressKey(source: string): string {
  return `import/${source}`;
}

/** Reads how far the import of a source has come. */
export async function readProgress(store: Store, source: string): Promise<KnownProgress> {
  const entry = await store.context.engine.keyedGet(progressKey(source));
  if (entry === undefined) return { progress: undefined, revision: 0 };
  // Only this file writes entries under these keys.
  const progress = JSON.parse(entry.value) as ImportProgress;
  if (progress.format !== 1)
    throw new TypeError(`The import of ${JSON.stringify(source)} was begun by a newer release; go on with that.`);
  return { progress, revision: entry.revision };
}

/** Writes a progress without events, unless somebody else has written meanwhile. Whether it was written. */
export async function writeProgress(
  store: Store,
  progress: ImportProgress,
  options: { readonly expectedRevision: number },
): Promise<boolean> {
  const conflicts = await store.context.engine.keyedWrite([
    { key: progressKey(progress.source), value: JSON.stringify(progress), ...options },
  ]);
  return conflicts.length === 0;
}

/** The imports of a store, in the order of their names. */
export async function* listImports(store: Store): AsyncGenerator<ImportProgress> {
  const prefix = progressKey('');
  let after: string | undefined;
  for (;;) {
    const page = await store.context.engine.keyedScan({ prefix, limit: 100, ...(after !== undefined && { after }) });
    for (const { value } of page) yield JSON.parse(value);
    after = page.at(-1)?.key;
    if (page.length < 100) return;
  }
}
