/**
 * Pages of the log as they cross from one thread to another: one text and one array of numbers, which are copied whole,
 * instead of many small objects, which are not.
 */

import { idOfRecord } from '../../core/record.ts';
import type { LogPage, PageBounds, StoredEvent } from '../../engine/contract.ts';
import { PageBuilder } from './page.ts';

/** How far a page reaches. */
export type LookedThrough = Omit<LogPage, 'events'>;

/** A page, packed. */
export interface PackedPage extends LookedThrough {
  /** When it was read, in milliseconds of the machine's monotonic clock, which is the same in all threads. */
  readonly readAt: number;
  readonly count: number;
  /** All records, one behind the other. */
  readonly records: string;
  /** One for each run of events of one stream. */
  readonly streamIds: readonly string[];
  /** Of each event: position, version, time, where its record ends in `records`, and which of `streamIds` is its own. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

const numbersOfEvent = 5;

/** Packs the events of a page as they come. */
export class PagePacker {
  readonly #numbers: Float64Array<ArrayBuffer>;
  readonly #charactersMax: number;
  readonly #records: string[] = [];
  readonly #streamIds: string[] = [];
  readonly #begunAt = monotonicMs();
  #characters = 0;

  constructor(bounds: PageBounds) {
    this.#numbers = new Float64Array(bounds.limit * numbersOfEvent);
    this.#charactersMax = bounds.bytesMax;
  }

  /** Whether the event was taken. One alone may be larger than the bound. */
  add({ streamId, position, version, recordedAt, record }: StoredEvent): boolean {
    const first = this.#records.length * numbersOfEvent;
    const characters = this.#characters + record.length;
    if (first === this.#numbers.length || (first > 0 && characters > this.#charactersMax)) return false;
    if (this.#streamIds.at(-1) !== streamId) this.#streamIds.push(streamId);
    this.#numbers[first] = position;
    this.#numbers[first + 1] = version;
    this.#numbers[first + 2] = recordedAt;
    this.#numbers[first + 3] = characters;
    this.#numbers[first + 4] = this.#streamIds.length - 1;
    this.#records.push(record);
    this.#characters = characters;
    return true;
  }

  /** The page of what was taken. Ends the packer's use. */
  pack(looked: LookedThrough): PackedPage {
    const count = this.#records.length;
    const records = this.#records.join('');
    return { ...looked, readAt: this.#begunAt, count, records, streamIds: this.#streamIds, numbers: this.#numbers };
  }
}

/** Hands out the events of a packed page in smaller pages; an event is unpacked when its turn comes. */
export class PackedPageReader {
  readonly #page: PackedPage;
  #index = 0;
  #start = 0;

  constructor(page: PackedPage) {
    this.#page = page;
  }

  /** How long ago it was read. */
  get ageMs(): number {
    return monotonicMs() - this.#page.readAt;
  }

  /** Whether everything was handed out. */
  get isDone(): boolean {
    return this.#index >= this.#page.count;
  }

  /** The next page, which ends where the packed one does if it reaches so far. */
  next(bounds: PageBounds): LogPage {
    const builder = new PageBuilder(bounds);
    while (!this.isDone) {
      const end = this.#number(3);
      if (!builder.add(this.#event(end))) break;
      this.#start = end;
      this.#index += 1;
    }
    const { events } = builder;
    const { scannedTo, scannedEventId, isEnd } = this.#page;
    const last = events.at(-1);
    if (this.isDone || last === undefined) return { events, scannedTo, scannedEventId, isEnd };
    return { events, scannedTo: last.position, scannedEventId: idOfRecord(last.record), isEnd: false };
  }

  #number(place: number): number {
    return this.#page.numbers[this.#index * numbersOfEvent + place] ?? 0;
  }

  #event(end: number): StoredEvent {
    return {
      streamId: this.#page.streamIds[this.#number(4)] ?? '',
      version: this.#number(1),
      partition: 0,
      position: this.#number(0),
      recordedAt: this.#number(2),
      record: this.#page.records.slice(this.#start, end),
    };
  }
}

function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}
