/**
 * Reading and making JSON text where the text itself matters.
 */

import { argumentError } from './errors.ts';
import { RawJson } from './raw-json.ts';
import { describe } from './text.ts';

/**
 * The JSON text of a value; raw JSON as it stands. Throws `NOT_JSON` for what JSON cannot hold as a whole: functions,
 * symbols, undefined, bigints and cycles. As everywhere in JavaScript, NaN becomes null and undefined members are left out.
 */
export function jsonTextOf(what: string, value: unknown): string {
  if (value instanceof RawJson) return value.text;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw Object.assign(
      argumentError('NOT_JSON', `${what} has no JSON form: ${cause instanceof Error ? cause.message : String(cause)}`),
      { cause },
    );
  }
  if (text === undefined) throw argumentError('NOT_JSON', `${what} has no JSON form: it is ${describe(value)}.`);
  return text;
}

/**
 * JSON text with the keys of every object in code-unit order, so that equal values have equal text. Follows RFC 8785, for
 * values that came from JSON; unlike it, a lone surrogate is kept as its escape.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
