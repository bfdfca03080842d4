/**
 * The part of the demo that explains: a customer complains about a total, and the history says what made it wrong, who, and
 * where else.
 */

import type { Event, Store } from 'hindsightdb';
import { bisect, diff, timeline } from 'hindsightdb/history';
import type { SettableClock } from 'hindsightdb/testing';
import { changeLine } from '../orders/change-line.ts';
import { order } from '../orders/order.ts';
import { euros, linePrice } from '../orders/price.ts';
import { tradeForThreeWeeks } from '../orders/three-weeks.ts';
import { blamedPrices, hasWrongTotal, wronglyPricedOrders } from '../orders/wrong-total.ts';
import { chapter, facts, pause, rows, say, timed } from './stage.ts';

const complained = 'order-17';

type Complaint = Event<
  'ComplaintReceived',
  { readonly orderId: string; readonly customer: string; readonly text: string }
>;

/** Lets the shop trade for three weeks in a store whose clock this is, from a time on, and looks into what is wrong then. */
export async function explainComplaint(store: Store, clock: SettableClock, openedAt: Date): Promise<void> {
  chapter(1, 'An order with a wrong total');
  const eventCount = await tradeForThreeWeeks(store, clock, openedAt);
  say(
    `Three weeks of a shop: 60 orders, ${eventCount} events, each decided by the release that was deployed at that hour (examples/orders; its clock was set to the three weeks before today). One of these releases had a bug. Then a complaint comes in:`,
  );
  pause();
  for await (const { data } of store.readStream<Complaint>('complaint-1'))
    facts([[`${data.customer}, about ${data.orderId}`, data.text]]);
  pause();
  await tellTimeline(store);
  pause();
  await tellDifference(store);
  pause();
  await tellBlame(store);
  pause();
  await tellOthers(store);
}

async function tellTimeline(store: Store): Promise<void> {
  say('What happened to this order? Its timeline: every event, and the total after it.');
  pause();
  const lines: string[][] = [];
  for await (const { event, after } of timeline(store, order, complained)) {
    const { actor = '', release = '' } = event.metadata;
    const time = event.recordedAt.slice(0, 16).replace('T', ' ');
    lines.push([String(event.version), time, event.type, actor, release, euros(after.totalCents).padStart(9)]);
  }
  rows(['version', 'time', 'event', 'by', 'release', '   total'], lines);
}

async function tellDifference(store: Store): Promise<void> {
  const found = await bisect(store, order, complained, hasWrongTotal);
  if (found === undefined) throw new Error(`The total of ${complained} was never wrong.`);
  const versions = { from: { version: found.version - 1 }, to: { version: found.version } };
  const { value: difference, ms } = await timed(() => diff(store, order, complained, versions));
  say(
    `Bisect finds the first event after which the total was not the sum of the prices: version ${found.version}. The difference that it made, in ${ms.toFixed(1)} ms:`,
  );
  pause();
  for (const change of difference.changes) console.log(`  ${changeLine(change)}`);
}

async function tellBlame(store: Store): Promise<void> {
  const { value: prices, ms } = await timed(() => blamedPrices(store, complained));
  for (const { item, price } of prices) {
    say(
      `${item.quantity} × ${item.sku} at ${euros(item.unitCents)} are ${euros(linePrice(item))}, and ${euros(item.cents)} were charged. Who set that? Blame, in ${ms.toFixed(1)} ms:`,
    );
    pause();
    facts([
      ['field', `${price.path} = ${String(price.value)}`],
      ['set by', `${price.event?.type}, version ${price.event?.version}`],
      ['who', price.event?.metadata.actor ?? 'nobody'],
      ['release', price.event?.metadata.release ?? 'unknown'],
    ]);
  }
}

async function tellOthers(store: Store): Promise<void> {
  const { value: wrong, ms } = await timed(() => wronglyPricedOrders(store));
  const releases = [...new Set(wrong.map(({ event }) => event.metadata.release ?? 'unknown'))].join(', ');
  const overcharged = wrong.reduce(
    (sum, { state }) => sum + state.items.reduce((excess, item) => excess + item.cents - linePrice(item), 0),
    0,
  );
  say(`Which other orders? Bisect over all of them, in ${ms.toFixed(0)} ms:`);
  pause();
  facts([
    ['orders with a wrong total', wrong.map(({ streamId }) => streamId).join(', ')],
    ['made wrong by release', releases],
    ['charged too much, together', euros(overcharged)],
  ]);
  pause();
  say(
    'Nothing of this had been prepared: no audit table, no change log. How such prices are put right, by further events and not by changing old ones, is shown in examples/orders.',
  );
}
