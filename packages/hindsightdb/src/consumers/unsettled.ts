/**
 * The events of a slice that were handed out and are not settled yet: work that ends later than the batch it came with. The
 * slice reads on meanwhile, and its place stays before the oldest of them:
 *
 *     handled   handled   unsettled   handled   unsettled   not read yet
 *                       ^ the place that counts            ^ the reading place
 */

import type { PartitionPlace } from '../core/checkpoint.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { LaterWork, Settled } from './consumer-spec.ts';

/** An event that was handed out. */
export interface UnsettledEvent {
  readonly event: RecordedEvent;
  /** The place in its partition that may be recorded as long as the event is not settled. */
  readonly before: PartitionPlace;
  /** Resolves when its work has ended, however it ended. */
  readonly ended: Promise<void>;
  readonly state: 'open' | 'failed' | 'waiting' | 'dropped' | 'settled';
  readonly failure?: { readonly error: unknown; readonly attempts: number };
}

/** As it is kept here, where it changes. */
type Entry = { -readonly [Member in keyof UnsettledEvent]: UnsettledEvent[Member] };

/** The entries of a partition. */
interface Lane {
  readonly entries: Entry[];
  /** How many at the front are settled, and not taken away yet. */
  settledCount: number;
}

/** So many settled ones are taken away at once: moving up the others for each would cost more than its work. */
const trimMin = 256;

/** What a set of unsettled events needs to know and to tell. */
export interface UnsettledSettings {
  /** How many there may be. */
  readonly countMax: number;
  /** Aborted when nothing that ends from then on counts. */
  readonly signal: AbortSignal;
  /** Called when the place that counts has moved. */
  readonly whenMoved: () => void;
  /** Called when there is something to do: an event to be set aside, or room after there was none. */
  readonly wakeUp: () => void;
}

/** The unsettled events of one slice. */
export class Unsettled {
  readonly #settings: UnsettledSettings;
  /** By partition, ascending. */
  readonly #lanes = new Map<number, Lane>();
  /** Those whose work has ended and that are to become letters. */
  #toSetAside: readonly Entry[] = [];
  #count = 0;
  #isFull = false;

  constructor(settings: UnsettledSettings) {
    this.#settings = settings;
  }

  /** How many there are, with those that are to become letters. */
  get count(): number {
    return this.#count;
  }

  /** How many more there may be. */
  get room(): number {
    return Math.max(0, this.#settings.countMax - this.#count);
  }

  /** Whether nothing more is to be handed out: the bound was reached, and too few were settled since. */
  get isFull(): boolean {
    const { countMax } = this.#settings;
    if (this.#count >= countMax) this.#isFull = true;
    else if (this.#count <= countMax - Math.max(1, Math.floor(countMax / 16))) this.#isFull = false;
    return this.#isFull;
  }

  /** Those that are to become letters, in the order in which they ended. */
  get toSetAside(): readonly UnsettledEvent[] {
    return this.#toSetAside;
  }

  /** Takes up what was handed out. Events of a partition come in ascending order. */
  add(later: readonly LaterWork[], beforeOf: (event: RecordedEvent) => PartitionPlace): readonly UnsettledEvent[] {
    return later.map(({ event, settled }) => {
      const entry: Entry = { event, before: beforeOf(event), state: 'open', ended: Promise.resolve() };
      entry.ended = settled.then(
        (result) => this.#end(entry, result),
        (error: unknown) => this.#end(entry, { kind: 'failed', error, attempts: 1 }),
      );
      const lane = this.#lanes.get(event.partition);
      if (lane === undefined) this.#lanes.set(event.partition, { entries: [entry], settledCount: 0 });
      else insert(lane, entry);
      this.#count += 1;
      return entry;
    });
  }

  #end(entry: Entry, result: Settled): void {
    if (entry.state !== 'open') return;
    if (result.kind === 'handled') {
      const wasFull = this.isFull;
      this.#settle([entry]);
      if (wasFull && !this.isFull) this.#settings.wakeUp();
      return;
    }
    // What ends so because it was told to end has not failed: it is handed out again by whoever comes next.
    if (this.#settings.signal.aborted) {
      entry.state = 'dropped';
      return;
    }
    entry.state = result.kind;
    if (result.kind === 'failed') entry.failure = result;
    this.#toSetAside = [...this.#toSetAside, entry];
    this.#settings.wakeUp();
  }

  /** In each partition the place before the oldest unsettled event, or the reading place where there is none. */
  settledPlaces(reading: readonly PartitionPlace[], butFor: readonly UnsettledEvent[] = []): readonly PartitionPlace[] {
    const settled = new Set(butFor);
    return reading.map((place, partition) => {
      const oldest = firstOpen(this.#lanes.get(partition), settled);
      return oldest === undefined || oldest.before.position >= place.position ? place : oldest.before;
    });
  }

  /** These are letters by now. */
  setAside(events: readonly UnsettledEvent[]): void {
    this.#forget(events);
  }

  /** Forgets these, which are handed out again: waits until their work has ended, so that it does not meet itself. */
  async withdraw(events: readonly UnsettledEvent[]): Promise<void> {
    await Promise.all(events.map(({ ended }) => ended));
    this.#forget(events);
  }

  #forget(events: readonly UnsettledEvent[]): void {
    const gone = new Set(events);
    this.#toSetAside = this.#toSetAside.filter((entry) => !gone.has(entry));
    for (const lane of this.#lanes.values()) this.#settle(lane.entries.filter((entry) => gone.has(entry)));
  }

  #settle(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.state === 'settled') continue;
      entry.state = 'settled';
      this.#count -= 1;
      this.#trim(entry.event.partition);
    }
  }

  /** Takes away what is settled at the front of a partition. */
  #trim(partition: number): void {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return;
    const before = lane.settledCount;
    while (lane.entries[lane.settledCount]?.state === 'settled') lane.settledCount += 1;
    if (lane.settledCount === before) return;
    if (lane.settledCount === lane.entries.length || lane.settledCount >= trimMin)
      lane.entries.splice(0, lane.settledCount);
    this.#settings.whenMoved();
  }

  /** Resolves when the work on all of them has ended, or on those that are meant. */
  async ended(isMeant: (event: RecordedEvent) => boolean = () => true): Promise<void> {
    const open = [...this.#lanes.values()]
      .flatMap(({ entries }) => entries)
      .filter(({ event, state }) => state === 'open' && isMeant(event));
    await Promise.all(open.map(({ ended }) => ended));
  }
}

function firstOpen(lane: Lane | undefined, butFor: ReadonlySet<UnsettledEvent>): Entry | undefined {
  if (lane === undefined) return undefined;
  const { entries, settledCount } = lane;
  for (let index = settledCount; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry !== undefined && entry.state !== 'settled' && !butFor.has(entry)) return entry;
  }
  return undefined;
}

/** Behind everything that does not come later in the log. */
function insert(lane: Lane, entry: Entry): void {
  const { entries } = lane;
  let index = entries.length;
  while (index > 0 && (entries[index - 1]?.event.position ?? 0) > entry.event.position) index -= 1;
  entries.splice(index, 0, entry);
  lane.settledCount = Math.min(lane.settledCount, index);
}
