/**
 * Trying letters again, by the holder of their slice. Requests come through the letters themselves: the first letter of an
 * entity says `retry` or `skip`, and those behind it follow in order until one fails.
 */

import { isConflict, isHindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { idOfRecord } from '../core/record.ts';
import { isoOfMicros } from '../core/time.ts';
import { decodeEvents } from '../store/decode.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import type { ReadFilter } from './event-filter.ts';
import { EventFailure } from './consumer-spec.ts';
import { describeError, letterWrite, walkLetters, type Letter, type StoredLetter } from './letter.ts';
import { isPassing } from './slice-failure.ts';
import type { SliceWork } from './slice-work.ts';

/** What letters are tried with. */
export interface LetterSettings {
  readonly consumer: string;
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
    if (letter.streamId !== last && letter.state !== 'failed') asked.add(letter.streamId);
    last = letter.streamId;
  }
  for (const streamId of asked) await workOnSequence(settings, work, streamId);
}

async function workOnSequence(settings: LetterSettings, work: SliceWork, streamId: string): Promise<void> {
  const { consumer, home } = settings;
  for await (const stored of walkLetters(home, { consumer, slice: work.held.slice, streamId })) {
    if (stored.letter.state === 'failed') return;
    const isDone = stored.letter.state === 'skip' ? await drop(work, stored) : await retry(settings, work, stored);
    if (!isDone) return;
    work.withLetters.remove(stored.letter);
  }
}

async function drop(work: SliceWork, { key, revision }: StoredLetter): Promise<boolean> {
  await work.held.commit({ keyedWrites: [{ key, value: null, expectedRevision: revision }] });
  return true;
}

/** Whether the event is handled now. */
async function retry(settings: LetterSettings, work: SliceWork, stored: StoredLetter): Promise<boolean> {
  const { key, letter, revision } = stored;
  const events = await eventsOf(settings, letter);
  try {
    if (events.length === 0) await work.held.commit({ keyedWrites: [{ key, value: null }] });
    else await work.retryLetter(events, { key, value: null });
    return true;
  } catch (error) {
    const isOfEvent = error instanceof EventFailure;
    if (work.held.lost.aborted || (!isOfEvent && (isPassing(error) || isHindsightError(error, 'CLOSED')))) throw error;
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
