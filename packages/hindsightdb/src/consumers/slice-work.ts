/**
 * The work on one slice that is held: hands its share of a batch to the consumer, tries again what failed, sets aside what
 * cannot be handled, and records all of it with the slice's place.
 */

import { decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import { isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import { checkpointOf } from '../store/places.ts';
import { trailKey } from './consumer-keys.ts';
import {
  EventFailure,
  type ConsumerSpec,
  type FailedEvent,
  type SliceProgress,
  type SliceWrites,
} from './consumer-spec.ts';
import type { HeldSlice } from './held-slice.ts';
import type { EntitiesWithLetters } from './entities-with-letters.ts';
import { pause, unlessAborted } from './pause.ts';
import { pauseAfter, type CheckedRetryPolicy } from './retry-policy.ts';
import { blameEvent, isPassing, stopFor } from './slice-failure.ts';
import { encodeTrail, extendTrail } from './trail.ts';

/** What the work on a slice needs of its consumer. */
export interface WorkSettings {
  readonly spec: ConsumerSpec;
  readonly retry: CheckedRetryPolicy;
  readonly log: Engine;
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Aborted when nothing is to be waited for any more. */
  readonly signal: AbortSignal;
  /** The event that an operator wants set aside when it fails. */
  readonly eventToSetAside: () => string | undefined;
}

/** What a slice begins with. */
export interface SliceStart {
  readonly held: HeldSlice;
  readonly places: readonly PartitionPlace[];
  readonly withLetters: EntitiesWithLetters;
  readonly trail: readonly Checkpoint[];
}

/** A share of what was read. */
export interface Share {
  /** Events of the slice behind its place. */
  readonly events: readonly RecordedEvent[];
  /** How far was read. */
  readonly places: readonly PartitionPlace[];
  readonly isCaughtUp: boolean;
}

/** The place is recorded without events after this many positions, or this many milliseconds. */
const quietPositionsMax = 20_000;
const quietMsMax = 200;
/** How many positions lie between two places of the trail at least. */
const trailStep = 256;

/** One slice at work. */
export class SliceWork {
  readonly held: HeldSlice;
  readonly withLetters: EntitiesWithLetters;
  readonly #settings: WorkSettings;
  #places: readonly PartitionPlace[];
  /** The sum of positions that the entry names, and when it was written. */
  #recorded: number;
  #recordedAtMs = performance.now();
  #trail: readonly Checkpoint[];
  #trailAt: number;
  #handledCount = 0;
  /** What was handed to the consumer last. */
  #atHand: Promise<unknown> | undefined;

  constructor(settings: WorkSettings, { held, places, withLetters, trail }: SliceStart) {
    this.#settings = settings;
    this.held = held;
    this.withLetters = withLetters;
    this.#places = places;
    this.#trail = trail;
    this.#recorded = sumOf(places);
    const [newest] = trail;
    // After a rewind the trail lies ahead, and begins anew here.
    this.#trailAt = newest === undefined ? 0 : Math.min(this.#recorded, sumOf(decodeCheckpoint(newest).places));
    this.#tell({ isCaughtUp: false });
  }

  /** How far the slice has come, recorded or not: up to here there is nothing left to do. */
  get places(): readonly PartitionPlace[] {
    return this.#places;
  }

  /** Handles a share. Throws `ConsumerStop`, `FENCED`, or what ended the waiting. */
  async work({ events, places, isCaughtUp }: Share): Promise<void> {
    const reached = places.map((place, partition) => further(place, this.#places[partition]));
    if (events.length > 0) await this.#handle(events, reached);
    this.#places = reached;
    if (isCaughtUp || sumOf(reached) - this.#recorded >= quietPositionsMax) await this.flush(quietMsMax);
    this.#tell({ isCaughtUp });
  }

  /** Records the place where that was not done for so long. */
  async flush(sinceMs: number): Promise<void> {
    if (sumOf(this.#places) === this.#recorded || performance.now() - this.#recordedAtMs < sinceMs) return;
    await this.#commit(this.#places, {}, []);
  }

  async #handle(events: readonly RecordedEvent[], reached: readonly PartitionPlace[]): Promise<void> {
    const { retry, now } = this.#settings;
    let free = events.filter((event) => !this.withLetters.isWaiting(event));
    let waiting = events.filter((event) => this.withLetters.isWaiting(event));
    const failed: FailedEvent[] = [];
    for (let attempt = 0; ;) {
      try {
        const writes = await this.#attempt(free, attempt);
        const { setAside = [] } = writes;
        const aside = [...failed, ...setAside];
        const late = [...waiting, ...free.filter((event) => isBehind(event, setAside))];
        await this.#record(reached, writes, { failed: aside, waiting: late });
        this.#handledCount += free.length;
        return;
      } catch (error) {
        this.#assertWorthTrying(error);
        attempt += error instanceof EventFailure ? (error.attempts ?? 1) : 1;
        const isWanted = error instanceof EventFailure && error.event.id === this.#settings.eventToSetAside();
        if (attempt < retry.attemptsMax && !isWanted) {
          await this.#pause(attempt);
          continue;
        }
        const isSetAside = this.#settings.spec.onFailure === 'setAside' || isWanted;
        if (!(error instanceof EventFailure) || !isSetAside) throw stopFor(error, now());
        const { event } = error;
        failed.push({ event, error: error.cause, attempts: attempt });
        const isAt = (each: RecordedEvent): boolean => isSamePlace(each, event);
        waiting = [...waiting, ...free.filter((each) => !isAt(each) && isBehind(each, [{ event }]))];
        free = free.filter((each) => !isAt(each) && !isBehind(each, [{ event }]));
        attempt = 0;
      }
    }
  }

  async #attempt(events: readonly RecordedEvent[], attempt: number): Promise<SliceWrites> {
    if (events.length === 0) return {};
    const signal = this.#signal();
    const { slice } = this.held;
    const record = (keyedWrites: readonly KeyedWrite[]): Promise<void> => this.held.commit({ keyedWrites });
    const handling = this.#settings.spec.handle({ slice, events, attempt, signal, record });
    this.#atHand = handling;
    // A handler that does not heed the signal is not waited for: what it still does is not recorded.
    const writes = await unlessAborted(handling, signal);
    this.#atHand = undefined;
    return writes;
  }

  /** Undefined when no handler is at work; else resolves when it has ended, also one that nobody waits for any more. */
  get rest(): Promise<unknown> | undefined {
    return this.#atHand && Promise.allSettled([this.#atHand]);
  }

  async #record(
    places: readonly PartitionPlace[],
    writes: SliceWrites,
    { failed, waiting }: { readonly failed: readonly FailedEvent[]; readonly waiting: readonly RecordedEvent[] },
  ): Promise<void> {
    // One letter for each stored event, of which upcasters may have made several.
    const letters = onceEach(failed, ({ event }) => event);
    const behind = onceEach(waiting, (event) => event).filter(
      (event) => !letters.some((letter) => isSamePlace(letter.event, event)),
    );
    try {
      await this.#commit(places, writes, this.withLetters.writesFor(letters, behind, this.#settings.now()));
    } catch (error) {
      throw blameEvent(error, writes);
    }
    this.withLetters.settle(letters, behind);
  }

  async #commit(
    places: readonly PartitionPlace[],
    { keyedWrites = [], statements = [] }: SliceWrites,
    letters: readonly KeyedWrite[],
  ): Promise<void> {
    const trail = this.#trailWrite(places);
    await this.held.commit({
      places,
      keyedWrites: [...keyedWrites, ...letters, ...(trail === undefined ? [] : [trail.write])],
      statements,
    });
    if (trail !== undefined) {
      this.#trail = trail.trail;
      this.#trailAt = sumOf(places);
    }
    this.#recorded = sumOf(places);
    this.#recordedAtMs = performance.now();
  }

  #trailWrite(
    places: readonly PartitionPlace[],
  ): { readonly trail: readonly Checkpoint[]; readonly write: KeyedWrite } | undefined {
    if (this.#trail.length > 0 && sumOf(places) - this.#trailAt < trailStep) return undefined;
    const { spec, log } = this.#settings;
    const trail = extendTrail(this.#trail, checkpointOf(log, places));
    return { trail, write: { key: trailKey(spec.name, this.held.slice), value: encodeTrail(trail) } };
  }

  /** Handles a letter's event by itself; what it leads to and the end of the letter are one write. */
  async retryLetter(events: readonly RecordedEvent[], end: KeyedWrite): Promise<void> {
    const writes = await this.#attempt(events, 0);
    const [failed] = writes.setAside ?? [];
    if (failed !== undefined) throw new EventFailure(failed.event, failed.error, failed.attempts);
    try {
      await this.held.commit({
        keyedWrites: [...(writes.keyedWrites ?? []), end],
        ...(writes.statements !== undefined && { statements: writes.statements }),
      });
    } catch (error) {
      throw blameEvent(error, writes);
    }
  }

  #assertWorthTrying(error: unknown): void {
    if (this.held.lost.aborted || this.#settings.signal.aborted) throw error;
    if (isHindsightError(error, 'FENCED') || isHindsightError(error, 'CLOSED')) throw error;
    // The consumer as a whole waits until it has passed: it says so, and can be paused and stopped meanwhile.
    if (isPassing(error)) throw error;
  }

  #pause(failures: number): Promise<void> {
    return pause(pauseAfter(this.#settings.retry, failures, Math.random()), this.#signal());
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.held.lost, this.#settings.signal]);
  }

  #tell({ isCaughtUp }: Pick<SliceProgress, 'isCaughtUp'>): void {
    const { spec, log } = this.#settings;
    spec.onProgress?.({
      slice: this.held.slice,
      checkpoint: checkpointOf(log, this.#places),
      isCaughtUp,
      handledCount: this.#handledCount,
    });
  }
}

function sumOf(places: readonly PartitionPlace[]): number {
  return places.reduce((sum, { position }) => sum + position, 0);
}

function further(left: PartitionPlace, right: PartitionPlace | undefined): PartitionPlace {
  return right !== undefined && right.position > left.position ? right : left;
}

/** Whether the event comes behind a failed one of the same entity. */
function isBehind(event: RecordedEvent, failed: readonly Pick<FailedEvent, 'event'>[]): boolean {
  return failed.some((each) => each.event.streamId === event.streamId && each.event.position < event.position);
}

function isSamePlace(left: RecordedEvent, right: RecordedEvent): boolean {
  return left.partition === right.partition && left.position === right.position;
}

function onceEach<Item>(items: readonly Item[], eventOf: (item: Item) => RecordedEvent): readonly Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const { partition, position } = eventOf(item);
    const key = `${partition}-${position}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
