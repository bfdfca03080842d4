/** Taking old entries out of the journal, a few with each batch: what was done is kept for looking at, for a while. */

import { letterKey } from '../consumers/consumer-keys.ts';
import type { SliceBatch } from '../consumers/consumer-spec.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { KeyedEntry, KeyedWrite } from '../store/engine-types.ts';
import type { AnyStore } from '../store/context-of.ts';
import { outlineOf } from './journal.ts';
import type { Reaction } from './reaction.ts';
import { journalPartitionEnd, journalPrefix, placeOfJournalKey } from './reaction-keys.ts';

/** How many entries are looked at in a step, at least; a batch of many events looks at twice as many as it has. */
const stepMin = 100;

/** Prunes the journal of a reaction, slice by slice. */
export class JournalPruning {
  readonly #reaction: Reaction;
  readonly #home: AnyStore;
  /** Behind which key the next step looks, by slice. */
  readonly #behind = new Map<number, string>();

  constructor(reaction: Reaction, home: AnyStore) {
    this.#reaction = reaction;
    this.#home = home;
  }

  /**
   * The deletions of one step. Only what lies before the batch is looked at: behind that, even an old plan may still have to
   * be done.
   */
  async step({ slice, events }: SliceBatch, eventCount: number): Promise<readonly KeyedWrite[]> {
    const { name } = this.#reaction;
    const { engine } = this.#home.context;
    const prefix = journalPrefix(name, slice);
    const after = this.#behind.get(slice);
    const limit = Math.max(stepMin, 2 * eventCount);
    const entries = await engine.keyedScan({ prefix, limit, ...(after !== undefined && { after }) });
    const deletions: KeyedWrite[] = [];
    let behind: string | undefined = entries.length < limit ? undefined : entries.at(-1)?.key;
    for (const entry of entries) {
      const place = placeOfJournalKey(entry.key);
      if (!this.#isOld(entry) || place.position >= firstPosition(events, place.partition)) {
        // What follows in this partition is younger still.
        behind = journalPartitionEnd(name, slice, place.partition);
        break;
      }
      if (await this.#isOver(slice, entry)) deletions.push({ key: entry.key, value: null });
    }
    if (behind === undefined) this.#behind.delete(slice);
    else this.#behind.set(slice, behind);
    return deletions;
  }

  #isOld(entry: KeyedEntry): boolean {
    return outlineOf(entry).plannedAt < this.#home.context.now() - this.#reaction.journalKeptMs * 1000;
  }

  /** Whether nothing of it will ever be done: all is done, or its event was a letter that was dropped. */
  async #isOver(slice: number, entry: KeyedEntry): Promise<boolean> {
    const { isDone, streamId } = outlineOf(entry);
    if (isDone) return true;
    const letter = letterKey(this.#reaction.name, slice, { streamId, ...placeOfJournalKey(entry.key) });
    return (await this.#home.context.engine.keyedGet(letter)) === undefined;
  }
}

function firstPosition(events: readonly RecordedEvent[], partition: number): number {
  // A partition of which the batch has no event may have work of other batches.
  return events.reduce(
    (least, event) => (event.partition === partition ? Math.min(least, event.position) : least),
    events.some((event) => event.partition === partition) ? Number.MAX_SAFE_INTEGER : 0,
  );
}
