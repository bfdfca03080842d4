/** Setting, moving, cancelling and looking up timers. */

import { conflictError, rangeError } from '../core/errors.ts';
import { canonicalJson, jsonTextOf } from '../core/json.ts';
import { assertName, utf8Length } from '../core/text.ts';
import { isoOfMicros, orderedMicrosOf } from '../core/time.ts';
import { assertObject } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import {
  clearWrites,
  decodeTimers,
  encodedWrites,
  readEncodedTimer,
  readTimer,
  setWrites,
  type NewTimer,
  type StoredTimer,
} from './stored-timer.ts';
import { timerOfStored, type Timer } from './timer.ts';
import { assertGroup } from './timer-keys.ts';
import { timersSet } from './wakes.ts';

/** Names a timer. */
export interface TimerId {
  /** The name of the timers that it belongs to: letters, digits and `._@-`. */
  readonly group: string;
  /** Unique within the group. */
  readonly id: string;
}

/** What a timer is set to. */
export interface TimerSetting extends TimerId {
  /** When it is due: a `Date`, or ISO 8601 with `Z` or an offset. In the past: at once. */
  readonly dueAt: string | Date;
  /** Anything with a JSON form. Default null. */
  readonly data?: unknown;
  /** The stream that it concerns, for a codec that encrypts by it. Default: none. */
  readonly streamId?: string;
}

/** What setting a timer did. */
export interface TimerSet {
  /** `set`: there was none of this id. `moved`: there was one, with another time or other data. `unchanged`: it stood so already. */
  readonly outcome: 'set' | 'moved' | 'unchanged';
  /** ISO 8601 with microseconds. */
  readonly dueAt: string;
}

/**
 * Sets a timer, durably. One of this id that is still there is moved: time, data and stream are replaced, and failures are
 * forgotten. Set again to what it is, it stays as it is.
 *
 * Throws a `TypeError` or a `RangeError` for what is no timer. Races with others that set, cancel or fire it are settled here: the
 * later one counts.
 */
export async function setTimer(store: AnyStore, setting: TimerSetting): Promise<TimerSet> {
  const context = contextOf(store);
  const timer = checkedTimer(context, setting);
  const dueAt = isoOfMicros(timer.dueAt);
  return await settle<TimerSet>(context, timer, async (known) => {
    if (known !== undefined && (await isSame(context, known, timer)))
      return { writes: [], answer: { outcome: 'unchanged', dueAt } };
    const writes = await setWrites(context, known, timer);
    return { writes, answer: { outcome: known === undefined ? 'set' : 'moved', dueAt } };
  });
}

/** Cancels a timer. Answers whether there was one: false also for one that was fired. */
export async function cancelTimer(store: AnyStore, timer: TimerId): Promise<boolean> {
  const context = contextOf(store);
  return await settle(context, checkedId(context, timer), (known) =>
    known === undefined ? { writes: [], answer: false } : { writes: clearWrites(known), answer: true },
  );
}

/** The timer of this id; undefined where there is none, or none any more. */
export async function timerOf<Data = unknown>(store: AnyStore, timer: TimerId): Promise<Timer<Data> | undefined> {
  const context = contextOf(store);
  const { group, id } = checkedId(context, timer);
  const stored = await readTimer(context, group, id);
  // What was set under this id, by the type that the caller gives it.
  return stored && (timerOfStored(stored) as Timer<Data>);
}

/** Puts a timer that was set aside back into the order, as if firing had never failed. Answers whether there was one. */
export async function retryTimer(store: AnyStore, timer: TimerId): Promise<boolean> {
  const context = contextOf(store);
  return await settle(context, checkedId(context, timer), (known) => {
    if (known?.failure?.retryAt !== null) return { writes: [], answer: false };
    const { failure: _forgotten, revision: _read, ...timerAgain } = known;
    return { writes: encodedWrites(known, timerAgain), answer: true };
  });
}

/** After so many conflicts in a row somebody else changes the same timer without end. */
const triesMax = 100;

/** Reads a timer and writes what follows, until nobody else has changed it in between. */
async function settle<Answer>(
  context: StoreContext,
  { group, id }: TimerId,
  decide: (known: StoredTimer | undefined) => Decided<Answer> | Promise<Decided<Answer>>,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const { writes, answer } = await decide(await readEncodedTimer(context.engine, group, id));
    if (writes.length === 0) return answer;
    const conflicts = await context.engine.keyedWrite(writes);
    if (conflicts.length === 0) {
      timersSet(context.engine, group);
      return answer;
    }
    if (tries === triesMax) throw conflictError(conflicts);
  }
}

interface Decided<Answer> {
  readonly writes: readonly KeyedWrite[];
  readonly answer: Answer;
}

async function isSame(context: StoreContext, known: StoredTimer, timer: NewTimer): Promise<boolean> {
  if (known.failure?.retryAt === null || known.dueAt !== timer.dueAt || known.streamId !== timer.streamId) return false;
  try {
    const [decoded = known] = await decodeTimers(context, [known]);
    return canonicalJson(JSON.parse(decoded.dataText)) === canonicalJson(JSON.parse(timer.dataText));
  } catch {
    // Data that the codec cannot read any more are not what is to be kept.
    return false;
  }
}

function checkedTimer(context: StoreContext, setting: TimerSetting): NewTimer {
  const { group, id } = checkedId(context, setting);
  const { data = null, streamId } = setting;
  const dueAt = orderedMicrosOf('dueAt', setting.dueAt);
  if (streamId !== undefined) assertName('streamId', streamId, context.limits.streamIdBytesMax);
  const dataText = jsonTextOf('The data of a timer', data);
  assertSize(context, dataText);
  return { group, id, dueAt, dataText, ...(streamId !== undefined && { streamId }) };
}

function assertSize({ limits }: StoreContext, dataText: string): void {
  // UTF-8 takes three bytes a unit at most.
  if (dataText.length * 3 <= limits.recordBytesMax) return;
  const bytes = utf8Length(dataText);
  if (bytes > limits.recordBytesMax)
    throw rangeError(
      'LIMIT_EXCEEDED',
      `The data of a timer take ${bytes} bytes; the limit is ${limits.recordBytesMax}.`,
    );
}

/** Checks the name of a timer. */
function checkedId({ limits }: StoreContext, timer: TimerId): TimerId {
  assertObject('A timer', timer);
  const { group, id } = timer;
  assertGroup(group);
  assertName('The id of a timer', id, limits.idBytesMax);
  return { group, id };
}
