/** The letters of commands: each is of the event that accepted its command, or of the one by which a scheduled one came due. */

import { letterKey } from '../consumers/consumer-keys.ts';
import { readConsumer } from '../consumers/consumer-record.ts';
import { retryLetters } from '../consumers/consumer-admin.ts';
import { walkLetters, type Letter } from '../consumers/letter.ts';
import { sliceOf } from '../consumers/slice-entry.ts';
import { isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { AnyStore } from '../store/context-of.ts';
import { decodeStored } from '../store/decode.ts';
import { commandDueType, commandTypes, dueRecordOf, entityOf } from './command-record.ts';
import { consumerFor } from './define-commands.ts';

/** Whether the command that an event holds has a letter. */
export async function isSetAside(
  store: AnyStore,
  event: RecordedEvent,
  consumer: string | undefined,
): Promise<boolean> {
  const place = await placeOf(store, event, consumer);
  if (place === undefined) return false;
  const { engine } = store.context;
  const key = letterKey(place.consumer, place.slice, { ...event, entity: place.entity });
  if ((await engine.keyedGet(key)) !== undefined) return true;
  if (event.type !== commandTypes.scheduled) return false;
  for await (const { letter } of walkLetters(engine, place)) if (await isOf(store, letter, event.id)) return true;
  return false;
}

/** Where the letter of a command is the first of its entity, has those behind it tried: it needs to be decided no more. */
export async function passOver(store: AnyStore, event: RecordedEvent, consumer: string): Promise<void> {
  const place = await placeOf(store, event, consumer);
  if (place === undefined) return;
  for await (const { letter } of walkLetters(store.context.engine, place)) {
    if (!(await isOf(store, letter, event.id))) return;
    try {
      await retryLetters(store, consumer, place.entity);
    } catch (error) {
      // Whoever runs the commands was faster.
      if (!isHindsightError(error, 'LETTER_UNKNOWN')) throw error;
    }
    return;
  }
}

interface LettersOfEntity {
  readonly consumer: string;
  readonly slice: number;
  readonly entity: string;
}

async function placeOf(
  store: AnyStore,
  event: RecordedEvent,
  consumer: string | undefined,
): Promise<LettersOfEntity | undefined> {
  const entity = entityOf(event);
  const name = consumer ?? consumerFor(entity);
  const found = await readConsumer(store, name);
  return found && { consumer: name, slice: sliceOf(entity, found.record.sliceCount), entity };
}

async function isOf({ context }: AnyStore, letter: Letter, commandId: string): Promise<boolean> {
  if (letter.type !== commandDueType) return letter.eventId === commandId;
  const { streamId, version: fromVersion } = letter;
  const page = await context.engine.readStream({ streamId, direction: 'forward', fromVersion, limit: 1, bytesMax: 1 });
  const [event] = await decodeStored(context, page.events);
  return event?.type === commandDueType && dueRecordOf(event).command === commandId;
}
