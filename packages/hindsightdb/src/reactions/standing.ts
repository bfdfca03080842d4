/** Where the events of a batch stand: over, planned by somebody who did not come to the end of the batch, or new. */

import { letterKey } from '../consumers/consumer-keys.ts';
import type { SliceBatch } from '../consumers/consumer-spec.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedEntry } from '../store/engine-types.ts';
import { fail, type EventWork } from './event-work.ts';
import { isBelow } from './fence.ts';
import { isDone, plansOf } from './journal.ts';
import { journalKey, journalPrefix, placeOfJournalKey } from './reaction-keys.ts';

/** Whose batch it is, and how far its slice is planned. */
export interface StandingQuestion {
  readonly reaction: string;
  /** Where journal and letters lie. */
  readonly home: AnyStore;
  readonly batch: SliceBatch;
  /** How far the fence reaches, for each partition. */
  readonly reach: readonly number[];
}

/**
 * Sets where each event stands, and answers whether the batch is a letter that is tried again.
 *
 * The fence moves together with the slice's place and its letters. So what lies below it is over, unless it is a letter; and
 * what lies above it may have a plan, of a batch that did not come to its end.
 */
export async function lookUp(question: StandingQuestion, works: readonly EventWork[]): Promise<'letter' | 'log'> {
  const [first, second] = works;
  // Letters are handed out one by one, and lie there until they are over.
  if (first !== undefined && second === undefined && (await isLetter(question, first))) {
    await lookUpLetter(question, first);
    return 'letter';
  }
  const above: EventWork[] = [];
  for (const work of works)
    if (isBelow(question.reach, work.events[0])) work.state = 'settled';
    else above.push(work);
  if (above.length > 0) await lookUpAbove(question, above);
  return 'log';
}

async function isLetter({ reaction, home, batch }: StandingQuestion, { events: [event] }: EventWork): Promise<boolean> {
  return (await home.context.engine.keyedGet(letterKey(reaction, batch.slice, event))) !== undefined;
}

/** A letter may have been planned, or its entity was set aside before it was met. */
async function lookUpLetter(question: StandingQuestion, work: EventWork): Promise<void> {
  const { reaction, home, batch } = question;
  const entry = await home.context.engine.keyedGet(journalKey(reaction, batch.slice, work.events[0]));
  if (entry !== undefined) await readPlan(question, work, entry);
}

const pageSize = 500;

/** Entries above the fence are few: those of one batch at most, and most of the time none. */
async function lookUpAbove(question: StandingQuestion, works: readonly EventWork[]): Promise<void> {
  const { reaction, home, batch, reach } = question;
  const prefix = journalPrefix(reaction, batch.slice);
  for (const partition of new Set(works.map(({ events: [event] }) => event.partition))) {
    const ofPartition = works.filter(({ events: [event] }) => event.partition === partition);
    const byPosition = new Map(ofPartition.map((work) => [work.events[0].position, work]));
    const last = Math.max(...byPosition.keys());
    for (let after = journalKey(reaction, batch.slice, { partition, position: reach[partition] ?? 0 }); ;) {
      const entries = await home.context.engine.keyedScan({ prefix, after, limit: pageSize });
      const wanted = entries.filter((entry) => {
        const place = placeOfJournalKey(entry.key);
        return place.partition === partition && place.position <= last;
      });
      for (const entry of wanted) {
        const work = byPosition.get(placeOfJournalKey(entry.key).position);
        if (work !== undefined) await readPlan(question, work, entry);
      }
      const end = entries.at(-1)?.key;
      if (wanted.length < pageSize || end === undefined) break;
      after = end;
    }
  }
}

/** Takes a plan over from the journal. One that cannot be read is the failure of its event. */
async function readPlan({ home }: StandingQuestion, work: EventWork, entry: KeyedEntry): Promise<void> {
  try {
    const [plan] = await plansOf(home.context, [{ entry, place: placeOfJournalKey(entry.key) }]);
    // An entry of another event at this place is of a past that the log has no more.
    if (plan === undefined || plan.eventId !== work.events[0].id) return;
    work.plan = plan;
    work.state = isDone(plan) ? 'settled' : 'planned';
  } catch (error) {
    fail(work, { error, attempts: 1 });
  }
}
