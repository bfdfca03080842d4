/**
 * Firing timers that are due: what follows from each is appended together with its deletion, on the condition that it is as it
 * was read. So it is fired once in effect, whoever else tries.
 */

import { argumentError, conflictError, isHindsightError, type ErrorCode } from '../core/errors.ts';
import type { Event } from '../core/event.ts';
import { describe } from '../core/text.ts';
import { isoOfMicros } from '../core/time.ts';
import { describeError } from '../consumers/letter.ts';
import { unlessAborted } from '../consumers/pause.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import { resultOf, userAppend, type AppendRequest, type InternalAppend } from '../store/append.ts';
import type { Store } from '../store/store.ts';
import type { Firing, Timers } from './define-timers.ts';
import {
  clearWrites,
  decodeTimers,
  encodedDueTimers,
  encodedWrites,
  type StoredTimer,
  type TimerFailure,
} from './stored-timer.ts';
import { timerOfStored, type Timer } from './timer.ts';
import { timerKey } from './timer-keys.ts';

/** A timer that could not be fired. */
export interface FailedFiring {
  /** As it stands after the failure: `state` says whether it is tried again. Data are null where they could not be decoded. */
  readonly timer: Timer;
  readonly error: unknown;
}

/** How timers are fired. */
export interface FiringRun {
  readonly store: Store;
  readonly timers: Timers;
  /** Asked between two timers: whether no further one is to be begun. */
  readonly isOver: () => boolean;
  /** Ends the wait for what `fire` returns. */
  readonly signal: AbortSignal;
  readonly onFailure: ((failure: FailedFiring) => void) | undefined;
}

/** How many timers are read at once, and so how many appends are under way together. */
const pageSize = 256;

/**
 * Fires the first timers that are due at a time, in their order. Answers how many were due and how many of them were fired here;
 * throws what is wrong with the store, once everything that was begun has ended.
 */
export async function firePage(
  run: FiringRun,
  until: number,
): Promise<{ readonly due: number; readonly fired: number }> {
  const { context } = run.store;
  const page = await encodedDueTimers(context.engine, run.timers.name, until, pageSize);
  const endings: Promise<boolean>[] = [];
  const decoded = await decodedPage(run, page);
  for (const [index, stored] of page.entries()) {
    if (run.isOver()) break;
    const firing = await firingOf(run, decoded[index] ?? stored);
    // What was not waited for is no failure.
    if ('error' in firing && run.signal.aborted) break;
    // Not awaited: appends are written in the order in which they are called.
    const ending = conclude(run, stored, firing);
    ending.catch(() => undefined);
    endings.push(ending);
  }
  const ended = await Promise.allSettled(endings);
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { due: page.length, fired: ended.filter((each) => each.status === 'fulfilled' && each.value).length };
}

/** Timers whose data are decoded, or why they could not be: one of them fails alone. */
async function decodedPage(
  { store: { context } }: FiringRun,
  page: readonly StoredTimer[],
): Promise<readonly (StoredTimer | Refused)[]> {
  try {
    return await decodeTimers(context, page);
  } catch {
    return await Promise.all(
      page.map(async (stored) => {
        try {
          const [decoded = stored] = await decodeTimers(context, [stored]);
          return decoded;
        } catch (error) {
          return { error };
        }
      }),
    );
  }
}

/** Why a timer was not fired. */
interface Refused {
  readonly error: unknown;
}

/** What is to be appended for a timer; undefined: nothing. */
interface Planned {
  readonly append: InternalAppend | undefined;
}

async function firingOf({ timers, signal }: FiringRun, stored: StoredTimer | Refused): Promise<Planned | Refused> {
  if ('error' in stored) return stored;
  try {
    const { fire } = timers;
    // The data were set in this group, whose timers carry what `fire` takes.
    const returned = fire(timerOfStored(stored) as Timer<never>);
    const firing = returned instanceof Promise ? await unlessAborted(returned, signal) : returned;
    return { append: firing === undefined ? undefined : appendOf(stored, firing) };
  } catch (error) {
    return { error };
  }
}

function appendOf(stored: StoredTimer, firing: Firing): InternalAppend {
  const given: unknown = firing;
  if (typeof given !== 'object' || given === null || !('streams' in given || 'streamId' in given))
    throw argumentError(
      'INVALID_ARGUMENT',
      `fire must return { streamId, events }, { streams } or undefined, not ${describe(given)}.`,
    );
  const occurredAt = isoOfMicros(stored.dueAt);
  const metadata = { causationId: stored.id, ...firing.metadata };
  const request: AppendRequest =
    'streams' in firing
      ? { streams: firing.streams, metadata, ...(firing.condition !== undefined && { condition: firing.condition }) }
      : { streams: [firing], metadata };
  const { streams, ...rest } = userAppend(request);
  return {
    ...rest,
    streams: streams.map(({ events = [], ...stream }) => ({ ...stream, events: occurredBy(occurredAt, events) })),
    keyedWrites: clearWrites(stored),
  };
}

/** What is no array of events goes on as it is: the append refuses it with a sentence. */
function occurredBy(occurredAt: string, events: readonly Event[]): readonly Event[] {
  if (!Array.isArray(events)) return events;
  return events.map((event: Event) =>
    typeof event === 'object' && event !== null && event.occurredAt === undefined ? { ...event, occurredAt } : event,
  );
}

/** Answers whether it was fired here. Throws what is wrong with the store and not with the timer. */
async function conclude(run: FiringRun, stored: StoredTimer, planned: Planned | Refused): Promise<boolean> {
  if ('error' in planned) {
    await recordFailure(run, stored, planned.error);
    return false;
  }
  try {
    return planned.append === undefined ? await takeAway(run, stored) : await write(run, stored, planned.append);
  } catch (error) {
    if (isOfStore(error)) throw error;
    await recordFailure(run, stored, error);
    return false;
  }
}

async function takeAway({ store }: FiringRun, stored: StoredTimer): Promise<boolean> {
  return (await store.context.engine.keyedWrite(clearWrites(stored))).length === 0;
}

async function write(run: FiringRun, stored: StoredTimer, append: InternalAppend): Promise<boolean> {
  const { store } = run;
  const answer = await store.appendInternal(append);
  switch (answer.kind) {
    case 'appended':
      return true;
    case 'conflict': {
      const key = timerKey(stored.group, stored.id);
      // Moved, cancelled or fired by somebody else in the meantime.
      if (answer.conflicts.some((conflict) => conflict.kind === 'keyedStore' && conflict.key === key)) return false;
      throw conflictError(answer.conflicts);
    }
    case 'duplicate':
      // The events of these ids are stored already: only the timer is left.
      return await takeAway(run, stored);
    default:
      resultOf(store.context.engine, answer);
      throw new Error('Every other answer is an error.');
  }
}

async function recordFailure(run: FiringRun, stored: StoredTimer, error: unknown): Promise<void> {
  const { timers, store, onFailure } = run;
  const { engine, now } = store.context;
  const attempts = (stored.failure?.attempts ?? 0) + 1;
  const isLast = attempts >= timers.retry.attemptsMax && !isOfStore(error, passingCodes);
  const pauseMs = pauseAfter(timers.retry, attempts, Math.random());
  // Later in any case, so that whoever fires what is due now comes to an end.
  const retryAt = isLast ? null : now() + Math.max(1, Math.round(pauseMs * 1000));
  const { name, message, code } = describeError(error);
  const failure: TimerFailure = { attempts, error: { name, message, ...(code !== undefined && { code }) }, retryAt };
  const { revision: _read, ...timer } = stored;
  const conflicts = await engine.keyedWrite(encodedWrites(stored, { ...timer, failure }));
  if (conflicts.length > 0 || onFailure === undefined) return;
  const [decoded = stored] = await decodedPage(run, [stored]);
  const dataText = 'error' in decoded ? 'null' : decoded.dataText;
  const failed = { timer: timerOfStored({ ...stored, failure, dataText }), error };
  // In a turn of its own: what it throws is its caller's fault and stops nothing here.
  queueMicrotask(() => onFailure(failed));
}

/** What passes by itself: a timer that meets it in `fire` is tried again without end. */
const passingCodes: readonly ErrorCode[] = ['STORE_BUSY', 'OVERLOADED', 'DISK_FULL', 'OUTCOME_UNKNOWN'];

const storeCodes: readonly ErrorCode[] = [
  ...passingCodes,
  'CLOSED',
  'STORE_CORRUPT',
  'STORE_READ_ONLY',
  'STORE_REPLACED',
  'SYNC_FAILED',
  'VIEW_BEHIND',
];

/** Whether an error is of a store, so that nothing is wrong with the timer that met it. */
function isOfStore(error: unknown, codes: readonly ErrorCode[] = storeCodes): boolean {
  return codes.some((code) => isHindsightError(error, code));
}
