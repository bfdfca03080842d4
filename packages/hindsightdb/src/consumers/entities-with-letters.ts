/**
 * The entities of a slice that have letters: their later events wait behind these. Kept in memory while the slice is held,
 * since only its holder adds and removes letters.
 */

import type { RecordedEvent } from '../core/event.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import type { FailedEvent } from './consumer-spec.ts';
import type { EntityOf } from './entity-of.ts';
import { entityOfLetter, letterOf, letterWrite, walkLetters, type Letter } from './letter.ts';

/** Which consumer's slice it is. */
export interface LettersOf {
  readonly consumer: string;
  readonly slice: number;
  readonly entityOf: EntityOf;
}

/** Where an event stands. */
type Place = Pick<RecordedEvent, 'partition' | 'position'>;

/** What is known of one entity: the positions of its letters, by partition. They can be compared within one only. */
type Positions = Map<number, Set<number>>;

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
    const { consumer, slice } = place;
    for await (const { letter } of walkLetters(home, { consumer, slice }))
      withLetters.#add(entityOfLetter(letter), letter);
    return withLetters;
  }

  /** How many letters the slice has. */
  get letterCount(): number {
    return this.#letterCount;
  }

  /**
   * Whether an event waits: it is a letter, or comes behind one of its entity. One that comes before all of them does not: after
   * a rewind it is handled again, and the letters stay what they were. What comes before a letter of another partition cannot
   * be told, so that it waits.
   */
  isWaiting(event: RecordedEvent): boolean {
    // Most slices have no letters, and naming the entity may take a while.
    if (this.#letterCount === 0) return false;
    const positions = this.#entities.get(this.#place.entityOf(event));
    if (positions === undefined) return false;
    for (const [partition, ofPartition] of positions) {
      if (partition !== event.partition) return true;
      for (const each of ofPartition) if (each <= event.position) return true;
    }
    return false;
  }

  /** Whether the entity of an event has letters. */
  hasLetters(event: RecordedEvent): boolean {
    return this.#entities.has(this.#place.entityOf(event));
  }

  /**
   * The writes that set events aside: those that failed, and those that wait behind one. What is a letter already stays as it
   * is. Call `settle` once they are written.
   */
  writesFor(failed: readonly FailedEvent[], waiting: readonly RecordedEvent[], now: number): readonly KeyedWrite[] {
    const { consumer, slice, entityOf } = this.#place;
    const atOf = (event: RecordedEvent): Parameters<typeof letterOf>[0] => ({
      consumer,
      slice,
      entity: entityOf(event),
      now,
    });
    return [
      ...failed.map((failure) => letterWrite(letterOf(atOf(failure.event), failure.event, failure))),
      ...waiting.filter((event) => !this.#isLetter(event)).map((event) => letterWrite(letterOf(atOf(event), event))),
    ];
  }

  /** Remembers what was written. */
  settle(failed: readonly FailedEvent[], waiting: readonly RecordedEvent[]): void {
    for (const { event } of failed) this.#add(this.#place.entityOf(event), event);
    for (const event of waiting) this.#add(this.#place.entityOf(event), event);
  }

  /** A letter is gone. */
  remove(letter: Pick<Letter, 'streamId' | 'entity' | 'partition' | 'position'>): void {
    const entity = entityOfLetter(letter);
    const positions = this.#entities.get(entity);
    const ofPartition = positions?.get(letter.partition);
    if (ofPartition?.delete(letter.position) === true) this.#letterCount -= 1;
    if (ofPartition?.size === 0) positions?.delete(letter.partition);
    if (positions?.size === 0) this.#entities.delete(entity);
  }

  #isLetter(event: RecordedEvent): boolean {
    const { partition, position } = event;
    return this.#entities.get(this.#place.entityOf(event))?.get(partition)?.has(position) === true;
  }

  #add(entity: string, { partition, position }: Place): void {
    const positions: Positions = this.#entities.get(entity) ?? new Map();
    const ofPartition = positions.get(partition) ?? new Set();
    if (!ofPartition.has(position)) this.#letterCount += 1;
    this.#entities.set(entity, positions.set(partition, ofPartition.add(position)));
  }
}
