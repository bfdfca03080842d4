/**
 * From rows to pages of events.
 */

import { removedType } from '../../core/event.ts';
import { assertChecksum } from './checksum.ts';
import { typeOfRecord } from '../../core/record.ts';
import { isReserved } from '../../core/stream-id.ts';
import type { LogFilter, PageBounds, StoredEvent } from '../../engine/contract.ts';
import { rowOf } from './rows.ts';

/** Collects a page until it is full. */
export class PageBuilder {
  /** What was taken so far. */
  readonly events: StoredEvent[] = [];
  readonly #bounds: PageBounds;
  #bytes = 0;
  /** Whether an event was refused. */
  isFull = false;

  constructor(bounds: PageBounds) {
    this.#bounds = bounds;
  }

  /** Whether the event was taken. One alone may be larger than the bound. */
  add(event: StoredEvent): boolean {
    const { limit, bytesMax } = this.#bounds;
    this.#bytes += event.record.length;
    this.isFull ||= this.events.length >= limit || (this.events.length > 0 && this.#bytes > bytesMax);
    if (!this.isFull) this.events.push(event);
    return !this.isFull;
  }
}

/** Whether a reader sees the event: the store's own only when asked for. What was removed of others' is still shown as such. */
export function isShown({ streamId, record }: StoredEvent, { includeReserved }: LogFilter): boolean {
  return includeReserved || !(isReserved(streamId) || isReservedType(typeOfRecord(record)));
}

function isReservedType(type: string): boolean {
  return type !== removedType && isReserved(type);
}

/** The event of a row of position, stream id, version, time, record and checksum. Throws `STORE_CORRUPT` when it is damaged. */
export function storedEvent(row: object): StoredEvent {
  const [position, streamId, version, recordedAt, record, checksum] = rowOf(row);
  const event = {
    streamId: String(streamId),
    version: Number(version),
    partition: 0,
    position: Number(position),
    recordedAt: Number(recordedAt),
    record: String(record),
  };
  assertChecksum(event, Number(checksum));
  return event;
}
