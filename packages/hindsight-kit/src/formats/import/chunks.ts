/**
 * Chunks of an import: rows that go into one append. The events of a chunk stand in the log in the order of the file, so a
 * chunk ends where a stream comes back after another one, since an append writes stream by stream.
 *
 *     rows     a a a b b c c c a …
 *     chunks   └─────────────┘ └── …
 */

import type { Event, Limits } from 'hindsightdb';

/** An event with the number of its row in the file, counted from 1. */
export interface NumberedEvent {
  readonly row: number;
  readonly streamId: string;
  readonly event: Event;
  /** About how many bytes it takes. */
  readonly size: number;
}

/** How large a chunk may be. */
export interface ChunkBounds {
  readonly eventsMax: number;
  readonly streamsMax: number;
  readonly bytesMax: number;
}

/** Bounds within what an engine takes; one stream is left free for the check that chains a chunk to the one before it. */
export function chunkBoundsFor(limits: Limits): ChunkBounds {
  return {
    eventsMax: Math.min(2000, limits.eventsPerAppendMax),
    streamsMax: Math.max(1, Math.min(1000, limits.streamsPerAppendMax) - 1),
    bytesMax: Math.min(4 * 1024 * 1024, Math.floor(limits.appendBytesMax / 4)),
  };
}

/** Gathers events until a chunk is full. */
export class ChunkBuilder {
  readonly #bounds: ChunkBounds;
  #events: NumberedEvent[] = [];
  #streams = new Set<string>();
  #bytes = 0;

  constructor(bounds: ChunkBounds) {
    this.#bounds = bounds;
  }

  /** Whether nothing is gathered. */
  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Whether an event can go into the same append as what was gathered. */
  hasRoomFor({ streamId, size }: NumberedEvent): boolean {
    const last = this.#events.at(-1);
    if (last === undefined) return true;
    if (this.#events.length >= this.#bounds.eventsMax || this.#bytes + size > this.#bounds.bytesMax) return false;
    if (last.streamId === streamId) return true;
    return !this.#streams.has(streamId) && this.#streams.size < this.#bounds.streamsMax;
  }

  /** Gathers an event for which there is room. */
  add(event: NumberedEvent): void {
    this.#events.push(event);
    this.#streams.add(event.streamId);
    this.#bytes += event.size;
  }

  /** What was gathered; the builder begins anew. */
  take(): readonly NumberedEvent[] {
    const events = this.#events;
    this.#events = [];
    this.#streams = new Set();
    this.#bytes = 0;
    return events;
  }
}

/** The events of a chunk by stream, in the order in which the streams occur. */
export function byStream(
  events: readonly NumberedEvent[],
): readonly { readonly streamId: string; readonly events: readonly Event[] }[] {
  const streams = new Map<string, Event[]>();
  for (const { streamId, event } of events) {
    const known = streams.get(streamId);
    if (known === undefined) streams.set(streamId, [event]);
    else known.push(event);
  }
  return [...streams].map(([streamId, own]) => ({ streamId, events: own }));
}
