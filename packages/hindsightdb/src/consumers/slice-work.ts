/**
 * The work on one slice that is held: hands its share of a batch to the consumer, tries again what failed, sets aside what
 * cannot be handled, and records all of it with the slice's place.
 */

import type { Checkpoint, PartitionPlace } from '../core/checkpoint.ts';
import { isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import { checkpointOf } from '../store/places.ts';
import {
  BatchFailure,
  EventFailure,
  type ConsumerSpec,
  type FailedEvent,
  type LaterWork,
  type SliceAtRest,
  type SliceWrites,
} from './consumer-spec.ts';
import type { HeldSlice } from './held-slice.ts';
import type { EntitiesWithLetters } from './entities-with-letters.ts';
import { entityOfSpec, isBehind, isSameWork, onceEach, type EntityOf } from './entity-of.ts';
import { pause, unlessAborted } from './pause.ts';
import { pauseAfter, type CheckedRetryPolicy } from './retry-policy.ts';
import { further, partOf, placesBefore, type Share } from './share.ts';
import { blameEvent, isPassing, stopFor } from './slice-failure.ts';
import { SliceRecord } from './slice-record.ts';
import { Unsettled, type UnsettledEvent } from './unsettled.ts';

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
  /** Called when a slice's place has moved without a batch. */
  readonly whenMoved: () => void;
  /** Has the next round begin. */
  readonly wakeUp: () => void;
}

/** What a slice begins with. */
export interface SliceStart {
  readonly held: HeldSlice;
  readonly places: readonly PartitionPlace[];
  readonly withLetters: EntitiesWithLetters;
  readonly trail: readonly Checkpoint[];
}

/** The place is recorded without events after this many positions, or this many milliseconds. */
const quietPositionsMax = 20_000;
const quietMsMax = 200;
/** How many events of a slice may be unsettled. */
const unsettledMaxDefault = 5000;

/** What is recorded as letters. */
interface Aside {
  readonly failed: readonly FailedEvent[];
  readonly waiting: readonly RecordedEvent[];
  /** Events whose work went on, and that are settled by this. */
  readonly ended?: readonly UnsettledEvent[];
}

/** One slice at work. */
export class SliceWork {
  readonly held: HeldSlice;
  readonly withLetters: EntitiesWithLetters;
  readonly #settings: WorkSettings;
  readonly #entityOf: EntityOf;
  /** Aborted when the slice was lost, and when nothing is waited for any more. */
  readonly #signal: AbortSignal;
  readonly #unsettled: Unsettled;
  /** How far was handed out. */
  #reading: readonly PartitionPlace[];
  readonly #record: SliceRecord;
  #handledCount = 0;
  /** Whether work has ever outlasted its batch. */
  #hasLater: boolean;
  /** Whether a letter waits that nothing stands before. */
  #hasLetterDue = false;
  #isAtEnd = false;
  #nextTickMs = 0;
  /** What was handed to the consumer last. */
  #atHand: Promise<unknown> | undefined;

  constructor(settings: WorkSettings, { held, places, withLetters, trail }: SliceStart) {
    const { spec, signal, whenMoved, wakeUp } = settings;
    this.#settings = settings;
    this.#entityOf = entityOfSpec(spec);
    this.#signal = AbortSignal.any([held.lost, signal]);
    this.#unsettled = new Unsettled({
      countMax: spec.unsettledMax ?? unsettledMaxDefault,
      signal: this.#signal,
      whenMoved,
      wakeUp,
    });
    this.#hasLater = spec.unsettledMax !== undefined;
    this.held = held;
    this.withLetters = withLetters;
    this.#reading = places;
    this.#record = new SliceRecord({ consumer: spec.name, log: settings.log, held, places, trail });
    this.#tell();
  }

  /** How far the slice has come, recorded or not: up to here there is nothing left to do. */
  get places(): readonly PartitionPlace[] {
    return this.#unsettled.settledPlaces(this.#reading);
  }

  /** How far was handed out. */
  get reading(): readonly PartitionPlace[] {
    return this.#reading;
  }

  /** Whether nothing that it does counts any more. */
  get isOver(): boolean {
    return this.#signal.aborted;
  }

  /** Whether so many events are unsettled that it takes no share. */
  get isFull(): boolean {
    return this.#unsettled.isFull;
  }

  /** Whether letters are to be looked at, though nobody asked for it; asking ends that. */
  takeLetterDue(): boolean {
    const isDue = this.#hasLetterDue;
    this.#hasLetterDue = false;
    return isDue;
  }

  /** Handles a share, or as much of it as there is room for. Throws `ConsumerStop`, `FENCED`, or what ended the waiting. */
  async work(share: Share): Promise<void> {
    await this.#setAsideSettled();
    const places = share.places.map((place, partition) => further(place, this.#reading[partition]));
    const whole = { ...share, places };
    const part = this.#hasLater ? partOf(whole, this.#reading, this.#unsettled.room) : whole;
    if (part.events.length > 0) await this.#handle(part.events, part.places);
    this.#reading = part.places;
    this.#isAtEnd = part.isCaughtUp;
    await this.keepUp();
  }

  /** Sets aside what failed since, and records the place where that is due. */
  async keepUp(): Promise<void> {
    await this.#setAsideSettled();
    const isDue = this.#isAtEnd || this.#hasLater || this.#record.distanceTo(this.places) >= quietPositionsMax;
    if (isDue) await this.#record.flush(this.places, quietMsMax);
    this.#tell();
  }

  /** Waits until everything is settled or nothing is waited for any more, and records what came of it. */
  async finish(): Promise<void> {
    await unlessAborted(this.#unsettled.ended(), this.#signal).catch(() => undefined);
    if (this.held.lost.aborted) return;
    const { spec } = this.#settings;
    // Where a failure stops the consumer, the place stays before it, and whoever goes on meets it again.
    if (spec.onFailure === 'setAside') await this.#setAsideSettled();
    await this.#record.flush(this.places, 0);
  }

  /** Waits until nothing of an entity is under way, and sets aside what failed or waits. */
  async settleEntity(entity: string): Promise<void> {
    await unlessAborted(
      this.#unsettled.ended((event) => this.#entityOf(event) === entity),
      this.#signal,
    );
    await this.#setAsideSettled();
  }

  /** Work that has ended without success becomes letters, in one write with the place behind it. */
  async #setAsideSettled(): Promise<void> {
    for (let ended = this.#unsettled.toSetAside; ended.length > 0; ended = this.#unsettled.toSetAside) {
      const failed = ended.flatMap(({ event, failure }) => (failure === undefined ? [] : [{ event, ...failure }]));
      const waiting = ended.flatMap(({ event, failure }) => (failure === undefined ? [event] : []));
      const stopping = failed.find(({ event }) => !this.#isToBeSetAside(event));
      if (stopping !== undefined)
        throw stopFor(new EventFailure(stopping.event, stopping.error, stopping.attempts), this.#settings.now());
      const behind = new Set(failed.map(({ event }) => this.#entityOf(event)));
      const hasOrphan = waiting.some(
        (event) => !behind.has(this.#entityOf(event)) && !this.withLetters.hasLetters(event),
      );
      await this.#write(this.#reading, {}, { failed, waiting, ended });
      this.#unsettled.setAside(ended);
      this.#hasLetterDue ||= hasOrphan;
    }
  }

  #isToBeSetAside(event: RecordedEvent): boolean {
    return this.#settings.spec.onFailure === 'setAside' || event.id === this.#settings.eventToSetAside();
  }

  async #handle(events: readonly RecordedEvent[], reached: readonly PartitionPlace[]): Promise<void> {
    const { retry, now } = this.#settings;
    const entityOf = this.#entityOf;
    const beforeOf = placesBefore(events, this.#reading);
    let free = events.filter((event) => !this.withLetters.isWaiting(event));
    let waiting = events.filter((event) => this.withLetters.isWaiting(event));
    const failed: FailedEvent[] = [];
    for (let attempt = 0; ;) {
      try {
        const writes = await this.#attempt(free, attempt);
        const { setAside = [], later = [] } = writes;
        const aside = [...failed, ...setAside];
        const settledLater = new Set(later.map(({ event }) => event));
        const late = [
          ...waiting,
          ...free.filter((event) => !settledLater.has(event) && isBehind(event, setAside, entityOf)),
        ];
        await this.#recordBatch(reached, writes, {
          failed: aside,
          waiting: late,
          added: this.#addLater(later, beforeOf),
        });
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
        if (!(error instanceof EventFailure) || !this.#isToBeSetAside(error.event)) throw stopFor(error, now());
        const { event } = error;
        failed.push({ event, error: error.cause, attempts: attempt });
        const isAt = (each: RecordedEvent): boolean => isSameWork(each, event, entityOf);
        waiting = [...waiting, ...free.filter((each) => !isAt(each) && isBehind(each, [{ event }], entityOf))];
        free = free.filter((each) => !isAt(each) && !isBehind(each, [{ event }], entityOf));
        attempt = 0;
      }
    }
  }

  #addLater(
    later: readonly LaterWork[],
    beforeOf: (event: RecordedEvent) => PartitionPlace,
  ): readonly UnsettledEvent[] {
    if (later.length > 0) this.#hasLater = true;
    return this.#unsettled.add(later, beforeOf);
  }

  /** Records a batch, unless all that came of it is work that goes on: then its place is recorded with later ones. */
  async #recordBatch(
    reached: readonly PartitionPlace[],
    writes: SliceWrites,
    { added, ...letters }: Pick<Aside, 'failed' | 'waiting'> & { readonly added: readonly UnsettledEvent[] },
  ): Promise<void> {
    const { keyedWrites = [], statements = [] } = writes;
    const writeCount = keyedWrites.length + statements.length + letters.failed.length + letters.waiting.length;
    if (added.length > 0 && writeCount === 0) return;
    try {
      await this.#write(reached, writes, letters);
    } catch (error) {
      // The batch is handed out again, and is not to meet itself.
      await unlessAborted(this.#unsettled.withdraw(added), this.#signal);
      throw error;
    }
  }

  async #attempt(events: readonly RecordedEvent[], attempt: number): Promise<SliceWrites> {
    if (events.length === 0) return {};
    const { spec } = this.#settings;
    const [signal, record] = [this.#signal, this.#writeAtOnce];
    return await this.waitFor(spec.handle({ slice: this.held.slice, events, attempt, signal, record }));
  }

  /** What the consumer's code gives. Code that does not heed the signal is not waited for: what it still does is not recorded. */
  async waitFor<Result>(handling: Promise<Result>): Promise<Result> {
    this.#atHand = handling;
    try {
      return await unlessAborted(handling, this.#signal);
    } finally {
      if (!this.#signal.aborted) this.#atHand = undefined;
    }
  }

  readonly #writeAtOnce = (keyedWrites: readonly KeyedWrite[]): Promise<void> => this.held.commit({ keyedWrites });

  /** Undefined when nothing is at work; else resolves when all has ended, also what nobody waits for any more. */
  get rest(): Promise<unknown> | undefined {
    if (this.#atHand === undefined && this.#unsettled.count === 0) return undefined;
    return Promise.allSettled([this.#atHand, this.#unsettled.ended()]);
  }

  /**
   * Has the consumer look at the slice at rest where that is due. Answers in how many milliseconds it is due again; undefined
   * where nobody said. Throws what passes, and a `BatchFailure`.
   */
  async tick(): Promise<number | undefined> {
    const { spec } = this.#settings;
    if (spec.tick === undefined) return undefined;
    const left = this.#nextTickMs - performance.now();
    if (left > 0) return left;
    const { slice } = this.held;
    const [signal, record, places] = [this.#signal, this.#writeAtOnce, this.places];
    const atRest: SliceAtRest = { slice, signal, record, places, isSettled: this.#unsettled.count === 0 };
    try {
      const dueInMs = await this.waitFor(spec.tick(atRest));
      if (dueInMs === undefined || Number.isNaN(dueInMs)) return undefined;
      this.#nextTickMs = performance.now() + dueInMs;
      return dueInMs;
    } catch (error) {
      this.#assertWorthTrying(error);
      throw new BatchFailure(error);
    }
  }

  /** What a tick answered counts no more. */
  wakeUp(): void {
    this.#nextTickMs = 0;
  }

  async #write(
    reached: readonly PartitionPlace[],
    writes: SliceWrites,
    { failed, waiting, ended = [] }: Aside,
  ): Promise<void> {
    const entityOf = this.#entityOf;
    // One letter for each stored event, of which upcasters may have made several.
    const letters = onceEach(failed, ({ event }) => event, entityOf);
    const behind = onceEach(waiting, (event) => event, entityOf).filter(
      (event) => !letters.some((letter) => isSameWork(letter.event, event, entityOf)),
    );
    const places = this.#unsettled.settledPlaces(reached, ended);
    const { keyedWrites = [], statements = [] } = writes;
    const letterWrites = this.withLetters.writesFor(letters, behind, this.#settings.now());
    try {
      await this.#record.commit(places, { keyedWrites: [...keyedWrites, ...letterWrites], statements });
    } catch (error) {
      throw blameEvent(error, writes);
    }
    this.withLetters.settle(letters, behind);
  }

  /** Handles a letter's event by itself; what it leads to and the end of the letter are one write. */
  async retryLetter(events: readonly RecordedEvent[], end: KeyedWrite): Promise<void> {
    const writes = await this.#attempt(events, 0);
    const [failed] = writes.setAside ?? [];
    if (failed !== undefined) throw new EventFailure(failed.event, failed.error, failed.attempts);
    const outcomes = await this.waitFor(Promise.allSettled((writes.later ?? []).map(assertHandled)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
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
    return pause(pauseAfter(this.#settings.retry, failures, Math.random()), this.#signal);
  }

  #tell(): void {
    const { spec, log } = this.#settings;
    spec.onProgress?.({
      slice: this.held.slice,
      checkpoint: checkpointOf(log, this.places),
      isCaughtUp: this.#isAtEnd && this.#unsettled.count === 0,
      handledCount: this.#handledCount,
    });
  }
}

/** Waits for the work on a letter's event. Throws how it failed. */
async function assertHandled({ event, settled }: LaterWork): Promise<void> {
  const result = await settled.catch((error: unknown) => {
    throw new EventFailure(event, error, 1);
  });
  if (result.kind === 'failed') throw new EventFailure(event, result.error, result.attempts);
  if (result.kind === 'waiting')
    throw new EventFailure(event, new Error('It was not tried: something of its entity before it failed.'), 0);
}
