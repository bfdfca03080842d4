/**
 * The entry of a slice: how far it has come, and who may say so. Whoever holds the slice writes it with everything that it
 * records, on the condition that nobody else has written it since.
 */

import { isCheckpoint, type Checkpoint } from '../core/checkpoint.ts';
import { HindsightError } from '../core/errors.ts';
import { murmur2 } from '../core/murmur2.ts';

/** What stands in the entry. */
export interface SliceEntry {
  /** Everything up to here is handled; null: begins where the consumer begins. */
  readonly checkpoint: Checkpoint | null;
  /** Grows with every holder and every intervention from outside. */
  readonly token: number;
  /** The member that holds the slice; null: nobody. */
  readonly holder: string | null;
  /** When the lease ends, in microseconds since 1970. */
  readonly expiresAt: number;
  /** Counts the writes of the holder, so that it recognises its own after an answer was lost. */
  readonly writes: number;
}

/** An entry that nobody has written yet. */
export const freshSlice: SliceEntry = { checkpoint: null, token: 0, holder: null, expiresAt: 0, writes: 0 };

/** The longest lease that there is, in milliseconds. */
export const leaseMsMax = 3_600_000;

/** Whether a lease lasts. One that lasts longer than any can was written by a clock that has gone wrong, and holds nobody off. */
export function lasts(expiresAt: number, now: number): boolean {
  return expiresAt > now && expiresAt - now <= leaseMsMax * 1000;
}

/** The text of an entry. */
export function encodeSlice({ checkpoint, token, holder, expiresAt, writes }: SliceEntry): string {
  return JSON.stringify({ checkpoint, token, holder, expiresAt, writes });
}

/** Reads an entry. Throws `STORE_CORRUPT` for what no version of this code has written. */
export function decodeSlice(key: string, text: string): SliceEntry {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null) {
    const { checkpoint, token, holder, expiresAt, writes } = { ...freshSlice, ...value };
    const isSound =
      (checkpoint === null || isCheckpoint(checkpoint)) &&
      (holder === null || typeof holder === 'string') &&
      [token, expiresAt, writes].every(Number.isFinite);
    if (isSound) return { checkpoint, token, holder, expiresAt, writes };
  }
  throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not one of a slice: ${text.slice(0, 200)}`);
}

const encoder = new TextEncoder();

/** The slice of an entity: its events are all in one. Spread as streams are over partitions. */
export function sliceOf(streamId: string, sliceCount: number): number {
  return sliceCount === 1 ? 0 : (murmur2(encoder.encode(streamId)) & 0x7fffffff) % sliceCount;
}
