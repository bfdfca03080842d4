/**
 * Differences between two values, for people: their JSON line by line, what is expected marked with `-` and what came with `+`.
 */

/** Beyond this many lines the two are shown one after the other. */
const comparedLinesMax = 600;

/** Shows how two values differ. Members are in the order in which they stand. */
export function differenceOf(expected: unknown, actual: unknown): string {
  const [left, right] = [linesOf(expected), linesOf(actual)];
  const lines =
    left.length + right.length > comparedLinesMax
      ? [...left.map((line) => `- ${line}`), ...right.map((line) => `+ ${line}`)]
      : comparedLines(left, right);
  return ['- expected', '+ actual', '', ...lines].join('\n');
}

/** A value as JSON in lines. What JSON leaves out or changes is named. */
export function linesOf(value: unknown): readonly string[] {
  return (JSON.stringify(value, shown, 2) ?? String(value)).split('\n');
}

function shown(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `${value.length} bytes: ${value.subarray(0, 16).join(' ')}`;
  return value instanceof Map || value instanceof Set ? `a ${value.constructor.name}` : value;
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
