/**
 * A program that fires the first timers of a store in which all are due, and prints by how many bytes it has grown meanwhile.
 *
 * Arguments: folder, and how many it is to fire.
 */
import { join } from 'node:path';
import { openStore } from '../../src/index.ts';
import { defineTimers, fireDue } from '../../src/timers/index.ts';

const [folder = '', count = '1000'] = process.argv.slice(2);
const store = await openStore(join(folder, 'store.db'));
const enough = new AbortController();
let fired = 0;
const timers = defineTimers({
  name: 'many',
  fire: ({ id }) => {
    fired += 1;
    if (fired === Number(count)) enough.abort();
    return { streamId: `fired-${fired % 10}`, events: [{ type: 'Fired', data: { id } }] };
  },
});
const before = process.memoryUsage().rss;
await fireDue(store, timers, { signal: enough.signal }).catch(() => undefined);
console.log(`grown ${process.memoryUsage().rss - before}`);
await store.close();
console.log('done');
