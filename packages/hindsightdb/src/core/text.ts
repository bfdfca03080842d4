/**
 * Texts that name things: ids, types and tags. They must be well-formed Unicode, not empty and without NUL,
 * so that every engine, index and protocol keeps them apart and gives them back unchanged.
 */

import { argumentError, rangeError } from './errors.ts';

/** Throws `INVALID_TEXT` unless the value can serve as a name; `LIMIT_EXCEEDED` when it is longer than `bytesMax` in UTF-8. */
export function assertName(what: string, value: unknown, bytesMax: number): asserts value is string {
  if (typeof value !== 'string')
    throw argumentError('INVALID_TEXT', `${what} must be a string, not ${describe(value)}.`);
  if (value.length === 0) throw argumentError('INVALID_TEXT', `${what} must not be empty.`);
  // Four of five names are short ASCII, for which the length bound needs no count of bytes.
  if (value.length * 3 > bytesMax && utf8Length(value) > bytesMax) {
    throw rangeError('LIMIT_EXCEEDED', `${what} takes ${utf8Length(value)} bytes; the limit is ${bytesMax}.`);
  }
  if (!value.isWellFormed())
    throw argumentError('INVALID_TEXT', `${what} contains a lone surrogate, which no UTF-8 can hold.`);
  if (value.includes('\0')) throw argumentError('INVALID_TEXT', `${what} contains a NUL character.`);
}

/** The number of bytes that a text takes in UTF-8. Lone surrogates count as three, as their replacement would. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (
      unit >= 0xd800 &&
      unit < 0xdc00 &&
      text.charCodeAt(index + 1) >= 0xdc00 &&
      text.charCodeAt(index + 1) < 0xe000
    ) {
      // A surrogate pair: two units, four bytes.
      bytes += 2;
      index += 1;
    } else bytes += 2;
  }
  return bytes;
}

/** Orders texts as their UTF-8 bytes do: by code point, where `<` compares UTF-16 units. */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    // Surrogates stand for code points above all others, but have smaller units than U+E000 to U+FFFF.
    if (leftUnit !== rightUnit)
      return isSurrogate(leftUnit) === isSurrogate(rightUnit) ? leftUnit - rightUnit : isSurrogate(leftUnit) ? 1 : -1;
  }
  return left.length - right.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

/** Why something failed, in the words of whatever was thrown: it need not be an error, nor have a text. */
export function reasonOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    return `${describe(thrown)} without a text was thrown`;
  }
}

/** What arrived, for a message: its kind, and its value where that is short. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return `${typeof value} ${value}`;
  return typeof value;
}
