/**
 * The part of the demo that is in a hurry: many orders at once, and one with a long history.
 */

import { handle, type Decider, type Store } from 'hindsightdb';
import { order, type Order, type OrderCommand, type OrderEvent } from '../orders/order.ts';
import { chapter, facts, pause, say, timed } from './stage.ts';

const count = new Intl.NumberFormat('en-US');
const metadata = { actor: 'robot', release: '2.4.1' };
const address = { street: 'Harbour Road 12', city: 'Bremen' };

/** A rate of things in a time, both measured. */
function rate(things: number, ms: number): string {
  return `${count.format(Math.round((things * 1000) / ms))} a second`;
}

/** Many orders at once, and then one with a long history. */
export async function hurry(store: Store): Promise<void> {
  chapter(3, 'Many orders at once, and one with a long history');
  await manyOrders(store);
  pause();
  await longOrder(store);
}

async function manyOrders(store: Store): Promise<void> {
  const [orders, handlers, firstNumber] = [2000, 64, 1001];
  say(
    `${count.format(orders)} orders of four commands each, ${handlers} handlers at a time. Each answer comes when what was decided is on disk; answers that wait together share one sync.`,
  );
  pause();
  let next = firstNumber;
  let commands = 0;
  const work = async (): Promise<void> => {
    for (let id = next++; id < firstNumber + orders; id = next++) {
      const history: readonly OrderCommand[] = [
        { do: 'place', customer: `c${id % 300}`, address },
        { do: 'add', sku: `article-${id % 50}`, quantity: 1 + (id % 3), unitCents: 100 + ((id * 37) % 9000) },
        { do: 'updateAddress', address: { ...address, city: 'Hamburg' } },
        { do: 'ship', carrier: id % 2 === 0 ? 'bike' : 'van' },
      ];
      for (const command of history) await handle(store, order, `order-${id}`, command, { metadata });
      commands += history.length;
    }
  };
  const { ms } = await timed(() => Promise.all(Array.from({ length: handlers }, work)));
  facts([
    ['commands decided and durable', `${count.format(commands)} in ${Math.round(ms)} ms`],
    ['that is', rate(commands, ms)],
  ]);
}

async function longOrder(store: Store): Promise<void> {
  const items = 20_000;
  const streamId = 'order-wholesale';
  say(
    `One order takes ${count.format(items)} additions. Without snapshots, loading it means folding them all; with a snapshot every 500 events it means reading one snapshot and what came after it.`,
  );
  pause();
  await handle(store, order, streamId, { do: 'place', customer: 'wholesale', address }, { metadata });
  const { ms } = await timed(() =>
    Promise.all(
      Array.from({ length: items }, (_, index) => {
        const article = index % 50;
        const command: OrderCommand = { do: 'add', sku: `article-${article}`, quantity: 1, unitCents: 100 + article };
        return handle(store, order, streamId, command, { metadata });
      }),
    ),
  );
  const { snapshots: _, ...withoutSnapshots } = order;
  const plain = await loadTimes(store, withoutSnapshots, streamId);
  const quick = await loadTimes(store, order, streamId);
  if (JSON.stringify(plain.state) !== JSON.stringify(quick.state))
    throw new Error('A snapshot must not change the state.');
  facts([
    ['decided one after the other', `${count.format(items)} in ${Math.round(ms)} ms, ${rate(items, ms)}`],
    ['loaded without snapshots', `${plain.medianMs.toFixed(1)} ms`],
    ['loaded with snapshots', `${quick.medianMs.toFixed(2)} ms, the same state`],
  ]);
}

async function loadTimes(
  store: Store,
  decider: Decider<Order, OrderCommand, OrderEvent>,
  streamId: string,
): Promise<{ readonly medianMs: number; readonly state: Order }> {
  const times: number[] = [];
  let { state } = await store.load(decider, streamId);
  for (let round = 0; round < 9; round += 1) {
    const { value, ms } = await timed(() => store.load(decider, streamId));
    ({ state } = value);
    times.push(ms);
  }
  return { medianMs: times.toSorted((left, right) => left - right)[4] ?? 0, state };
}
