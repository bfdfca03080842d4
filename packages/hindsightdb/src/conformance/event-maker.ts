/**
 * Making events for cases: with ids that never repeat by accident, and records as the store would encode them.
 */

import { encodeRecord, parseRecord } from '../core/record.ts';
import type { AppendBatch, NewEvent, StoredEvent, StreamWrite } from '../engine/contract.ts';

/** What a case says of an event; the rest is filled in. */
export interface EventParts {
  readonly id?: string;
  readonly type?: string;
  readonly tags?: readonly string[];
  /** JSON text. Default `{}`. */
  readonly dataText?: string;
  readonly metadataText?: string;
}

/** Makes events whose ids count up. */
export class EventMaker {
  #count = 0;

  /** One event. */
  one(parts: EventParts = {}): NewEvent {
    this.#count += 1;
    const id = parts.id ?? `00000000-0000-7000-8000-${this.#count.toString(16).padStart(12, '0')}`;
    return newEvent({ dataText: `{"number":${this.#count}}`, ...parts, id });
  }

  /** Several events of the same kind. */
  many(count: number, parts: EventParts = {}): readonly NewEvent[] {
    return Array.from({ length: count }, () => this.one(parts));
  }
}

/** An event with the id given. */
export function newEvent(parts: EventParts & { readonly id: string }): NewEvent {
  const { id, type = 'Happened', tags = [], dataText = '{}', metadataText } = parts;
  const record = encodeRecord({
    id,
    type,
    tags,
    metadataText,
    dataText,
    occurredAt: undefined,
    contentType: undefined,
    encoding: undefined,
  });
  return { id, type, tags, record };
}

/** The id that a stored event's record names. */
export function idOf(event: StoredEvent): string {
  return parseRecord(event.record).id;
}

/** What may be said of an append to one stream. */
export interface OneStreamOptions extends Omit<StreamWrite, 'streamId' | 'events' | 'expectedVersion'> {
  readonly expectedVersion?: StreamWrite['expectedVersion'];
  readonly condition?: AppendBatch['condition'];
  readonly key?: AppendBatch['key'];
  readonly keyedWrites?: AppendBatch['keyedWrites'];
  readonly views?: AppendBatch['views'];
}

/** The batch of an append to one stream. */
export function oneStream(streamId: string, events: readonly NewEvent[], options: OneStreamOptions = {}): AppendBatch {
  const { condition, key, keyedWrites, views, expectedVersion = 'any', ...write } = options;
  return {
    streams: [{ streamId, events, expectedVersion, ...write }],
    ...(condition && { condition }),
    ...(key && { key }),
    ...(keyedWrites && { keyedWrites }),
    ...(views && { views }),
  };
}
