/**
 * The entities of a slice that have letters: their later events wait behind these. Kept in memory while the slice is held,
 * since only its holder adds and removes letters.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import { letterOf, letterWrite, walkLetters } from './letter.ts';
import type { FailedEvent } from './consumer-spec.ts';

/** Which consumer's slice it is. */
export interface ParkingPlace {
  readonly consumer: string;
  readonly slice: number;
}

/** The entities of one slice that are set aside, with the number of their letters. */
export class ParkedEntities {
  readonly #place: ParkingPlace;
  readonly #counts = new Map<string, number>();

  private constructor(place: ParkingPlace) {
    this.#place = place;
  }

  /** Reads which entities have letters. */
  static async load(home: Engine, place: ParkingPlace): Promise<ParkedEntities> {
    const parked = new ParkedEntities(place);
    for await (const { letter } of walkLetters(home, place)) parked.#count(letter.streamId, 1);
    return parked;
  }

  /** How many letters the slice has. */
  get letterCount(): number {
    let count = 0;
    for (const each of this.#counts.values()) count += each;
    return count;
  }

  /** Whether the entity has letters, so that its events wait. */
  has(streamId: string): boolean {
    return this.#counts.has(streamId);
  }

  /**
   * The writes that set events aside: those that failed, and those that wait behind one. Call `settle` once they are
   * written.
   */
  writesFor(failed: readonly FailedEvent[], waiting: readonly RecordedEvent[], now: number): readonly KeyedWrite[] {
    const at = { ...this.#place, now };
    return [
      ...failed.map((failure) => letterWrite(letterOf(at, failure.event, failure))),
      ...waiting.map((event) => letterWrite(letterOf(at, event))),
    ];
  }

  /** Remembers what was written. */
  settle(failed: readonly FailedEvent[], waiting: readonly RecordedEvent[]): void {
    for (const { event } of failed) this.#count(event.streamId, 1);
    for (const event of waiting) this.#count(event.streamId, 1);
  }

  /** A letter of the entity is gone. */
  remove(streamId: string): void {
    this.#count(streamId, -1);
  }

  #count(streamId: string, by: number): void {
    const count = (this.#counts.get(streamId) ?? 0) + by;
    if (count > 0) this.#counts.set(streamId, count);
    else this.#counts.delete(streamId);
  }
}
