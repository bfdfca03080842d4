/** The slices of a consumer that this process holds: its share of them, taken up where they were left, and given back. */

import { decodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import { placesAt } from '../store/places.ts';
import { HindsightError, isHindsightError } from '../core/errors.ts';
import { recordKey, trailKey } from './consumer-keys.ts';
import type { ConsumerSpec } from './consumer-spec.ts';
import { divergedError, divergenceOf } from './divergence.ts';
import { placeAfterDivergence } from './divergence-policy.ts';
import { takeSlice, type HeldSlice, type HolderSettings } from './held-slice.ts';
import { announceMember, forgetMember, shareOf } from './members.ts';
import { EntitiesWithLetters } from './entities-with-letters.ts';
import { entityOfSpec } from './entity-of.ts';
import type { CheckedRetryPolicy } from './retry-policy.ts';
import { stopFor } from './slice-failure.ts';
import { SliceWork } from './slice-work.ts';
import { decodeTrail } from './trail.ts';

/** What slices are held with. */
export interface HeldSlicesSettings {
  readonly spec: ConsumerSpec;
  readonly retry: CheckedRetryPolicy;
  readonly holder: HolderSettings;
  /** Aborted when nothing is to be waited for any more. */
  readonly signal: AbortSignal;
  readonly eventToSetAside: () => string | undefined;
  /** Called when the place of a slice has moved without a batch. */
  readonly whenMoved: () => void;
  /** Has the next round begin. */
  readonly wakeUp: () => void;
  /** Where every slice begins that has not been anywhere yet. */
  readonly firstPlaces: () => Promise<readonly PartitionPlace[]>;
}

/** The slices that this process works on. */
export class HeldSlices {
  readonly #settings: HeldSlicesSettings;
  readonly #works = new Map<number, SliceWork>();
  /** Slices at which a handler of this process is still at work, though they were lost: it would meet itself there. */
  readonly #resting = new Set<number>();
  /** Slices that are given back once what is under way there is settled. */
  readonly #leaving = new Map<SliceWork, Promise<void>>();
  /** Until when this process has said that it is there. */
  #announcedUntil = 0;
  #members: readonly string[] = [];

  constructor(settings: HeldSlicesSettings) {
    this.#settings = settings;
  }

  /** The work on each slice, in no particular order. */
  get works(): readonly SliceWork[] {
    return [...this.#works.values()];
  }

  /** The numbers of the slices, ascending. */
  get numbers(): readonly number[] {
    return [...this.#works.keys()].toSorted((left, right) => left - right);
  }

  /** The work on a slice, where this process holds it. */
  of(slice: number): SliceWork | undefined {
    return this.#works.get(slice);
  }

  /** Forgets a slice that was lost. */
  forget(slice: number): void {
    const rest = this.#works.get(slice)?.rest;
    this.#works.delete(slice);
    if (rest !== undefined) void this.#takeNotBefore(slice, rest);
  }

  async #takeNotBefore(slice: number, rest: Promise<unknown>): Promise<void> {
    this.#resting.add(slice);
    await rest;
    this.#resting.delete(slice);
  }

  /** Takes free slices up to this process's share, and gives back what is beyond it. */
  async holdShare(sliceCount: number): Promise<void> {
    for (const { held } of this.works) {
      await held.check();
      if (held.lost.aborted) this.forget(held.slice);
    }
    const share = await this.#share(sliceCount);
    for (const work of this.works) {
      if (this.#works.size <= share) break;
      this.#works.delete(work.held.slice);
      if (work.rest === undefined) await giveBack(work);
      else void this.#giveBackLater(work);
    }
    for (let slice = 0; slice < sliceCount && this.#works.size < share; slice += 1) {
      if (this.#works.has(slice) || this.#resting.has(slice)) continue;
      const held = await takeSlice(this.#settings.holder, slice);
      if (held === undefined) continue;
      await this.#assertNotRemoved(held);
      this.#works.set(slice, await this.#begin(held));
    }
  }

  /** Others wait for the slice until then; the slices that stay here do not. */
  async #giveBackLater(work: SliceWork): Promise<void> {
    const { slice } = work.held;
    // The lease of one that could not be given back runs out by itself.
    const leaving = giveBack(work).catch(() => undefined);
    this.#resting.add(slice);
    this.#leaving.set(work, leaving);
    await leaving;
    this.#leaving.delete(work);
    this.#resting.delete(slice);
  }

  /**
   * Whoever removes a consumer removes its record first and its slices then. So a slice that was taken while the record was
   * still there is removed with the others, and one that was taken later is removed here.
   */
  async #assertNotRemoved(held: HeldSlice): Promise<void> {
    const { home, name } = this.#settings.holder;
    if ((await home.keyedGet(recordKey(name))) !== undefined) return;
    await held.remove();
    throw new HindsightError('CONSUMER_UNKNOWN', `Consumer ${name} was removed.`, { details: { name } });
  }

  async #share(sliceCount: number): Promise<number> {
    // One slice cannot be shared: whoever finds it free takes it.
    if (sliceCount === 1) return 1;
    const { home, name, member, leaseMs, now } = this.#settings.holder;
    const at = now();
    const isDue = this.#announcedUntil - at < (leaseMs * 1000 * 2) / 3;
    if (isDue) this.#announcedUntil = at + leaseMs * 1000;
    this.#members = await announceMember(home, name, {
      member,
      now: at,
      ...(isDue && { expiresAt: this.#announcedUntil }),
    });
    return shareOf(this.#members, member, sliceCount);
  }

  async #begin(held: HeldSlice): Promise<SliceWork> {
    const { spec, retry, holder, signal, eventToSetAside, whenMoved, wakeUp } = this.#settings;
    const { home, log, now } = holder;
    const { slice } = held;
    try {
      const trail = decodeTrail((await home.keyedGet(trailKey(spec.name, slice)))?.value);
      const places = await this.#placesOf(held, trail);
      const withLetters = await EntitiesWithLetters.load(home, {
        consumer: spec.name,
        slice,
        entityOf: entityOfSpec(spec),
      });
      const settings = { spec, retry, log, now, signal, eventToSetAside, whenMoved, wakeUp };
      return new SliceWork(settings, { held, places, withLetters, trail });
    } catch (error) {
      await held.release();
      throw error;
    }
  }

  async #placesOf(held: HeldSlice, trail: readonly Checkpoint[]): Promise<readonly PartitionPlace[]> {
    const { spec, holder } = this.#settings;
    const { log, now } = holder;
    const { checkpoint } = held.entry;
    if (checkpoint === null) return await this.#startHere(held);
    const divergence = await divergenceOf(log, held.slice, checkpoint, trail);
    if (divergence === undefined) return decodeCheckpoint(checkpoint).places;
    const place = placeAfterDivergence(spec, divergence);
    if (place.kind === 'stop') throw stopFor(divergedError(spec.name, divergence), now());
    if (place.kind === 'start') return await this.#startHere(held);
    const places =
      place.kind === 'now' ? await placesAt(log, await log.heads()) : decodeCheckpoint(place.checkpoint).places;
    await held.commit({ places });
    return places;
  }

  /** The place is recorded before anything else, with what a consumer removes that begins anew. */
  async #startHere(held: HeldSlice): Promise<readonly PartitionPlace[]> {
    const { spec } = this.#settings;
    const places = await this.#settings.firstPlaces();
    const keyedWrites = (await spec.whenReset?.()) ?? [];
    await held.commit({ places, keyedWrites });
    return places;
  }

  /** Renews the leases. One that could not be renewed shows when something is recorded, or runs out. */
  async renew(): Promise<void> {
    for (const { held } of [...this.works, ...this.#leaving.keys()])
      if (!held.lost.aborted) await held.renew().catch(() => undefined);
  }

  /** Waits until what is under way is settled, records how far each slice has come, and gives all of them back. */
  async releaseAll(): Promise<void> {
    const { works } = this;
    this.#works.clear();
    const outcomes = await Promise.allSettled([...works.map(giveBack), ...this.#leaving.values()]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** The same, and nobody need wait for this process any more. */
  async end(): Promise<void> {
    const { home, name, member } = this.#settings.holder;
    try {
      await this.releaseAll();
    } finally {
      await forgetMember(home, name, member);
    }
  }
}

async function giveBack(work: SliceWork): Promise<void> {
  try {
    if (work.held.lost.aborted) return;
    await work.finish();
  } catch (error) {
    // Somebody else has taken it: it is given back already.
    if (isHindsightError(error, 'FENCED')) return;
    throw error;
  } finally {
    await work.held.release();
  }
}
