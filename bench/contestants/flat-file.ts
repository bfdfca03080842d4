/** The yardstick for reading: a file of JSON lines, read in pieces of a mebibyte, each line parsed. */

import { closeSync, createReadStream, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogTotals } from './append-log.ts';
import { bareFileName, bareLine } from './bare-file.ts';
import { sampleEvent } from '../drive/sample-events.ts';

/** Writes a file of so many events. */
export function writeFlatFile(directory: string, eventCount: number): void {
  const file = openSync(join(directory, bareFileName), 'w');
  for (let first = 0; first < eventCount; first += 1000) {
    let lines = '';
    for (let turn = first; turn < Math.min(first + 1000, eventCount); turn++) {
      lines += `${bareLine(`order-${turn % 10_000}`, sampleEvent(turn, 0))}\n`;
    }
    writeSync(file, lines);
  }
  fdatasyncSync(file);
  closeSync(file);
}

interface Line {
  readonly data: { readonly quantity: number };
}

/** Reads and parses all of it, holding one piece at a time. */
export async function readFlatFile(directory: string): Promise<LogTotals> {
  let [eventCount, quantitySum, rest] = [0, 0, ''];
  const pieces = createReadStream(join(directory, bareFileName), { encoding: 'utf8', highWaterMark: 1 << 20 });
  for await (const piece of pieces) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      // `writeFlatFile` wrote it.
      const line = JSON.parse(text) as Line;
      eventCount++;
      quantitySum += line.data.quantity;
    }
  }
  return { eventCount, quantitySum };
}
