/**
 * The order of a source's own numbers. A message that comes early waits, encoded and durable, until those before it have come
 * or have been waited for long enough.
 */

import { HindsightError } from '../core/errors.ts';
import type { NewEvent } from '../store/append.ts';
import type { Engine, KeyedEntry } from '../store/engine-types.ts';
import { sequenceKey, type SequencePlace } from './inbox-keys.ts';

/** Numbers of a sequence, both included. */
export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

/** A message that waits. */
export interface WaitingMark {
  readonly sequence: number;
  /** When it came, in microseconds since 1970. */
  readonly at: number;
}

/** Where a sequence stands. */
export interface SequenceState {
  /** The number that is next. */
  readonly next: number;
  /** What waits, by number. */
  readonly waiting: readonly WaitingMark[];
  /** What was given up, the newest last: taken when it comes after all. */
  readonly missed: readonly SequenceRange[];
}

/** A sequence's state, and the revision to change it by; 0 where there is none yet. */
export interface StoredSequence {
  readonly state: SequenceState;
  readonly revision: number;
}

/** What a message that waits will be appended as. */
export interface WaitingMessage {
  readonly id: string;
  readonly streams: readonly { readonly streamId: string; readonly encoded: readonly NewEvent[] }[];
}

/** How many ranges of numbers that were given up are remembered. */
const missedMax = 100;

/** Reads where a sequence stands. */
export async function readSequence(
  engine: Engine,
  of: { readonly inbox: string; readonly place: SequencePlace; readonly firstSequence: number },
): Promise<StoredSequence> {
  const entry = await engine.keyedGet(sequenceKey(of.inbox, of.place));
  if (entry === undefined) return { state: { next: of.firstSequence, waiting: [], missed: [] }, revision: 0 };
  const state: unknown = JSON.parse(entry.value);
  if (typeof state !== 'object' || state === null || !('next' in state))
    throw new HindsightError('STORE_CORRUPT', `The entry ${entry.key} is not the sequence of an inbox.`);
  // Written by the inbox alone, whole.
  return { state: state as SequenceState, revision: entry.revision };
}

/** Reads a message that waits. */
export function decodeWaiting({ key, value }: KeyedEntry): WaitingMessage {
  const message: unknown = JSON.parse(value);
  if (typeof message !== 'object' || message === null || !('streams' in message))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not a message that waits.`);
  // Written by the inbox alone, whole.
  return message as WaitingMessage;
}

/** The state behind a message that was taken in its turn. */
export function passed(state: SequenceState, sequence: number): SequenceState {
  return { ...state, next: sequence + 1, waiting: state.waiting.filter((each) => each.sequence !== sequence) };
}

/** The state with one more message that waits. */
export function withWaiting(state: SequenceState, mark: WaitingMark): SequenceState {
  const waiting = [...state.waiting, mark].toSorted((left, right) => left.sequence - right.sequence);
  return { ...state, waiting };
}

/** The state in which what is missing before the first that waits is given up. */
export function withoutMissing(state: SequenceState, missing: SequenceRange): SequenceState {
  return { ...state, next: missing.to + 1, missed: [...state.missed, missing].slice(-missedMax) };
}

/** Whether the number was given up, and has not come yet. */
export function isMissed({ missed }: SequenceState, sequence: number): boolean {
  return missed.some(({ from, to }) => from <= sequence && sequence <= to);
}

/** The state behind a message that came after it was given up. */
export function withoutMissed(state: SequenceState, sequence: number): SequenceState {
  return {
    ...state,
    missed: state.missed
      .flatMap(({ from, to }) =>
        from <= sequence && sequence <= to
          ? [
              { from, to: sequence - 1 },
              { from: sequence + 1, to },
            ]
          : [{ from, to }],
      )
      .filter(({ from, to }) => from <= to),
  };
}

/** What is missing before the first message that waits; undefined where none waits, or where it is its turn. */
export function missingOf({ next, waiting: [first] }: SequenceState): SequenceRange | undefined {
  return first === undefined || first.sequence === next ? undefined : { from: next, to: first.sequence - 1 };
}
