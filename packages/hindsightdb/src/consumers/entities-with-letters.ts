/**
 * The entities of a slice that have letters: their later events wait behind these. Kept in memory while the slice is held,
 * since only its holder adds and removes letters.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import { letterOf, letterWrite, walkLetters } from './letter.ts';
import type { FailedEvent } from './consumer-spec.ts';

/** Which consumer's slice it is. */
export interface LettersOf {
  readonly consumer: string;
  readonly slice: number;
}

/** What is known of one entity: the positions of its letters. A stream lies in one partition, so that they can be compared. */
type Positions = Set<number>;

/** The entities of one slice that are set aside, with their letters. */
export class EntitiesWithLetters {
  readonly #place: LettersOf;
  readonly #entities = new Map<string, Positions>();
  #letterCount = 0;

  private constructor(place: LettersOf) {
    this.#place = place;
  }

  /** Reads which entities have letters. */
  static async load(home: Engine, place: LettersOf): Promise<EntitiesWithLetters> {
    const withLetters = new EntitiesWithLetters(place);
    for await (const { letter } of walkLetters(home, place)) withLetters.#add(letter);
    return withLetters;
  }

  /** How many letters the slice has. */
  get letterCount(): number {
    return this.#letterCount;
  }

  /**
   * Whether an event waits: it is a letter, or comes behind one of its entity. One that comes before all of them does not: after
   * a rewind it is handled again, and the letters stay what they were.
   */
  isWaiting({ streamId, position }: Pick<RecordedEvent, 'streamId' | 'position'>): boolean {
    const positions = this.#entities.get(streamId);
    if (positions === undefined) return false;
    for (const each of positions) if (each <= position) return true;
    return false;
  }

  /**
   * The writes that set events aside: those that failed, and those that wait behind one. What is a letter already stays as it
   * is. Call `settle` once they are written.
   */
  writesFor(failed: readonly FailedEvent[], waiting: readonly RecordedEvent[], now: number): readonly KeyedWrite[] {
    const at = { ...this.#place, now };
    return [
      ...failed.map((failure) => letterWrite(letterOf(at, failure.event, failure))),
      ...waiting.filter((event) => !this.#isLetter(event)).map((event) => letterWrite(letterOf(at, event))),
    ];
  }

  /** Remembers what was written. */
  settle(failed: readonly FailedEvent[], waiting: readonly RecordedEvent[]): void {
    for (const { event } of failed) this.#add(event);
    for (const event of waiting) this.#add(event);
  }

  /** A letter is gone. */
  remove({ streamId, position }: Pick<RecordedEvent, 'streamId' | 'position'>): void {
    const positions = this.#entities.get(streamId);
    if (positions?.delete(position) === true) this.#letterCount -= 1;
    if (positions?.size === 0) this.#entities.delete(streamId);
  }

  #isLetter({ streamId, position }: RecordedEvent): boolean {
    return this.#entities.get(streamId)?.has(position) === true;
  }

  #add({ streamId, position }: Pick<RecordedEvent, 'streamId' | 'position'>): void {
    const positions = this.#entities.get(streamId) ?? new Set();
    if (!positions.has(position)) this.#letterCount += 1;
    this.#entities.set(streamId, positions.add(position));
  }
}
