/**
 * Documents as JSON text. What is stored is what a JSON round trip leaves: members that are undefined are left out, a `Date`
 * becomes its ISO text, `__proto__` is a member like any other.
 */

import { argumentError } from '../core/errors.ts';
import { jsonTextOf } from '../core/json.ts';
import { describe } from '../core/text.ts';
import type { PendingText } from '../store/engine-types.ts';
import { joinParts, type KeyPart } from './index-value.ts';
import { isPending, PendingFact } from './pending-fact.ts';

/** A document as it is stored, and as the next update of it sees it. */
export interface EncodedDocument {
  readonly text: string | PendingText;
  /** Each call may give another copy. */
  readonly value: () => unknown;
}

/** Encodes a document that may hold placeholders. Throws `NOT_JSON` or a `TypeError` for what is none. */
export function encodeInline(document: unknown): EncodedDocument {
  return typeof document === 'object' && document !== null && !Array.isArray(document) && holdsPending(document)
    ? encodePending(document)
    : encodeDocument(document);
}

/** Encodes a document. Throws `NOT_JSON` or a `TypeError` for what is none. */
export function encodeDocument(document: unknown): EncodedDocument {
  if (document instanceof Promise) {
    // It is refused here; what it fails with later must not end the process.
    document.catch(() => undefined);
    throw argumentError(
      'INVALID_ARGUMENT',
      'A document must be an object, not a promise: it is computed from the event and from what was there before, at once.',
    );
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw argumentError('INVALID_ARGUMENT', `A document must be an object, not ${describe(document)}.`);
  const text = jsonTextOf('A document', document);
  // A toJSON of the document's own may have made something else of it.
  if (!text.startsWith('{')) throw argumentError('NOT_JSON', `A document must become a JSON object, not ${text[0]}….`);
  return { text, value: (): unknown => JSON.parse(text) };
}

/** Deeper values are left to JSON.stringify; a placeholder in them is refused by its toJSON. */
const depthMax = 64;

/** Whether there is a placeholder in a value. Each object is looked at once, so that cycles come to an end. */
function holdsPending(value: unknown, depth = 0, seen: Set<object> = new Set()): boolean {
  if (typeof value !== 'object' || value === null || depth > depthMax || seen.has(value)) return false;
  seen.add(value);
  return isPending(value) || Object.values(value).some((member) => holdsPending(member, depth + 1, seen));
}

function encodePending(document: object): EncodedDocument {
  const parts: KeyPart[] = [];
  const value = writeValue(document, parts);
  return { text: joinParts(parts), value: () => copyOf(value) };
}

/** Writes the JSON of a value, and gives the value back as a round trip would leave it, with placeholders where they were. */
function writeValue(value: unknown, parts: KeyPart[]): unknown {
  if (isPending(value)) {
    // A time is a JSON text, and a number stands as it is.
    parts.push(...(value.kind === 'recordedAt' ? ['"', PendingFact.factOf(value), '"'] : [PendingFact.factOf(value)]));
    return value;
  }
  if (!holdsPending(value)) {
    const text = JSON.stringify(value) ?? 'null';
    parts.push(text);
    return JSON.parse(text);
  }
  if (Array.isArray(value)) {
    parts.push('[');
    const items = value.map((item: unknown, index) => {
      if (index > 0) parts.push(',');
      return writeValue(item, parts);
    });
    parts.push(']');
    return items;
  }
  return writeMembers(value, parts);
}

function writeMembers(value: unknown, parts: KeyPart[]): object {
  const members: [string, unknown][] = [];
  parts.push('{');
  for (const [name, member] of Object.entries(value ?? {})) {
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol') continue;
    parts.push(`${members.length > 0 ? ',' : ''}${JSON.stringify(name)}:`);
    members.push([name, writeValue(member, parts)]);
  }
  parts.push('}');
  return Object.fromEntries(members);
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isPending(value)) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}
