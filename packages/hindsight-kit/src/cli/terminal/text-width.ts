/**
 * How many columns a text takes on a terminal, and texts made fit to be shown there.
 */

import { stripVTControlCharacters } from 'node:util';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const isPlainAscii = /^[\x20-\x7e]*$/;
const isZeroWidth = /^[\p{Mark}\p{Cf}\p{Cc}]+$/u;
/** Emoji, and the blocks whose characters are as wide as two. */
const isWide =
  /^(?:\p{Emoji_Presentation}|.\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}])/u;

/** The columns that a text takes; colours take none. */
export function widthOf(text: string): number {
  if (isPlainAscii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (isZeroWidth.test(grapheme)) return 0;
  return isWide.test(grapheme) ? 2 : 1;
}

/** The text, or its beginning with `…` where it takes more than `widthMax` columns. For texts without colours. */
export function cutToWidth(text: string, widthMax: number): string {
  // A text has at most two columns for each UTF-16 unit, so most need no measuring.
  if (text.length * 2 <= widthMax || widthOf(text) <= widthMax) return text;
  let width = 0;
  let cut = '';
  for (const { segment } of segmenter.segment(text)) {
    const next = width + graphemeWidth(segment);
    if (next > widthMax - 1) break;
    width = next;
    cut += segment;
  }
  return `${cut}…`;
}

// Control characters, and those that turn the direction of writing: stored names may hold them, and a terminal obeys them.
const unsafe = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** The text with everything that a terminal would obey written as an escape like `\u001b`. */
export function safeText(text: string): string {
  return text.replace(unsafe, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
