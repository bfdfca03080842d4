/**
 * Differences between two values, for people: first the places at which they differ, then their JSON line by line, what is
 * expected marked with `-` and what came with `+`.
 */

import { changesBetween, type CompareOptions } from '../history/changes.ts';

/** Beyond this many lines that are different, the two are shown one after the other. */
const comparedLinesMax = 600;

/** As many lines of either kind are shown; a message of thousands would hide the others. */
const shownLinesMax = 200;

/** Equal lines that are shown around those that are not. */
const contextLines = 3;

const placesMax = 10;
const valueLengthMax = 80;

/** Shows how two values differ. The order of members means nothing for the places, and is kept in the lines. */
export function differenceOf(expected: unknown, actual: unknown, options: CompareOptions = {}): string {
  const [left, right] = [linesOf(expected), linesOf(actual)];
  const places = placesOf(expected, actual, options);
  return [
    ...places,
    ...(places.length > 0 ? [''] : []),
    '- expected',
    '+ actual',
    '',
    ...differingLines(left, right),
  ].join('\n');
}

/** A value as JSON in lines. What JSON leaves out or changes is named. */
export function linesOf(value: unknown): readonly string[] {
  return (JSON.stringify(value, shown, 2) ?? String(value)).split('\n');
}

function shown(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes: ${value.subarray(0, 16).join(' ')}`;
  return value instanceof Map || value instanceof Set ? `a ${value.constructor.name}` : value;
}

/** `/0/data/amount: expected 3, got 2`. Lists of different length are told by their lengths: what follows a gap is shifted, not different. */
function placesOf(expected: unknown, actual: unknown, options: CompareOptions): readonly string[] {
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length)
    return [`expected a list of ${expected.length}, got one of ${actual.length}`];
  const changes = changesOf(expected, actual, options);
  const lines = changes.slice(0, placesMax).flatMap((change) => {
    if (change.path === '') return [];
    switch (change.kind) {
      case 'added':
        return [`${change.path}: not expected, got ${textOf(change.after)}`];
      case 'removed':
        return [`${change.path}: expected ${textOf(change.before)}, got nothing`];
      case 'replaced':
        return [`${change.path}: expected ${textOf(change.before)}, got ${textOf(change.after)}`];
      case 'reordered':
        return [`${change.path}: expected the order ${change.before.join(', ')}, got ${change.after.join(', ')}`];
      default:
        return change satisfies never;
    }
  });
  return changes.length > placesMax ? [...lines, `… and ${changes.length - placesMax} places more`] : lines;
}

function changesOf(
  ...[expected, actual, options]: Parameters<typeof changesBetween>
): ReturnType<typeof changesBetween> {
  try {
    return changesBetween(expected, actual, options);
  } catch {
    // Cyclic or endlessly deep: the lines say what can be said.
    return [];
  }
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value, shown) ?? String(value);
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}

/** The lines that differ, with some around them. What both begin and end with need not be compared pair by pair. */
function differingLines(left: readonly string[], right: readonly string[]): readonly string[] {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const [ours, theirs] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  const lines =
    ours.length + theirs.length > comparedLinesMax
      ? [...ours.map((line) => `- ${line}`), ...theirs.map((line) => `+ ${line}`)]
      : comparedLines(ours, theirs);
  const same = (line: string): string => `  ${line}`;
  const all = [...left.slice(0, start).map(same), ...lines, ...left.slice(left.length - end).map(same)];
  return shortened(withoutFarLines(all));
}

/** Leaves out equal lines that are far from different ones. */
function withoutFarLines(lines: readonly string[]): readonly string[] {
  const near = lines.map(() => false);
  lines.forEach((line, index) => {
    if (!line.startsWith('  ')) near.fill(true, Math.max(0, index - contextLines), index + contextLines + 1);
  });
  return lines.flatMap((line, index) => {
    if (near[index] === true) return [line];
    return index === 0 || near[index - 1] === true ? ['  …'] : [];
  });
}

function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= shownLinesMax
    ? lines
    : [...lines.slice(0, shownLinesMax), `… and ${lines.length - shownLinesMax} lines more`];
}

/** The longest lines in common stay; the others are taken out or put in. */
function comparedLines(left: readonly string[], right: readonly string[]): string[] {
  const common = commonLengths(left, right);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push(`  ${left[i]}`);
      i += 1;
      j += 1;
    } else if (j >= right.length || (i < left.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push(`- ${left[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${right[j]}`);
      j += 1;
    }
  }
  return lines;
}

/** For each pair of places, how many lines the rests from there have in common, in order. */
function commonLengths(left: readonly string[], right: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: left.length + 1 }, () => Array.from({ length: right.length + 1 }, () => 0));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const [row, below] = [lengths[i], lengths[i + 1]];
      if (row === undefined || below === undefined) continue;
      row[j] = left[i] === right[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return lengths;
}
