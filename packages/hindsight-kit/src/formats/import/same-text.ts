/**
 * Whether a text is the one that an earlier run of the import has read, as far as that run came.
 */

import type { PrefixMark } from '../source/read-prefix.ts';
import type { ImportProgress } from './import-progress.ts';
import type { JsonValue } from './input-format.ts';

/** The text is not the one that was imported under this name, or it is read differently. Nothing was written. */
export class DifferentText extends Error {
  readonly advice: readonly string[];

  constructor(message: string, advice: readonly string[]) {
    super(message);
    this.name = 'DifferentText';
    this.advice = advice;
  }
}

/** What is compared: what was read again, or how it is read, or what comes next. */
export interface Continuation {
  readonly read?: PrefixMark;
  readonly format?: ImportProgress['kind'];
  readonly mapping?: JsonValue;
  readonly rest?: Buffer | undefined;
}

/** Throws `DifferentText` where the text, or how it is read, is not as it was. */
export function assertContinues(progress: ImportProgress, { read, format, mapping, rest }: Continuation): void {
  const { source, events } = progress;
  const name = JSON.stringify(source);
  const other = ['If it is another file, give it a name of its own: --source <name>'];
  if (read !== undefined) {
    if (read.bytes < progress.read.bytes)
      throw new DifferentText(
        `${name} was imported up to byte ${progress.read.bytes} (${events} events), and this file has only ${read.bytes} bytes: it is not the same, or was cut off.`,
        other,
      );
    if (read.sha256 !== progress.read.sha256)
      throw new DifferentText(
        `${name} was imported before, and this file differs from that one somewhere in the first ${progress.read.bytes} bytes, which are behind ${events} events in the store.`,
        other,
      );
  }
  if (format !== undefined && format !== progress.kind)
    throw new DifferentText(`${name} was imported as ${progress.kind} before, and now as ${format}.`, other);
  if (mapping !== undefined && JSON.stringify(mapping) !== JSON.stringify(progress.mapping))
    throw new DifferentText(
      `${name} was imported with another mapping before: ${differenceOf(progress.mapping, mapping)}. Its rows would become different events.`,
      ['Use the mapping of the first time, or import it a second time under another name: --source <name>'],
    );
  const next = rest?.[0];
  if (progress.isEndOpen && next !== undefined && next !== 0x0a && next !== 0x0d)
    throw new DifferentText(
      `${name} ended without a line end when it was imported, and its last row, row ${progress.rows}, goes on now. It is in the store as it was.`,
      ['Import the grown file under another name, or into another store.'],
    );
}

/** Throws `DifferentText` where a text that was read again from its beginning ended before the rows that were imported did. */
export function assertSameRows(source: string, rowsMissing: number): void {
  if (rowsMissing > 0)
    throw new DifferentText(
      `${JSON.stringify(source)} was imported before, and this file ends ${rowsMissing} events earlier: it is not the same, or was cut off.`,
      ['If it is another file, give it a name of its own: --source <name>'],
    );
}

function differenceOf(before: JsonValue, now: JsonValue): string {
  if (!isRecord(before) || !isRecord(now))
    return `${JSON.stringify(before)?.slice(0, 80)} before, ${JSON.stringify(now)?.slice(0, 80)} now`;
  const names = Object.keys({ ...before, ...now }).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]),
  );
  return `${names.join(', ')} ${names.length === 1 ? 'differs' : 'differ'}`;
}

function isRecord(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
