/**
 * Waking followers: at once for what this process writes, and by a look at SQLite's data version for what others write. The
 * look is taken only while somebody waits, costs some microseconds, and keeps the process alive for them.
 */

import type { DatabaseSync } from 'node:sqlite';
import { numberOf, prepareArrays } from './rows.ts';
import { isBusy } from './sqlite-errors.ts';

/** How often is looked. Half of the promised time, so that a late timer still keeps it. */
const lookEveryMs = 10;
/** The time within which a follower hears of an append by another process. */
export const wakeWithinMs = 20;

/** The listeners of one handle. */
export class Wake {
  readonly #look: () => number;
  /** One entry a registration: a listener may be given twice. */
  readonly #registrations = new Set<{ readonly listener: () => void }>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #dataVersion = -1;

  constructor(database: DatabaseSync) {
    const statement = prepareArrays(database, 'PRAGMA data_version');
    this.#look = () => numberOf(statement.get(), 0);
  }

  /** Adds a listener; returns the function that ends it. */
  add(listener: () => void): () => void {
    const registration = { listener };
    this.#registrations.add(registration);
    this.#timer ??= setInterval(() => this.#lookNow(), lookEveryMs);
    return () => {
      this.#registrations.delete(registration);
      if (this.#registrations.size === 0) this.#stop();
    };
  }

  #lookNow(): void {
    try {
      const dataVersion = this.#look();
      if (dataVersion !== this.#dataVersion) this.wakeAll();
      this.#dataVersion = dataVersion;
    } catch (error) {
      // Somebody is recovering the file; the next look will see. Any other fault shows in the read that a wake leads to.
      if (!isBusy(error)) this.wakeAll();
    }
  }

  /** Wakes everybody: something was written. */
  wakeAll(): void {
    for (const { listener } of this.#registrations) listener();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Wakes everybody a last time, so that they see that the handle is closed. */
  close(): void {
    this.#stop();
    this.wakeAll();
  }
}
