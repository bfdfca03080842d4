/**
 * Timers at work in this process: sleeps until the next one is due, fires what is, and goes on whatever the store or `fire` does.
 */

import { isHindsightError } from '../core/errors.ts';
import { pause } from '../consumers/pause.ts';
import { checkedRetryPolicy, pauseAfter } from '../consumers/retry-policy.ts';
import { assertWhole } from '../store/argument-checks.ts';
import type { Store } from '../store/store.ts';
import { wakeable, type Wakeable } from '../store/wakeable.ts';
import type { Timers } from './define-timers.ts';
import { firePage, type FailedFiring } from './fire-page.ts';
import { firstDue } from './stored-timer.ts';
import { TimerLease } from './timer-lease.ts';
import { onTimersSet } from './wakes.ts';

/** What running timers do. */
export type TimersState =
  /** Nothing is due. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'firing' }
  /** Another process fires them. */
  | { readonly kind: 'standby' }
  /** The store failed in a way that passes: it goes on by itself. */
  | { readonly kind: 'retrying'; readonly error: unknown }
  | { readonly kind: 'stopped' };

/** How timers are run. */
export interface RunTimersOptions {
  /** Stops them, as `stop()` does. */
  readonly signal?: AbortSignal;
  /** Called with each timer that could not be fired. */
  readonly onFailure?: (failure: FailedFiring) => void;
  /** Called whenever the state changes. */
  readonly onState?: (state: TimersState) => void;
}

/** How often is looked what others have set, and whether another process has gone. */
const lookEveryMs = 250;
/** The pauses while the store cannot be read or written. */
const recovery = checkedRetryPolicy({ firstDelayMs: 50, delayMsMax: 5000 });
/** How long `stop` waits for what `fire` is at before it is not waited for any more. */
const stopWithinMsDefault = 10_000;

/** Timers that are run in this process. Made by `runTimers`. */
export class TimerRunner {
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #options: RunTimersOptions;
  readonly #lease: TimerLease;
  readonly #stopping = new AbortController();
  /** Aborted when what `fire` is at is not waited for any more. */
  readonly #giveUp = new AbortController();
  readonly #waiting: Wakeable;
  readonly #endWakes: () => void;
  readonly #ended: Promise<void>;
  #state: TimersState = { kind: 'waiting' };

  /** Use `runTimers`. */
  constructor(store: Store, timers: Timers, options: RunTimersOptions) {
    this.#store = store;
    this.#timers = timers;
    this.#options = options;
    this.#lease = new TimerLease(store.context, timers.name, timers.leaseMs);
    this.#waiting = wakeable(this.#stopping.signal);
    this.#endWakes = onTimersSet(store.context.engine, (group) => {
      if (group === timers.name) this.#waiting.wake();
    });
    if (options.signal?.aborted === true) this.#stopping.abort();
    else options.signal?.addEventListener('abort', this.#stopBySignal, { once: true });
    this.#ended = this.#run();
  }

  /** The group. */
  get name(): string {
    return this.#timers.name;
  }

  /** What it is doing in this process. */
  get state(): TimersState {
    return this.#state;
  }

  /** Resolves when it has ended, by `stop()`, its signal or the end of the store. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /**
   * Stops: no further timer is begun, and what was begun is written. After `timeoutMs` (default 10,000) a `fire` that has not
   * answered is not waited for, and its timer stays. Calling it again changes nothing.
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
        const restMs = await this.#turn();
        failures = 0;
        // At least a turn of the event loop: an engine in memory answers without one.
        await (restMs > 0 ? this.#waiting.wait(restMs) : new Promise((resolve) => setImmediate(resolve)));
      } catch (error) {
        if (this.#stopping.signal.aborted || isHindsightError(error, 'CLOSED')) break;
        failures += 1;
        this.#setState({ kind: 'retrying', error });
        await this.#rest(pauseAfter(recovery, failures, Math.random()));
      }
    }
    await this.#end();
  }

  /** Fires a page of what is due. Answers how long nothing will be, in milliseconds. */
  async #turn(): Promise<number> {
    const { engine, now } = this.#store.context;
    if (!(await this.#lease.hold())) {
      this.#setState({ kind: 'standby' });
      return lookEveryMs;
    }
    const first = await firstDue(engine, this.name);
    const restMs = first === undefined ? lookEveryMs : (first.at - now()) / 1000;
    if (restMs > 0) {
      this.#setState({ kind: 'waiting' });
      return Math.min(lookEveryMs, Math.ceil(restMs));
    }
    this.#setState({ kind: 'firing' });
    await this.#firePage(now());
    return 0;
  }

  async #firePage(until: number): Promise<void> {
    const beganAt = performance.now();
    await firePage(
      {
        store: this.#store,
        timers: this.#timers,
        // A page that takes long is left, so that the lease is renewed.
        isOver: () => this.#stopping.signal.aborted || performance.now() - beganAt > this.#timers.leaseMs / 3,
        signal: this.#giveUp.signal,
        onFailure: this.#options.onFailure,
      },
      until,
    );
  }

  async #rest(milliseconds: number): Promise<void> {
    try {
      await pause(milliseconds, this.#stopping.signal);
    } catch {
      // It is to stop.
    }
  }

  async #end(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#stopBySignal);
    this.#endWakes();
    this.#waiting.end();
    try {
      await this.#lease.release();
    } catch {
      // The store was closed under it, or cannot be written: the lease runs out by itself.
    }
    this.#setState({ kind: 'stopped' });
  }

  #setState(state: TimersState): void {
    const before = this.#state;
    this.#state = state;
    const isSame =
      before.kind === 'retrying'
        ? state.kind === 'retrying' && state.error === before.error
        : state.kind === before.kind;
    const { onState } = this.#options;
    // In a turn of its own: what it throws is its caller's fault and stops nothing here.
    if (!isSame && onState !== undefined) queueMicrotask(() => onState(state));
  }
}
