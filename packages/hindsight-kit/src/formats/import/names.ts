/**
 * The names of an imported event, judged before anything of its batch is sent: a store refuses a whole append for one bad name.
 */

import type { Limits } from 'hindsightdb';
import { BadRowError } from '../source/bad-input.ts';

/** What a name is for. */
export interface NameUse {
  /** For messages: `The stream id`. */
  readonly what: string;
  readonly bytesMax: number;
  readonly column?: string | undefined;
}

/** Throws `BadRowError` unless the store will take the text as a name. */
export function checkName(text: string, { what, bytesMax, column }: NameUse): void {
  const refuse = (reason: string): BadRowError => new BadRowError(`${what} ${reason}`, column);
  if (text === '') throw refuse('is empty.');
  if (text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax)
    throw refuse(`takes ${Buffer.byteLength(text)} bytes; the limit is ${bytesMax}.`);
  if (!text.isWellFormed()) throw refuse('contains a lone surrogate.');
  if (text.includes('\0')) throw refuse('contains a NUL character.');
}

/** The same for names that must not begin with `$`, which belong to the store. */
export function checkOwnName(text: string, use: NameUse): void {
  checkName(text, use);
  if (text.startsWith('$'))
    throw new BadRowError(
      `${use.what} ${JSON.stringify(text)} begins with $; such names belong to the store.`,
      use.column,
    );
}

const storeTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;

/** Throws `BadRowError` unless the store will take the text as a time, unchanged. */
export function checkTime(text: string, column: string): void {
  const readable = text.replace(/([+-]\d{2})(\d{2})$/, (whole, hours: string, minutes: string) =>
    text.includes('T') ? `${hours}:${minutes}` : whole,
  );
  if (!storeTime.test(text) || Number.isNaN(Date.parse(readable)))
    throw new BadRowError(`${JSON.stringify(text.slice(0, 60))} is no time in ISO 8601 with Z or an offset.`, column);
}

/** Throws `BadRowError` unless the store will take the tags. */
export function checkTags(tags: readonly string[], limits: Limits): void {
  if (tags.length > limits.tagsPerEventMax)
    throw new BadRowError(`An event takes ${limits.tagsPerEventMax} tags at most, not ${tags.length}.`);
  for (const tag of tags)
    checkName(tag, { what: `The tag ${JSON.stringify(tag.slice(0, 40))}`, bytesMax: limits.tagBytesMax });
}
