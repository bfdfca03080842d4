/**
 * Trying letters again, by the holder of their slice. Requests come through the letters themselves: the first letter of an
 * entity says `retry` or `skip`, and those behind it follow in order until one fails.
 */

import { HindsightError, isConflict, isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { idOfRecord } from '../core/record.ts';
import { isoOfMicros } from '../core/time.ts';
import { decodeEvents } from '../store/decode.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import type { ReadFilter } from './event-filter.ts';
import { EventFailure, type ConsumerSpec } from './consumer-spec.ts';
import type { EntityOf } from './entity-of.ts';
import { describeError, entityOfLetter, letterWrite, walkLetters, type Letter, type StoredLetter } from './letter.ts';
import { isPassing } from './slice-failure.ts';
import type { SliceWork } from './slice-work.ts';

/** What letters are tried with. */
export interface LetterSettings {
  readonly consumer: string;
  readonly entityOf: EntityOf;
  readonly whenSkipped: ConsumerSpec['whenSkipped'];
  readonly context: StoreContext;
  readonly filter: ReadFilter;
  readonly home: Engine;
  /** Microseconds since 1970. */
  readonly now: () => number;
}

/** Does what is asked of the letters of a slice. Throws `FENCED` and what is no event's fault. */
export async function workOnLetters(settings: LetterSettings, work: SliceWork): Promise<void> {
  const { consumer, home } = settings;
  const asked = new Set<string>();
  let last: string | undefined;
  for await (const { letter } of walkLetters(home, { consumer, slice: work.held.slice })) {
    // Behind a failed letter its entity waits. Where none is before it, whoever worked on the sequence was interrupted.
    const entity = entityOfLetter(letter);
    if (entity !== last && letter.state !== 'failed') asked.add(entity);
    last = entity;
  }
  for (const entity of asked) await workOnSequence(settings, work, entity);
}

async function workOnSequence(settings: LetterSettings, work: SliceWork, entity: string): Promise<void> {
  const { consumer, home } = settings;
  // What is still under way may become a letter of the sequence, and comes before whatever is tried after it.
  await work.settleEntity(entity);
  for await (const stored of walkLetters(home, { consumer, slice: work.held.slice, entity })) {
    if (stored.letter.state === 'failed') return;
    const isDone =
      stored.letter.state === 'skip' ? await drop(settings, work, stored) : await retry(settings, work, stored);
    if (!isDone) return;
    work.withLetters.remove(stored.letter);
  }
}

async function drop(settings: LetterSettings, work: SliceWork, stored: StoredLetter): Promise<boolean> {
  const { key, letter, revision } = stored;
  const { whenSkipped } = settings;
  if (whenSkipped !== undefined)
    for (const event of await eventsOf(settings, letter)) await work.waitFor(whenSkipped(event));
  await work.held.commit({ keyedWrites: [{ key, value: null, expectedRevision: revision }] });
  return true;
}

/** Whether the event is handled now. */
async function retry(settings: LetterSettings, work: SliceWork, stored: StoredLetter): Promise<boolean> {
  const { key, letter, revision } = stored;
  const read = await eventsOf(settings, letter);
  try {
    const events = ownOf(settings, letter, read);
    if (events.length === 0) await work.held.commit({ keyedWrites: [{ key, value: null }] });
    else await work.retryLetter(events, { key, value: null });
    return true;
  } catch (error) {
    const isOfEvent = error instanceof EventFailure;
    if (work.isOver || (!isOfEvent && (isPassing(error) || isHindsightError(error, 'CLOSED')))) throw error;
    const cause = isOfEvent ? error.cause : error;
    const failed: Letter = {
      ...letter,
      state: 'failed',
      attempts: letter.attempts + (isOfEvent ? (error.attempts ?? 1) : 1),
      error: describeError(cause),
      triedAt: isoOfMicros(settings.now()),
    };
    await noteFailure(work, { ...letterWrite(failed), expectedRevision: revision });
    return false;
  }
}

/** An operator who asked for something else in the meantime goes first: what was asked is found by the next look. */
async function noteFailure(work: SliceWork, write: KeyedWrite): Promise<void> {
  try {
    await work.held.commit({ keyedWrites: [write] });
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/**
 * The events of a letter as they are read today. None where upcasters leave nothing, and where the log holds another event at
 * that place: it was restored, and the letter's event is lost.
 */
async function eventsOf(
  { context, filter }: LetterSettings,
  { partition, position, eventId }: Letter,
): Promise<readonly RecordedEvent[]> {
  const stored = await context.engine.eventAt(partition, position);
  if (stored === undefined || idOfRecord(stored.record) !== eventId) return [];
  return (await decodeEvents(context, [stored])).filter(filter.isWanted);
}

/** Those that belong to the entity of the letter. Throws an `EventFailure` where the consumer has come to name another one. */
function ownOf(
  { entityOf }: LetterSettings,
  letter: Letter,
  events: readonly RecordedEvent[],
): readonly RecordedEvent[] {
  const entity = entityOfLetter(letter);
  const own = events.filter((event) => entityOf(event) === entity);
  const [strange] = events;
  if (own.length > 0 || strange === undefined) return own;
  const message = `Consumer ${letter.consumer} names its entity ${entityOf(strange)} by now, and set it aside as one of ${entity}.`;
  throw new EventFailure(strange, new HindsightError('CONSUMER_FAILED', message));
}
