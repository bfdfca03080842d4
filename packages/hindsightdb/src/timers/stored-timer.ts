/**
 * Timers as they are kept: the entries of one, and reading them in their order. Whatever sets, moves, cancels or fires a timer
 * writes what is made here, on the condition that the timer is as it was read.
 */

import { HindsightError } from '../core/errors.ts';
import { decodeTexts, encodeTexts, type CodedText } from '../store/codec.ts';
import type { Engine, KeyedEntry, KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { orderKey, orderPrefix, placeOfKey, timerKey, type TimerOrder, type TimerPlace } from './timer-keys.ts';

/** Why firing failed the last time. */
export interface TimerError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** What came of firing a timer that failed. */
export interface TimerFailure {
  /** How often it was tried. */
  readonly attempts: number;
  readonly error: TimerError;
  /** When it is tried again, in microseconds since 1970; null: it was set aside. */
  readonly retryAt: number | null;
}

/** What a timer is set to. */
export interface NewTimer {
  readonly group: string;
  readonly id: string;
  /** Microseconds since 1970. */
  readonly dueAt: number;
  /** JSON text of what it carries. */
  readonly dataText: string;
  /** The stream that it concerns, for a codec that encrypts by it. Default: none. */
  readonly streamId?: string;
  /** Absent where firing has not failed. */
  readonly failure?: TimerFailure;
}

/** A timer as it was read. */
export interface StoredTimer extends NewTimer {
  readonly revision: number;
}

/** The timer of this id; undefined where there is none. */
export async function readTimer(context: StoreContext, group: string, id: string): Promise<StoredTimer | undefined> {
  const encoded = await readEncodedTimer(context.engine, group, id);
  if (encoded === undefined) return undefined;
  const [timer] = await decodeTimers(context, [encoded]);
  return timer;
}

/** The same, with data as they are stored. */
export async function readEncodedTimer(engine: Engine, group: string, id: string): Promise<StoredTimer | undefined> {
  const entry = await engine.keyedGet(timerKey(group, id));
  return entry && timerOfEntry(group, id, entry);
}

/**
 * The writes that set a timer, on the condition that the present one is as it was read: `known`, or none. One that stood
 * elsewhere in the order is moved.
 */
export async function setWrites(
  { codec }: Pick<StoreContext, 'codec'>,
  known: Pick<StoredTimer, 'revision' | 'group' | 'id' | 'dueAt' | 'failure'> | undefined,
  timer: NewTimer,
): Promise<readonly KeyedWrite[]> {
  const [dataText = ''] = await encodeTexts(codec, [coded(timer)]);
  return encodedWrites(known, { ...timer, dataText });
}

/** The same for data as they are stored. */
export function encodedWrites(
  known: Pick<StoredTimer, 'revision' | 'group' | 'id' | 'dueAt' | 'failure'> | undefined,
  timer: NewTimer,
): readonly KeyedWrite[] {
  const { group, id, dueAt, dataText, streamId, failure } = timer;
  const outline = { dueAt, ...(streamId !== undefined && { streamId }), ...(failure && { failure }) };
  const value = `${JSON.stringify(outline).slice(0, -1)},"data":${dataText}}`;
  const write = { key: timerKey(group, id), value, expectedRevision: known?.revision ?? 0 };
  const place = placeKeyOf(timer);
  const placeBefore = known && placeKeyOf(known);
  if (place === placeBefore) return [write];
  const moved = placeBefore === undefined ? [] : [{ key: placeBefore, value: null }];
  return [write, ...moved, { key: place, value: '{}' }];
}

/** The writes that take a timer away, on the condition that it is as it was read. */
export function clearWrites(
  known: Pick<StoredTimer, 'revision' | 'group' | 'id' | 'dueAt' | 'failure'>,
): readonly KeyedWrite[] {
  return [
    { key: timerKey(known.group, known.id), value: null, expectedRevision: known.revision },
    { key: placeKeyOf(known), value: null },
  ];
}

/** When the first timer of the group is to be fired, and its id; undefined where none is set. */
export async function firstDue(engine: Engine, group: string): Promise<TimerPlace | undefined> {
  const [first] = await engine.keyedScan({ prefix: orderPrefix('due', group), limit: 1 });
  return first && placeOfKey(first.key);
}

/** The first timers of the group that are due at a time (microseconds since 1970), in the order of time and id. Empty: there is none. */
export async function dueTimers(
  context: StoreContext,
  group: string,
  now: number,
  limit: number,
): Promise<readonly StoredTimer[]> {
  return await decodeTimers(context, await encodedDueTimers(context.engine, group, now, limit));
}

/** The same, with data as they are stored. */
export async function encodedDueTimers(
  engine: Engine,
  group: string,
  now: number,
  limit: number,
): Promise<readonly StoredTimer[]> {
  for (;;) {
    const { timers, strays, next } = await encodedPage(engine, group, { until: now, limit });
    if (strays.length > 0) await engine.keyedWrite(strays);
    if (timers.length > 0 || next === undefined) return timers;
  }
}

/** A part of an order, with data as they are stored. */
export interface TimerPage {
  readonly timers: readonly StoredTimer[];
  /** The writes that take away what stands in the order and is no timer's place. */
  readonly strays: readonly KeyedWrite[];
  /** Behind which key the next page begins; undefined where this is the last. */
  readonly next: string | undefined;
}

/** Reads a page of an order, without the codec. */
export async function encodedPage(
  engine: Engine,
  group: string,
  page: { readonly order?: TimerOrder; readonly after?: string; readonly until: number; readonly limit: number },
): Promise<TimerPage> {
  const { order = 'due', after, until, limit } = page;
  const prefix = orderPrefix(order, group);
  const entries = await engine.keyedScan({ prefix, limit, ...(after !== undefined && { after }) });
  const wanted = entries.filter(({ key }) => placeOfKey(key).at <= until);
  const found = await Promise.all(wanted.map(({ key }) => timerAt(engine, group, key)));
  return {
    timers: found.filter((timer) => timer !== undefined),
    // On the revision that was read: a timer that has come back to this place in the meantime has written it anew.
    strays: wanted
      .filter((_, index) => found[index] === undefined)
      .map(({ key, revision }) => ({ key, value: null, expectedRevision: revision })),
    next: wanted.length < limit ? undefined : wanted.at(-1)?.key,
  };
}

/** The timer that a place is of. Undefined where it has moved since the place was read, or was never there. */
async function timerAt(engine: Engine, group: string, placeKey: string): Promise<StoredTimer | undefined> {
  const { id } = placeOfKey(placeKey);
  const timer = await readEncodedTimer(engine, group, id);
  return timer !== undefined && placeKeyOf(timer) === placeKey ? timer : undefined;
}

/** Takes the data of timers back through the codec. */
export async function decodeTimers(
  { codec }: Pick<StoreContext, 'codec'>,
  timers: readonly StoredTimer[],
): Promise<readonly StoredTimer[]> {
  if (codec === undefined) return timers;
  const texts = await decodeTexts(codec, timers.map(coded));
  return timers.map((timer, index) => ({ ...timer, dataText: texts[index] ?? '' }));
}

/** The time by which a timer stands in its order: when it is due, or when it is tried again. */
export function placeOf({ id, dueAt, failure }: Pick<NewTimer, 'id' | 'dueAt' | 'failure'>): TimerPlace {
  return { at: failure?.retryAt ?? dueAt, id };
}

function placeKeyOf(timer: Pick<NewTimer, 'group' | 'id' | 'dueAt' | 'failure'>): string {
  return orderKey(timer.failure?.retryAt === null ? 'failed' : 'due', timer.group, placeOf(timer));
}

function timerOfEntry(group: string, id: string, { key, value, revision }: KeyedEntry): StoredTimer {
  const entry: unknown = JSON.parse(value);
  if (typeof entry !== 'object' || entry === null || !('dueAt' in entry) || !('data' in entry))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not one of a timer.`);
  // Written by `setWrites` alone.
  const { data, ...outline } = entry as Pick<NewTimer, 'dueAt' | 'streamId' | 'failure'> & { readonly data: unknown };
  return { ...outline, group, id, revision, dataText: JSON.stringify(data) };
}

function coded({ streamId = '', dataText }: Pick<NewTimer, 'streamId' | 'dataText'>): CodedText {
  return { kind: 'journal', streamId, type: 'timer', data: dataText };
}
