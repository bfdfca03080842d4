/**
 * A program that runs the timers `rounds` beside others. Each timer that is fired becomes an event in one of a few streams.
 *
 * Arguments: folder, and lease in milliseconds. It prints `running`, and `done` when it was told anything and has stopped.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openStore } from '../../src/index.ts';
import { defineTimers, runTimers } from '../../src/timers/index.ts';

const [folder = '', leaseMs = '300'] = process.argv.slice(2);
const store = await openStore(join(folder, 'store.db'));
const running = runTimers(
  store,
  defineTimers({
    name: 'rounds',
    leaseMs: Number(leaseMs),
    fire: ({ id, dueAt }) => ({
      streamId: `fired-${id.at(-1)}`,
      events: [{ type: 'Fired', data: { id, dueAt, by: process.pid } }],
    }),
  }),
);
console.log('running');
const input = createInterface({ input: process.stdin });
input.once('close', () => process.exit(1));
for await (const _line of input) break;
await running.stop();
await store.close();
console.log('done');
process.exit();
