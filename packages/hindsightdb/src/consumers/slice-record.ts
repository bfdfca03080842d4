/** What is recorded of a slice: its place, with what is written beside it, and the trail of earlier places. */

import { decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import { checkpointOf } from '../store/places.ts';
import { trailKey } from './consumer-keys.ts';
import type { SliceWrites } from './consumer-spec.ts';
import type { HeldSlice } from './held-slice.ts';
import { sumOf } from './share.ts';
import { encodeTrail, extendTrail } from './trail.ts';

/** What is recorded, and where. */
export interface SliceRecordSettings {
  readonly consumer: string;
  readonly log: Engine;
  readonly held: HeldSlice;
  /** Where the slice stands, and the places where it stood. */
  readonly places: readonly PartitionPlace[];
  readonly trail: readonly Checkpoint[];
}

/** How many positions lie between two places of the trail at least. */
const trailStep = 256;

/** The record of one slice, as its holder writes it. */
export class SliceRecord {
  readonly #settings: SliceRecordSettings;
  /** The sum of positions that the entry names, and when it was written. */
  #recorded: number;
  #recordedAtMs = performance.now();
  #trail: readonly Checkpoint[];
  #trailAt: number;

  constructor(settings: SliceRecordSettings) {
    const { places, trail } = settings;
    this.#settings = settings;
    this.#trail = trail;
    this.#recorded = sumOf(places);
    const [newest] = trail;
    // After a rewind the trail lies ahead, and begins anew here.
    this.#trailAt = newest === undefined ? 0 : Math.min(this.#recorded, sumOf(decodeCheckpoint(newest).places));
  }

  /** How many positions lie between the place that is recorded and this one. */
  distanceTo(places: readonly PartitionPlace[]): number {
    return sumOf(places) - this.#recorded;
  }

  /** Records the place where it has moved and nothing was recorded for so long. */
  async flush(places: readonly PartitionPlace[], sinceMs: number): Promise<void> {
    if (this.distanceTo(places) === 0 || performance.now() - this.#recordedAtMs < sinceMs) return;
    await this.commit(places, {});
  }

  /** Records the place with what is written beside it. Throws as `HeldSlice.commit` does. */
  async commit(
    places: readonly PartitionPlace[],
    { keyedWrites = [], statements = [] }: Pick<SliceWrites, 'keyedWrites' | 'statements'>,
  ): Promise<void> {
    const trail = this.#trailWrite(places);
    await this.#settings.held.commit({
      places,
      keyedWrites: trail === undefined ? keyedWrites : [...keyedWrites, trail.write],
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
    const { consumer, log, held } = this.#settings;
    const trail = extendTrail(this.#trail, checkpointOf(log, places));
    return { trail, write: { key: trailKey(consumer, held.slice), value: encodeTrail(trail) } };
  }
}
