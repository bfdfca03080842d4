/**
 * A follower of one partition, in the shape that subscriptions have: it reads to the end, then waits to be woken.
 */

import type { Engine, LogFilter, StoredEvent } from '../engine/contract.ts';
import { ConformanceFailure } from './assertions.ts';

/** What a follower follows, and how it reads. */
export interface FollowerOptions {
  readonly partition: number;
  /** The position to begin after. Default 0. */
  readonly from?: number;
  readonly filter?: LogFilter;
  /** Default 100. */
  readonly limit?: number;
}

/** Reads a partition from a place on, for as long as it is not ended. */
export class Follower {
  readonly #engine: Engine;
  readonly #options: Required<FollowerOptions>;
  readonly #events: StoredEvent[] = [];
  readonly #endWake: () => void;
  readonly #finished: Promise<void>;
  #scannedTo: number;
  #isAwake = false;
  #isEnded = false;
  #resolveWait: (() => void) | undefined;

  constructor(engine: Engine, options: FollowerOptions) {
    this.#engine = engine;
    this.#options = { from: 0, filter: { includeReserved: false }, limit: 100, ...options };
    this.#scannedTo = this.#options.from;
    this.#endWake = engine.wake(() => this.#wake());
    this.#finished = this.#follow();
    // Whoever ends the follower sees what went wrong; until then it must not count as unhandled.
    this.#finished.catch(() => undefined);
  }

  /** What was seen so far. */
  get events(): readonly StoredEvent[] {
    return this.#events;
  }

  /** How far was looked. */
  get scannedTo(): number {
    return this.#scannedTo;
  }

  /** Ends the follower. Throws what went wrong on its way. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#wake();
    await this.#finished;
    this.#endWake();
  }

  #wake(): void {
    this.#isAwake = true;
    this.#resolveWait?.();
  }

  async #follow(): Promise<void> {
    const { partition, filter, limit } = this.#options;
    while (!this.#isEnded) {
      // Forgotten before looking: what is appended during the look must wake the wait below.
      this.#isAwake = false;
      const from = this.#scannedTo;
      const page = await this.#engine.readLog({
        partition,
        direction: 'forward',
        from,
        filter,
        limit,
        bytesMax: 1_000_000,
      });
      for (const event of page.events) {
        const last = this.#events.at(-1)?.position ?? this.#options.from;
        if (event.position <= last)
          throw new ConformanceFailure(`A follower saw position ${event.position} after ${last}.`);
        this.#events.push(event);
      }
      if (!page.isEnd && page.scannedTo <= from)
        throw new ConformanceFailure(
          `A follower at ${from} makes no progress: it is not the end, and it is sent to ${page.scannedTo}.`,
        );
      this.#scannedTo = page.scannedTo;
      if (page.isEnd && !this.#isAwake && !this.#isEnded) {
        await new Promise<void>((resolve) => (this.#resolveWait = resolve));
        this.#resolveWait = undefined;
      }
    }
  }
}
