/**
 * Values in keys of the keyed store, so that the order of the keys is the order of the values: null, false, true, numbers,
 * texts by code points. Each ends with a space, which nothing inside can hold; so no value breaks out of its place.
 *
 *     null    "0 "        number  "3" and 16 hexadecimal digits, " "
 *     false   "1 "        text    "4", the text escaped, " "
 *     true    "2 "
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import type { PendingText } from '../store/engine-types.ts';
import { isPending, PendingFact } from './pending-fact.ts';

/** A value that can stand in an index. Times are texts in ISO 8601, which sort by time where they have one form. */
export type IndexedValue = string | number | boolean | null;

/** A part of a key, which may hold facts that the engine fills in. */
export type KeyPart = PendingText[number];

/** A value as a part of a key. A missing value counts as null. Throws a `TypeError` for what has no place in an order. */
export function indexPart(field: string, value: unknown): readonly KeyPart[] {
  if (value === undefined || value === null) return ['0 '];
  if (value === false) return ['1 '];
  if (value === true) return ['2 '];
  if (typeof value === 'number') return [`3${orderedNumber(value)} `];
  if (typeof value === 'string') return [`4${escapeKey(value)} `];
  // A time in ISO 8601 has no character that would be escaped, and so may be filled in later.
  if (isPending(value) && value.kind === 'recordedAt') return ['4', PendingFact.factOf(value), ' '];
  throw argumentError(
    'INVALID_ARGUMENT',
    isPending(value)
      ? `The field ${JSON.stringify(field)} is indexed, and the ${value.kind} of an event is not known before the commit. Index recordedAt, or do not run the projection inline.`
      : `The field ${JSON.stringify(field)} is indexed and must be a text, a number, true, false or null, not ${describe(value)}.`,
  );
}

/** Joins parts; a text where nothing is to be filled in. */
export function joinParts(parts: readonly KeyPart[]): string | PendingText {
  const joined: KeyPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  const [only = ''] = joined;
  return joined.length <= 1 && typeof only === 'string' ? only : joined;
}

const view = new DataView(new ArrayBuffer(8));

/** The bits of a number, turned so that their order as text is that of the numbers: negative ones are inverted. */
function orderedNumber(value: number): string {
  // Minus zero equals zero, and JSON has no minus zero.
  view.setFloat64(0, value === 0 ? 0 : value);
  const high = view.getUint32(0);
  const low = view.getUint32(4);
  return value < 0 ? hex(~high) + hex(~low) : hex(high | 0x80000000) + hex(low);
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}

const escaped = /[\0-!\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** A text as part of a key: without control characters, spaces and lone surrogates, and in the same order. */
export function escapeKey(text: string): string {
  return text.replace(escaped, (character) => {
    const unit = character.charCodeAt(0);
    return unit <= 0x21 ? `!${unit.toString(16).padStart(2, '0')}` : `\uFFFF${unit.toString(16).padStart(4, '0')}`;
  });
}

/** The text that was escaped. */
export function unescapeKey(text: string): string {
  return text.replace(/!([0-9a-f]{2})|\uFFFF([0-9a-f]{4})/g, (_, low: string | undefined, high: string | undefined) =>
    String.fromCharCode(Number.parseInt(low ?? high ?? '0', 16)),
  );
}
