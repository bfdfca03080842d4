/** Reads the log for a consumer, a batch ahead: while one is being handled, the next is read and decoded. */

import type { PartitionPlace } from '../core/checkpoint.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { reasonOf } from '../core/text.ts';
import { decodeEvents } from '../store/decode.ts';
import type { StoredEvent } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { BatchFailure } from './consumer-spec.ts';
import type { ReadFilter } from './event-filter.ts';

/** What was read at once. */
export interface Batch {
  /** Wanted events behind the places that were asked from, in order within each partition. */
  readonly events: readonly RecordedEvent[];
  /** How far was looked. */
  readonly places: readonly PartitionPlace[];
  /** Whether there was nothing more. */
  readonly isEnd: boolean;
}

/** A batch is also ended by so many bytes of records, in each partition. */
const batchBytesMax = 4 * 1024 * 1024;

/**
 * A filter that more than this part of the log passes costs more than it saves: finding an event by an index and fetching it
 * takes longer than reading one that is not wanted, and engines read whole logs ahead.
 */
const denseMin = 0.6;

/** Reads batch after batch. */
export class BatchReader {
  readonly #context: StoreContext;
  readonly #filter: ReadFilter;
  /** Which part of the last batch's range was wanted. */
  #density = 0;
  #ahead: { readonly key: string; readonly batch: Promise<Batch> } | undefined;

  constructor(context: StoreContext, filter: ReadFilter) {
    this.#context = context;
    this.#filter = filter;
  }

  /** The batch behind these places. */
  async read(from: readonly PartitionPlace[], limit: number): Promise<Batch> {
    const key = keyOf(from);
    const ahead = this.#ahead;
    this.#ahead = undefined;
    let batch = ahead?.key === key ? await ahead.batch : undefined;
    // The end of the log is read when it is asked for: a moment ago is too long ago there.
    if (batch === undefined || batch.isEnd) batch = await this.#read(from, limit);
    if (!batch.isEnd) {
      const next = this.#read(batch.places, limit);
      // Where it fails and is asked for, the asker is told.
      next.catch(() => undefined);
      this.#ahead = { key: keyOf(batch.places), batch: next };
    }
    return batch;
  }

  /** Code of the user's decodes: a codec, upcasters. Where it fails, the first event that it fails at is named. */
  async #decode(events: readonly StoredEvent[]): Promise<readonly RecordedEvent[]> {
    try {
      return await decodeEvents(this.#context, events);
    } catch (cause) {
      if (events.length > 1) for (const event of events) await this.#decode([event]);
      const [{ streamId, version, position } = { streamId: '', version: 0, position: 0 }] = events;
      const reason = reasonOf(cause);
      const message = `The event at position ${position}, version ${version} of ${streamId}, cannot be read: ${reason}`;
      const code = isHindsightError(cause) ? cause.code : 'CONSUMER_FAILED';
      throw new BatchFailure(new HindsightError(code, message, { cause }));
    }
  }

  async #read(from: readonly PartitionPlace[], limit: number): Promise<Batch> {
    const { engine } = this.#context;
    const { stored, isWanted, isOfStreams } = this.#filter;
    const isWhole = this.#density > denseMin;
    const filter = isWhole ? { includeReserved: stored.includeReserved } : stored;
    const events: RecordedEvent[] = [];
    const places: PartitionPlace[] = [];
    let isEnd = true;
    let [range, found] = [0, 0];
    for (const [partition, place] of from.entries()) {
      const { position } = place;
      const page = await engine.readLog({
        partition,
        direction: 'forward',
        from: position,
        filter,
        limit,
        bytesMax: batchBytesMax,
      });
      places.push(page.scannedTo === position ? place : { position: page.scannedTo, eventId: page.scannedEventId });
      const wanted = isWhole ? page.events.filter(isOfStreams) : page.events;
      const decoded = await this.#decode(wanted);
      const before = events.length;
      for (const event of decoded) if (isWanted(event)) events.push(event);
      range += page.scannedTo - position;
      found += isWhole ? events.length - before : page.events.length;
      isEnd &&= page.isEnd;
    }
    if (range > 0) this.#density = found / range;
    return { events, places, isEnd };
  }
}

function keyOf(places: readonly PartitionPlace[]): string {
  return places.map(({ position }) => position).join(' ');
}
