/**
 * A program that reads a log again and again while others write to it, and tells in the marks file what it has seen: what
 * was shown to one reader must be there for good, also after a power cut.
 *
 * Arguments: folder, how often to read at most (0: until told to stop). It prints `ready`, and `done` at its end.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openStore } from '../../src/index.ts';
import { marksFileName } from './fault-record.ts';
import { listenForOrders } from './orders.ts';

const [folder = '', readsMax = '0'] = process.argv.slice(2);
const marks = openSync(join(folder, marksFileName), 'a');
let isStopped = false;
let seenTo = 0;
const store = await openStore(join(folder, 'store.db'));
console.log('ready');
listenForOrders(() => (isStopped = true));

for (let reads = 0; !isStopped && (readsMax === '0' || reads < Number(readsMax)); reads++) {
  const newest = await store.readLog({ after: seenTo }).toArray();
  if (newest.length > 0) writeSync(marks, newest.map(({ position, id }) => `seen ${position} ${id}\n`).join(''));
  seenTo = newest.at(-1)?.position ?? seenTo;
  // The head too is an answer about the log.
  const [head = 0] = await store.positions();
  writeSync(marks, `head ${head}\n`);
  await turn();
}
await store.close();
console.log('done');
process.exit();
