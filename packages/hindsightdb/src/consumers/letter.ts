/**
 * Dead letters: events that were set aside, in the sequence of their entity. A letter names its event and holds nothing of
 * it, so that whoever tries it later sees the event through today's upcasters, and not what has been removed since.
 */

import { HindsightError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { reasonOf } from '../core/text.ts';
import { isoOfMicros } from '../core/time.ts';
import type { Engine, KeyedEntry } from '../store/engine-types.ts';
import { letterKey, letterPrefix } from './consumer-keys.ts';

/** Where a letter stands: it failed; it waits behind one that failed; it is to be tried again, or to be dropped. */
export type LetterState = 'failed' | 'waiting' | 'retry' | 'skip';

/** An event that was set aside. */
export interface Letter {
  readonly consumer: string;
  readonly slice: number;
  readonly state: LetterState;
  readonly streamId: string;
  /** The entity that it waits with, where that is not its stream. */
  readonly entity?: string;
  readonly version: number;
  readonly partition: number;
  readonly position: number;
  readonly eventId: string;
  readonly type: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Why it failed the last time. */
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string; readonly stack?: string };
  /** When it was set aside, and when it was tried last: ISO 8601. */
  readonly setAsideAt: string;
  readonly triedAt?: string;
}

/** A letter with the entry that holds it. */
export interface StoredLetter {
  readonly key: string;
  readonly revision: number;
  readonly letter: Letter;
}

/** The entity that a letter waits with. */
export function entityOfLetter({ entity, streamId }: Pick<Letter, 'entity' | 'streamId'>): string {
  return entity ?? streamId;
}

/** The letter of an event that failed, or that waits behind one that did. */
export function letterOf(
  at: { readonly consumer: string; readonly slice: number; readonly entity: string; readonly now: number },
  event: RecordedEvent,
  failure?: { readonly error: unknown; readonly attempts: number },
): Letter {
  const { consumer, slice, entity } = at;
  const { streamId, version, partition, position, id: eventId, type } = event;
  const setAsideAt = isoOfMicros(at.now);
  const place = {
    consumer,
    slice,
    streamId,
    ...(entity !== streamId && { entity }),
    version,
    partition,
    position,
    eventId,
    type,
    setAsideAt,
  };
  return failure === undefined
    ? { ...place, state: 'waiting', attempts: 0 }
    : {
        ...place,
        state: 'failed',
        attempts: failure.attempts,
        error: describeError(failure.error),
        triedAt: setAsideAt,
      };
}

/** How much of a message and of a stack is kept. */
const messageLengthMax = 4000;
const stackLengthMax = 4000;

/** An error as a letter keeps it, whatever was thrown: members that are no text are not kept, and none is asked for in vain. */
export function describeError(error: unknown): NonNullable<Letter['error']> {
  if (!(error instanceof Error)) return { name: 'Error', message: reasonOf(error).slice(0, messageLengthMax) };
  const [name, message, code, stack] = ['name', 'message', 'code', 'stack'].map((member) => textIn(error, member));
  return {
    name: name ?? 'Error',
    message: message?.slice(0, messageLengthMax) ?? 'The error has no message.',
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack: stack.slice(0, stackLengthMax) }),
  };
}

function textIn(error: Error, member: string): string | undefined {
  try {
    const value: unknown = Reflect.get(error, member);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The write that keeps a letter. */
export function letterWrite(letter: Letter): { readonly key: string; readonly value: string } {
  return { key: letterKey(letter.consumer, letter.slice, letter), value: JSON.stringify(letter) };
}

/** Reads what an entry says. */
export function decodeLetter({ key, value, revision }: KeyedEntry): StoredLetter {
  const letter: unknown = JSON.parse(value);
  if (typeof letter !== 'object' || letter === null || !('eventId' in letter))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not one of a letter.`);
  // Written by `letterWrite` alone.
  return { key, revision, letter: letter as Letter };
}

const pageSize = 500;

/**
 * Letters by consumer, slice and entity, in the order in which they are tried: that of their events, and where an entity
 * spans several partitions, between these that in which they were set aside.
 */
export async function* walkLetters(
  home: Engine,
  of: { readonly consumer: string; readonly slice?: number; readonly entity?: string },
): AsyncGenerator<StoredLetter> {
  let sequence: StoredLetter[] = [];
  for await (const stored of walkByKey(home, of)) {
    const { letter } = stored;
    if (sequence[0]?.letter.entity !== letter.entity || sequence[0]?.letter.slice !== letter.slice) {
      yield* inTurn(sequence);
      sequence = [];
    }
    if (letter.entity === undefined) yield stored;
    else sequence.push(stored);
  }
  yield* inTurn(sequence);
}

/**
 * Letters of an entity as they are tried: those of a partition by their positions, whatever the clock said meanwhile, and
 * partitions among each other by the times of the letters that are next. They come in the order of their keys.
 */
function inTurn(sequence: readonly StoredLetter[]): readonly StoredLetter[] {
  const partitions = [...Map.groupBy(sequence, ({ letter }) => letter.partition).values()];
  if (partitions.length <= 1) return sequence;
  const merged: StoredLetter[] = [];
  while (merged.length < sequence.length) {
    const next = partitions
      .filter(([first]) => first !== undefined)
      .toSorted(([left], [right]) => (left === undefined || right === undefined ? 0 : bySetAside(left, right)))[0];
    const first = next?.shift();
    if (first !== undefined) merged.push(first);
  }
  return merged;
}

/** Of those that were set aside together, one that was tried comes before those that wait behind it. */
function bySetAside({ letter: left, key }: StoredLetter, { letter: right, key: other }: StoredLetter): number {
  if (left.setAsideAt !== right.setAsideAt) return left.setAsideAt < right.setAsideAt ? -1 : 1;
  const [isTried, isOtherTried] = [left.attempts > 0, right.attempts > 0];
  if (isTried !== isOtherTried) return isTried ? -1 : 1;
  return key < other ? -1 : 1;
}

async function* walkByKey(
  home: Engine,
  of: { readonly consumer: string; readonly slice?: number; readonly entity?: string },
): AsyncGenerator<StoredLetter> {
  const prefix = letterPrefix(of.consumer, of.slice, of.entity);
  for (let after: string | undefined; ;) {
    const entries = await home.keyedScan({ prefix, limit: pageSize, ...(after !== undefined && { after }) });
    for (const entry of entries) yield decodeLetter(entry);
    after = entries.at(-1)?.key;
    if (entries.length < pageSize || after === undefined) return;
  }
}
