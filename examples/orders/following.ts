/** What follows the shop's log: two read models and the mails, shown as their readers see them. */

import type { Store } from 'hindsightdb';
import { checkProjection, rebuildProjection, runProjection } from 'hindsightdb/projections';
import { runReaction } from 'hindsightdb/reactions';
import { customerHistory, historyOf } from './customer-history.ts';
import type { Mailer } from './mailer.ts';
import { longestOpen, openOrders } from './open-orders.ts';
import { orderMails } from './order-mails.ts';
import { euros } from './price.ts';
import { answer, releaseAt } from './shop.ts';
import { days } from './three-weeks.ts';

/** Runs everything that follows the log until it has handled all of it, and says what came of it. */
export async function tellWhatFollows(store: Store, mailer: Mailer): Promise<void> {
  await using orders = await runProjection(store, openOrders);
  await using history = await runProjection(store, customerHistory);
  await using mails = await runReaction(store, orderMails({ store, mailer, startAt: 'beginning' }));
  await placeNewOrders(store);
  // What was just written is what these see: whoever reads waits for the place that it wrote.
  const place = await store.head();
  await Promise.all([orders, history, mails].map((each) => each.waitFor(place)));

  console.log('\nWhich orders are open, and since when?');
  for (const { orderId, customer, pieces, cents, placedAt } of await longestOpen(orders.view, 5))
    console.log(
      `  ${orderId}  ${placedAt.slice(0, 10)}  ${customer}, ${pieces} ${pieces === 1 ? 'piece' : 'pieces'}, ${euros(cents)}`,
    );

  console.log('\nWhat did dora ever order?');
  for (const { orderId, placedAt, status, cents, remarks } of await historyOf(history.view, 'dora'))
    console.log(`  ${orderId}  ${placedAt.slice(0, 10)}  ${euros(cents)}, ${[status, ...remarks].join('; ')}`);

  console.log('\nWhich mails were sent?');
  console.log(`  ${mailer.sentCount}, one under each key.`);

  console.log('\nThe open orders are built anew from all events. Is a mail sent again?');
  const { eventCount } = await rebuildProjection(store, openOrders);
  const { differenceCount } = await checkProjection(store, openOrders);
  console.log(
    `  ${eventCount} events, ${differenceCount} differences to a fresh fold, ${mailer.sentCount} mails as before.`,
  );
}

/** Two customers come back. */
async function placeNewOrders(store: Store): Promise<void> {
  const address = { street: 'Mill Lane 3', city: 'Bremen' };
  for (const [orderId, customer, quantity] of [
    ['order-61', 'dora', 2],
    ['order-62', 'ben', 1],
  ] as const)
    for (const command of [
      { do: 'place', customer, address },
      { do: 'add', sku: 'tea', quantity, unitCents: 850 },
    ] as const)
      await answer(store, releaseAt(days * 24), { orderId, actor: customer, command });
}
