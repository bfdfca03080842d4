/**
 * The shop's history, and what can be asked of it afterwards. Run it with `npx node examples/orders/main.ts`.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from 'hindsightdb';
import { bisect, diff, foldLog, statesOf, timeline } from 'hindsightdb/history';
import { settableClock } from 'hindsightdb/testing';
import { tellOfCommands } from './accepting.ts';
import { changeLine } from './change-line.ts';
import { tellWhatFollows } from './following.ts';
import { Mailer } from './mailer.ts';
import { order } from './order.ts';
import { euros } from './price.ts';
import { removalsByProduct } from './removals.ts';
import { answer, releaseAt } from './shop.ts';
import { days, tradeForThreeWeeks } from './three-weeks.ts';
import { blamedPrices, hasWrongTotal, wronglyPricedOrders } from './wrong-total.ts';

const openedAt = new Date('2026-03-02T00:00:00Z');
const clock = settableClock(openedAt);
await using store = await openStore('memory:', { now: clock.now });
const eventCount = await tradeForThreeWeeks(store, clock, openedAt);
console.log(`${days} days, ${eventCount} events.`);

console.log('\nWhat happened to order 17?');
for await (const { event, changes } of timeline(store, order, 'order-17')) {
  const { actor, release } = event.metadata;
  console.log(`  ${event.version}  ${event.recordedAt.slice(0, 16)}  ${event.type}, by ${actor}, release ${release}`);
  for (const change of changes) console.log(`       ${changeLine(change)}`);
}

console.log('\nWhat changed while release 2.4.0 was deployed?');
const { changes } = await diff(store, order, 'order-17', { from: { version: 3 }, to: { version: 5 } });
for (const change of changes) console.log(`  ${changeLine(change)}`);

console.log('\nWhich event set the wrong price?');
for (const { item, price } of await blamedPrices(store, 'order-17'))
  console.log(
    `  ${item.quantity} × ${item.sku} for ${euros(item.cents)}: ${price.event?.type}, version ${price.event?.version}, release ${price.event?.metadata.release}`,
  );
const found = await bisect(store, order, 'order-17', hasWrongTotal);
console.log(`  The total is wrong from version ${found?.version} on.`);

console.log('\nWhich orders are wrong, and since which release?');
const wrong = await wronglyPricedOrders(store);
for (const { streamId, event, isHolding } of wrong)
  console.log(`  ${streamId}  release ${event.metadata.release}${isHolding ? '' : '  (right again)'}`);

console.log('\nThey are put right by further events; what was wrong stays in the log.');
for (const { streamId: orderId, state } of wrong)
  for (const { sku } of state.items)
    await answer(store, releaseAt(days * 24), {
      orderId,
      actor: 'sam',
      command: { do: 'correctPrice', sku, reason: 'taxed twice by release 2.4.0' },
    });
const { state } = await store.load(order, 'order-17');
const before = await store.load(order, 'order-17', { asOf: { version: 7 } });
console.log(`  order-17: ${euros(before.state.totalCents)} before, ${euros(state.totalCents)} now.`);

console.log('\nHow often was an item removed, and by whom?');
const removals = await foldLog(store, removalsByProduct, { category: 'order' });
for (const [sku, { added, removed, by }] of Object.entries(removals.state))
  if (removed > 0) console.log(`  ${sku}: ${removed} of ${added}, ${JSON.stringify(by)}`);

console.log('\nWhich orders were open at the end of the first week?');
const open: string[] = [];
const endOfWeek = { time: new Date(openedAt.getTime() + 7 * 24 * 3_600_000) };
for await (const { streamId, state } of statesOf(store, order, 'order', { asOf: endOfWeek }))
  if (state.status === 'open') open.push(`${streamId} (${euros(state.totalCents)})`);
console.log(`  ${open.join(', ')}`);

await tellOfCommands(store, clock);

const folder = await mkdtemp(join(tmpdir(), 'hindsight-orders-'));
try {
  await using mailer = await Mailer.open(join(folder, 'mails.jsonl'));
  await tellWhatFollows(store, mailer);
} finally {
  await rm(folder, { recursive: true });
}
