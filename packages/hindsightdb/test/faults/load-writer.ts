/**
 * A program that appends as fast as it can, in several lanes at once, and tells of each append that was acknowledged.
 *
 * Arguments: folder, name of the writer, number of lanes, appends of each lane (0: until it is told to stop), where to
 * tell (`output`, or `marks` for the record of a power cut). Lane l makes the appends numbered l, l + lanes, and so on,
 * one after another. It prints `ready` when the store is open, `told` and an `Acknowledged` as JSON for each answer,
 * `error` and a code where an append fails, and `done` when all lanes have ended and the store is closed.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isConflict, isHindsightError, openStore } from '../../src/index.ts';
import { marksFileName } from './fault-record.ts';
import type { Acknowledged } from './log-soundness.ts';
import { plannedAppend } from './planned-append.ts';
import { listenForOrders } from './orders.ts';

const [folder = '', writer = '', laneCount = '1', appendsOfLane = '0', tellTo = 'output'] = process.argv.slice(2);
const lanes = Number(laneCount);
const numberMax = Number(appendsOfLane) === 0 ? Number.MAX_SAFE_INTEGER : Number(appendsOfLane) * lanes;
const marks = tellTo === 'marks' ? openSync(join(folder, marksFileName), 'a') : 1;
const neverChanges = new Int32Array(new SharedArrayBuffer(4));
let isStopped = false;
let positionMax = 0;

try {
  const store = await openStore(join(folder, 'store.db'));
  console.log('ready');
  listenForOrders(() => (isStopped = true));
  await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
  await store.close();
  console.log('done');

  async function runLane(lane: number): Promise<void> {
    let ownVersion = 0;
    for (let number = lane; number < numberMax && !isStopped; number += lanes) {
      const { streams, isOwn, isRefused, ...rest } = plannedAppend({ writer, number, lane });
      const expectedVersion = isRefused ? 1_000_000_000 : isOwn ? ownVersion : 'any';
      const after = positionMax;
      try {
        const answer = await store.append({
          ...rest,
          streams: streams.map((stream) => ({ ...stream, expectedVersion })),
        });
        if (isRefused) throw new Error(`append ${number} states an impossible version and was acknowledged`);
        if (isOwn) ownVersion = answer.version;
        positionMax = Math.max(positionMax, answer.position);
        tell({ writer, lane, number, after, position: answer.position, streams: answer.streams });
      } catch (error) {
        if (isRefused && isConflict(error)) continue;
        report(error);
        return;
      }
    }
  }
} catch (error) {
  report(error);
}
process.exit();

/** Written at once and not through a stream, so that what was told before a kill has left the process. */
function tell(acknowledged: Acknowledged): void {
  const line = Buffer.from(`told ${JSON.stringify(acknowledged)}\n`);
  for (let written = 0; written < line.length;) written += writeSome(line, written);
}

/** Answers how much was written: nothing when the pipe is full because the test reads slowly. */
function writeSome(line: Buffer, from: number): number {
  try {
    return writeSync(marks, line, from);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    Atomics.wait(neverChanges, 0, 0, 1);
    return 0;
  }
}

function report(error: unknown): void {
  console.log(`error ${isHindsightError(error) ? error.code : 'none'} ${String(error)}`);
  console.error(error);
}
