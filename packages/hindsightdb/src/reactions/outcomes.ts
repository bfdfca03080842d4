/** What came of effects, on its way into the journal. */

import type { SliceBatch } from '../consumers/consumer-spec.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { EventWork } from './event-work.ts';
import { journalWrites } from './journal.ts';

/** While a batch takes long, outcomes are recorded this often: so much is done again after a crash, at most. */
const recordEveryMs = 250;

/** What came of the effects of a batch and is not in the journal yet. */
export class Outcomes {
  readonly #reaction: string;
  readonly #home: AnyStore;
  readonly #batch: SliceBatch;
  readonly #unrecorded = new Set<EventWork>();
  #recordedAtMs = performance.now();
  #recording: Promise<void> | undefined;

  constructor(reaction: string, home: AnyStore, batch: SliceBatch) {
    this.#reaction = reaction;
    this.#home = home;
    this.#batch = batch;
  }

  /** Notes that the plan of an event says more than the journal. */
  readonly add = (work: EventWork): void => void this.#unrecorded.add(work);

  /** Records what came of effects where that was not done for a while. */
  async recorded(): Promise<void> {
    if (this.#recording === undefined && performance.now() - this.#recordedAtMs >= recordEveryMs)
      this.#recording = this.#record().finally(() => {
        this.#recording = undefined;
        this.#recordedAtMs = performance.now();
      });
    await this.#recording;
  }

  /** The writes that are left for the checkpoint. */
  async rest(): Promise<readonly KeyedWrite[]> {
    const plans = [...this.#unrecorded].flatMap(({ plan }) => plan ?? []);
    return await journalWrites(this.#home.context, this.#reaction, plans);
  }

  /** Records what was done before the work ended early, if that can be: what is not recorded is done again. */
  async salvage(): Promise<void> {
    await this.#record().catch(() => undefined);
  }

  async #record(): Promise<void> {
    const works = [...this.#unrecorded];
    if (works.length === 0) return;
    const writes = await this.rest();
    for (const work of works) this.#unrecorded.delete(work);
    try {
      await this.#batch.record(writes);
    } catch (error) {
      for (const work of works) this.#unrecorded.add(work);
      throw error;
    }
  }
}
