/** Letting days pass in a store whose clock is set. */

import type { Store } from 'hindsightdb';
import type { Consumer } from 'hindsightdb/consumers';
import { advanceProcess, type Process } from 'hindsightdb/processes';
import type { SettableClock } from 'hindsightdb/testing';
import { dayMs } from './payment-terms.ts';

/** Lets days pass for whoever works in a store. */
export class Days {
  readonly #store: Store;
  readonly #clock: SettableClock;
  readonly #process: Process;

  constructor(store: Store, clock: SettableClock, process: Process) {
    this.#store = store;
    this.#clock = clock;
    this.#process = process;
  }

  /** Lets so many days pass; on each of them everything is done that is due. */
  async pass(count: number, deciding: readonly Consumer[]): Promise<void> {
    for (let day = 0; day < count; day += 1) {
      this.#clock.advanceMs(dayMs);
      for (let before = ''; before !== (await this.#store.head());) {
        before = await this.#store.head();
        await advanceProcess(this.#store, this.#process);
        for (const each of deciding) await each.waitFor(await this.#store.head());
      }
    }
  }
}
