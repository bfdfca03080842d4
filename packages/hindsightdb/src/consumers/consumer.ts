/**
 * A consumer at work in this process: takes its share of the slices, reads the log once for all of them, and does what the
 * consumer's record says. Everything that may go wrong ends in a state that can be looked at; nothing ends it silently.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import { reasonOf } from '../core/text.ts';
import { assertWhole } from '../store/argument-checks.ts';
import type { AnyStore } from '../store/context-of.ts';
import { wakeable, type Wakeable } from '../store/wakeable.ts';
import { BatchReader } from './batch-reader.ts';
import { BatchSize } from './batch-size.ts';
import { changeConsumer, requiredConsumer, type ConsumerRecord } from './consumer-record.ts';
import { BatchFailure, type ConsumerSpec } from './consumer-spec.ts';
import { idleKinds, isSameState, type ConsumerState } from './consumer-state.ts';
import { entityOfSpec, type EntityOf } from './entity-of.ts';
import { readFilter, type ReadFilter } from './event-filter.ts';
import { firstPlaces } from './first-place.ts';
import { HeldSlices } from './held-slices.ts';
import { lagOf, type ConsumerLag } from './lag.ts';
import { workOnLetters } from './letter-work.ts';
import { pause } from './pause.ts';
import { checkedRetryPolicy, pauseAfter } from './retry-policy.ts';
import { leastOf, sumOf } from './share.ts';
import { sliceOf } from './slice-entry.ts';
import { ConsumerStop, stopFor } from './slice-failure.ts';
import type { SliceWork } from './slice-work.ts';
import { waitForConsumer, type WaitOptions } from './wait-for.ts';

/** How a consumer is run in this process. */
export interface RunOptions {
  /** Stops it, as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Called whenever the state changes. */
  readonly onState?: (state: ConsumerState) => void;
}

/** How often is looked what others ask for, and how the slices are shared out. */
const lookEveryMs = 250;
/** The pauses while the store cannot be read or written, which is none of the user's failures. */
const recovery = checkedRetryPolicy({ firstDelayMs: 50, delayMsMax: 5000 });
/** How long `stop` waits for the batch at hand before it aborts it. */
const stopWithinMsDefault = 10_000;

/** A running consumer. Made by `startConsumer`, `runProjection` and `runReaction`. */
export class Consumer {
  readonly #store: AnyStore;
  readonly #home: AnyStore;
  readonly #spec: ConsumerSpec;
  readonly #options: RunOptions;
  readonly #filter: ReadFilter;
  readonly #entityOf: EntityOf;
  readonly #reader: BatchReader;
  readonly #slices: HeldSlices;
  /** Aborted by `stop`: nothing new is begun. */
  readonly #stopping = new AbortController();
  /** Aborted when the batch at hand is not waited for any more. */
  readonly #giveUp = new AbortController();
  readonly #waiting: Wakeable;
  /** Who waits for slices of this process to move. */
  readonly #waiters = new Set<() => void>();
  readonly #endWakes: readonly (() => void)[];
  readonly #renewal: ReturnType<typeof setInterval>;
  readonly #ended: Promise<void>;
  #state: ConsumerState = { kind: 'standby' };
  #record: ConsumerRecord;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** For each slice that is held: the requests that its letters were last looked at with. */
  readonly #requestsSeen = new WeakMap<SliceWork, number>();
  readonly #batchSize: BatchSize;

  /** Use `runConsumer`. */
  constructor(parts: {
    readonly store: AnyStore;
    readonly home: AnyStore;
    readonly spec: ConsumerSpec;
    readonly options: RunOptions;
    readonly record: ConsumerRecord;
  }) {
    const { store, home, spec, options, record } = parts;
    this.#store = store;
    this.#home = home;
    this.#spec = spec;
    this.#options = options;
    this.#record = record;
    this.#filter = readFilter(store.context, spec.filter, spec.kind);
    this.#entityOf = entityOfSpec(spec);
    this.#reader = new BatchReader(store.context, this.#filter);
    this.#batchSize = new BatchSize(spec.batchSizeMax ?? 200);
    const leaseMs = spec.leaseMs ?? 10_000;
    this.#slices = new HeldSlices({
      spec,
      retry: checkedRetryPolicy(spec.retry),
      holder: {
        name: spec.name,
        member: home.context.newId(),
        leaseMs,
        now: home.context.now,
        home: home.context.engine,
        log: store.context.engine,
      },
      signal: this.#giveUp.signal,
      eventToSetAside: () => this.#record.setAsideEventId,
      firstPlaces: () => firstPlaces(store, home, spec),
      whenMoved: () => this.#tellWaiters(),
      wakeUp: () => this.#waiting.wake(),
    });
    this.#waiting = wakeable(this.#stopping.signal);
    const engines = new Set([store.context.engine, home.context.engine]);
    this.#endWakes = [...engines].map((engine) => engine.wake(this.#waiting.wake));
    this.#renewal = setInterval(() => void this.#slices.renew(), Math.max(10, leaseMs / 6));
    if (options.signal?.aborted === true) this.#stopping.abort();
    else options.signal?.addEventListener('abort', this.#stopBySignal, { once: true });
    this.#ended = this.#run();
  }

  /** Its name. */
  get name(): string {
    return this.#spec.name;
  }

  /** What it is doing in this process. */
  get state(): ConsumerState {
    return this.#state;
  }

  /** Resolves when it has ended, by `stop()`, its signal or the end of the store. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** How far it is behind the end of the log, over all slices and processes. */
  async lag(): Promise<ConsumerLag> {
    return await lagOf({ store: this.#store, home: this.#home, name: this.name, filter: this.#filter.stored });
  }

  /**
   * Resolves when everything up to the checkpoint is handled, in whatever process: for a request that wants to read what it
   * has just written. Throws `WAIT_TIMEOUT`, and `CONSUMER_FAILED` when the consumer has stopped because of a failure.
   */
  async waitFor(checkpoint: Checkpoint, options: WaitOptions = {}): Promise<void> {
    await waitForConsumer(this.#store, this.name, checkpoint, {
      ...options,
      home: this.#home,
      placesHere: (slice) => this.#slices.of(slice)?.places,
      movedHere: (listener) => {
        this.#waiters.add(listener);
        return () => this.#waiters.delete(listener);
      },
    });
  }

  /** Whether the slice of an entity is held here, for parts of the library that work beside the consumer. */
  holds(entity: string): boolean {
    return this.#slices.of(sliceOf(entity, this.#record.sliceCount))?.held.lost.aborted === false;
  }

  /** Has the next round begin now, with a tick of each slice at rest, for parts of the library that know of something to do. */
  wakeUp(): void {
    for (const work of this.#slices.works) work.wakeUp();
    this.#waiting.wake();
  }

  /**
   * Stops: nothing new is begun, the batch at hand and what it began is finished and recorded, slices are given back. After `timeoutMs` (default
   * 10,000) its signal is aborted and nothing of it is recorded. Calling it again changes nothing.
   */
  async stop(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { timeoutMs = stopWithinMsDefault } = options;
    assertWhole('timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1 });
    this.#stopping.abort();
    const timer = setTimeout(() => this.#giveUp.abort(), timeoutMs);
    try {
      await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #stopBySignal = (): void => void this.stop();

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#waiting.arm();
      try {
        const waitMs = await this.#turn();
        failures = 0;
        if (waitMs > 0) await this.#waiting.wait(waitMs);
      } catch (error) {
        if (this.#stopping.signal.aborted || isOver(error)) break;
        failures += 1;
        await this.#recover(error, failures);
      }
    }
    await this.#end();
  }

  /** One round: look, share out, letters, a batch. Answers in how many milliseconds another one is to follow. */
  async #turn(): Promise<number> {
    await this.#look();
    const { status, reason, failure } = this.#record;
    if (status !== 'running') {
      await this.#slices.releaseAll();
      this.#setState(
        status === 'failed' && failure !== undefined
          ? { kind: 'failed', failure }
          : { kind: 'paused', ...(reason !== undefined && { reason }) },
      );
      return lookEveryMs;
    }
    if (this.#slices.works.length === 0) {
      this.#setState({ kind: 'standby' });
      return lookEveryMs;
    }
    if (idleKinds.has(this.#state.kind)) this.#setState({ kind: 'catchingUp', slices: this.#slices.numbers });
    await this.#letters();
    return await this.#batch();
  }

  /** Now and then: what the record says, and which slices are this process's. */
  async #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < lookEveryMs) return;
    this.#record = (await requiredConsumer(this.#home, this.name)).record;
    if (this.#record.status === 'running') await this.#slices.holdShare(this.#record.sliceCount);
    this.#lookedAt = performance.now();
  }

  async #letters(): Promise<void> {
    const { requests } = this.#record;
    for (const work of this.#slices.works) {
      // A slice that was taken over is looked at, whatever was asked before: its last holder may not have come to it.
      const isDue = work.takeLetterDue();
      if (!isDue && this.#requestsSeen.get(work) === requests) continue;
      this.#requestsSeen.delete(work);
      await workOnLetters(
        {
          consumer: this.name,
          entityOf: this.#entityOf,
          whenSkipped: this.#spec.whenSkipped,
          context: this.#store.context,
          filter: this.#filter,
          home: this.#home.context.engine,
          now: this.#home.context.now,
        },
        work,
      );
      this.#requestsSeen.set(work, requests);
    }
  }

  async #batch(): Promise<number> {
    const { works = [], full = [] } = Object.groupBy(this.#slices.works, ({ isFull }) => (isFull ? 'full' : 'works'));
    // Nothing more is handed out to these until some of what is under way is settled; the others go on.
    if (full.length > 0) this.#settle(full, await Promise.allSettled(full.map((work) => work.keepUp())));
    if (works.length === 0) {
      this.#setState({ kind: 'catchingUp', slices: this.#slices.numbers });
      return lookEveryMs;
    }
    const from = leastOf(works.map(({ reading }) => reading));
    const batch = await this.#reader.read(from, this.#batchSize.count);
    const startedAt = performance.now();
    const shares = new Map<number, (typeof batch.events)[number][]>(works.map((work) => [work.held.slice, []]));
    for (const event of batch.events) {
      const slice = sliceOf(this.#entityOf(event), this.#record.sliceCount);
      const place = this.#slices.of(slice)?.reading[event.partition];
      if (place !== undefined && event.position > place.position) shares.get(slice)?.push(event);
    }
    const outcomes = await Promise.allSettled(
      works.map((work) =>
        work.work({
          events: shares.get(work.held.slice) ?? [],
          places: batch.places,
          isCaughtUp: batch.isEnd,
        }),
      ),
    );
    this.#batchSize.adapt(performance.now() - startedAt);
    this.#tellWaiters();
    this.#settle(works, outcomes);
    this.#setState({ kind: batch.isEnd && full.length === 0 ? 'live' : 'catchingUp', slices: this.#slices.numbers });
    const isBehind = works.some(({ reading }) => sumOf(reading) < sumOf(batch.places));
    return batch.isEnd && !isBehind ? await this.#ticks(works) : 0;
  }

  /** Answers in how many milliseconds the next tick is due, or the next look. */
  async #ticks(works: readonly SliceWork[]): Promise<number> {
    if (this.#spec.tick === undefined) return lookEveryMs;
    const outcomes = await Promise.allSettled(works.map((work) => work.tick()));
    this.#settle(works, outcomes);
    const dueInMs = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' && outcome.value !== undefined ? [Math.max(1, outcome.value)] : [],
    );
    return Math.min(lookEveryMs, ...dueInMs);
  }

  #tellWaiters(): void {
    for (const wake of this.#waiters) wake();
  }

  #settle(works: readonly SliceWork[], outcomes: readonly PromiseSettledResult<unknown>[]): void {
    const errors: Error[] = [];
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') return;
      const held = works[index]?.held;
      const reason: unknown = outcome.reason;
      // A slice that was lost is somebody else's work by now.
      if (held?.lost.aborted === true) this.#slices.forget(held.slice);
      else errors.push(reason instanceof Error ? reason : new Error(reasonOf(reason), { cause: reason }));
    });
    const worst = errors.find((error) => error instanceof ConsumerStop) ?? errors[0];
    if (worst !== undefined) throw worst;
    const letters = this.#slices.works.reduce((sum, { withLetters }) => sum + withLetters.letterCount, 0);
    const { lettersMax = 10_000 } = this.#spec;
    if (letters <= lettersMax) return;
    throw stopFor(
      new HindsightError(
        'CONSUMER_FAILED',
        `Consumer ${this.name} has ${letters} dead letters, and may have ${lettersMax}. Something is wrong with more than single events; it stopped so that no more are set aside.`,
        { details: { name: this.name, letters } },
      ),
      this.#home.context.now(),
    );
  }

  async #recover(error: unknown, failures: number): Promise<void> {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    const stop = error instanceof ConsumerStop ? error : this.#stopForUnreadable(error, failures);
    if (stop !== undefined) {
      await this.#recordFailure(stop);
      return;
    }
    this.#setState({ kind: 'retrying', error });
    // Not cut short by appends: there may be many. Only a stop ends it, and the loop looks for that.
    await this.#rest(pauseAfter(recovery, failures, Math.random()));
  }

  /** What cannot be read fails in the user's code, as a handler does, and is tried as often. */
  #stopForUnreadable(error: unknown, failures: number): ConsumerStop | undefined {
    const { attemptsMax } = checkedRetryPolicy(this.#spec.retry);
    return error instanceof BatchFailure && failures >= attemptsMax
      ? stopFor(error, this.#home.context.now())
      : undefined;
  }

  async #rest(milliseconds: number): Promise<void> {
    try {
      await pause(milliseconds, this.#stopping.signal);
    } catch {
      // It is to stop.
    }
  }

  async #recordFailure({ failure }: ConsumerStop): Promise<void> {
    try {
      this.#record = await changeConsumer(this.#home, this.name, ({ setAsideEventId: _told, ...record }) => ({
        ...record,
        status: 'failed',
        failure,
      }));
    } catch (error) {
      // The next round meets the failure again and tries to record it again.
      this.#setState({ kind: 'retrying', error });
      await this.#waiting.wait(lookEveryMs);
    }
  }

  async #end(): Promise<void> {
    clearInterval(this.#renewal);
    this.#options.signal?.removeEventListener('abort', this.#stopBySignal);
    for (const endWake of this.#endWakes) endWake();
    this.#waiting.end();
    try {
      await this.#slices.end();
    } catch {
      // The store was closed under it, or cannot be written: the leases run out by themselves.
    }
    this.#setState({ kind: 'stopped' });
  }

  #setState(state: ConsumerState): void {
    const isSame = isSameState(state, this.#state);
    this.#state = state;
    const { onState } = this.#options;
    // In a turn of its own: what it throws is its caller's fault and stops nothing here.
    if (!isSame && onState !== undefined) queueMicrotask(() => onState(state));
  }
}

/** Whether there is nothing left to follow: the store was closed, or the consumer removed. */
function isOver(error: unknown): boolean {
  return isHindsightError(error, 'CLOSED') || isHindsightError(error, 'CONSUMER_UNKNOWN');
}
