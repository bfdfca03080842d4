/**
 * A program that runs the consumer `orders` beside others and writes a line for each event into a file that all of them
 * append to.
 *
 * Arguments: folder, number of slices, lease in milliseconds, and `hold` for one that stays in its first handler until it is
 * told `go`, and then fails. It prints each state that it comes into, `holding` when it is in that handler, and `done` when it
 * was told anything else than `go`, and has stopped.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startConsumer } from '../../src/consumers/index.ts';
import { openStore } from '../../src/index.ts';

const [folder = '', slices = '1', leaseMs = '300', mode = 'plain'] = process.argv.slice(2);
// Written at once and behind whatever any process has written: what was handled before a kill has left the process.
const output = openSync(join(folder, 'handled'), 'a');
const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
const input = createInterface({ input: process.stdin });
const store = await openStore(join(folder, 'store.db'));
const consumer = await startConsumer(store, {
  name: 'orders',
  startAt: 'beginning',
  slices: Number(slices),
  leaseMs: Number(leaseMs),
  retry: { attemptsMax: mode === 'hold' ? 1 : 5 },
  onState: ({ kind }) => console.log(`state ${kind}`),
  handle: async ({ streamId, version }) => {
    if (mode === 'hold') {
      console.log('holding');
      await isLet;
      throw new Error('too late');
    }
    writeSync(output, `${process.pid} ${streamId} ${version}\n`);
  },
});
input.once('close', () => process.exit(1));
for await (const line of input) {
  if (line === 'go') letGo();
  else break;
}
await consumer.stop();
await store.close();
console.log('done');
process.exit();
