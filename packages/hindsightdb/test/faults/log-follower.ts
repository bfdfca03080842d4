/**
 * A program that follows a log and prints each event that it is handed.
 *
 * Arguments: folder, where to begin (`start`, `now` or a position), page size. It prints `following` and the position
 * behind which it began, then `seen`, position and id for each event. Told `until` and a position, it ends with `done`
 * once it has seen the event there.
 */
import { join } from 'node:path';
import { openStore } from '../../src/index.ts';
import { listenForOrders } from './orders.ts';

const [folder = '', from = 'start', pageSize = '100'] = process.argv.slice(2);
const after = from === 'start' || from === 'now' ? from : Number(from);
const store = await openStore(join(folder, 'store.db'));
const ending = new AbortController();
let until = Number.MAX_SAFE_INTEGER;
let seenTo = after === 'now' ? ((await store.positions())[0] ?? 0) : after === 'start' ? 0 : after;

listenForOrders((line) => {
  until = Number(line.slice('until '.length));
  endWhenSeen();
});
console.log(`following ${seenTo}`);
// 'now' is resolved above, so that the test knows from where on this follower owes it every event.
for await (const { events } of store
  .subscribe({ after: seenTo, pageSize: Number(pageSize), signal: ending.signal })
  .pages()) {
  if (events.length > 0) console.log(events.map(({ position, id }) => `seen ${position} ${id}`).join('\n'));
  seenTo = events.at(-1)?.position ?? seenTo;
  endWhenSeen();
}
await store.close();
console.log('done');
process.exit();

function endWhenSeen(): void {
  if (seenTo >= until) ending.abort();
}
