/** The letters of a store by their entities: of each the event that it waits behind, and how many wait. */

import type { Store } from 'hindsightdb';
import { listConsumers, listLetters, type Letter } from 'hindsightdb/consumers';

/** An entity that has letters with a consumer. */
export interface LetterEntity {
  /** Its first letter. */
  readonly letter: Letter;
  /** How many events wait behind it. */
  readonly waitingCount: number;
}

/** The entities that have letters with one consumer, in the order in which its letters are kept. */
export async function* letterEntities(store: Store, consumer: string): AsyncGenerator<LetterEntity> {
  let entity: LetterEntity | undefined;
  for await (const letter of listLetters(store, consumer)) {
    if (entity !== undefined && entityName(entity.letter) === entityName(letter)) {
      entity = { letter: entity.letter, waitingCount: entity.waitingCount + 1 };
      continue;
    }
    if (entity !== undefined) yield entity;
    entity = { letter, waitingCount: 0 };
  }
  if (entity !== undefined) yield entity;
}

/** The names of the consumers whose letters are meant: the one given, or all. */
export async function consumersOf(store: Store, given: string | undefined): Promise<readonly string[]> {
  if (given !== undefined) return [given];
  return (await listConsumers(store)).map(({ name }) => name);
}

/** The entity that a letter waits with: its stream, or what the consumer itself names, as a process manager does. */
export function entityName({ entity, streamId }: Letter): string {
  return entity ?? streamId;
}

/** The first letter of an entity; undefined where it has none. */
export async function firstLetter(store: Store, consumer: string, entity: string): Promise<Letter | undefined> {
  for await (const letter of listLetters(store, consumer, { streamId: entity })) return letter;
  return undefined;
}
