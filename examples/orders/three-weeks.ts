/**
 * Three weeks of the shop: sixty orders, decided one after the other by the release that was deployed at the time. The same
 * every time it runs. Order 17 is the one whose customer will complain.
 */

import { randomUUID } from 'node:crypto';
import type { Recorded, Store } from 'hindsightdb';
import type { SettableClock } from 'hindsightdb/testing';
import type { OrderCommand, OrderEvent } from './order.ts';
import { answer, releaseAt, saleOf, type Request } from './shop.ts';

/** How long the history is. */
export const days = 21;

/** What happens at an hour of the shop's life. */
interface Moment extends Request {
  readonly hour: number;
}

const customers = ['ada', 'ben', 'cleo', 'dora', 'emil', 'fay'];
const streets = ['Mill Lane 3', 'Harbour Road 12', 'Church Street 8', 'Station Square 1'];
const products: readonly (readonly [sku: string, unitCents: number])[] = [
  ['kettle', 3900],
  ['cup', 1250],
  ['tea', 850],
  ['honey', 699],
  ['spoon', 420],
  ['tray', 2199],
  ['napkins', 375],
];

/** Lets the shop trade in a store that its clock belongs to, from a time on. Gives how many events that made. */
export async function tradeForThreeWeeks(store: Store, clock: SettableClock, openedAt: Date): Promise<number> {
  const moments = Array.from({ length: 60 }, (_, index) => index + 1)
    .flatMap((number) => (number === 17 ? orderSeventeen() : orderOf(number)))
    .toSorted((left, right) => left.hour - right.hour);
  const setHour = (hour: number): void => clock.set(new Date(openedAt.getTime() + Math.round(hour * 3_600_000)));
  const parcelEvents = new Map<string, string>();
  let eventCount = 1;
  for (const { hour, ...request } of moments) {
    setHour(hour);
    const { events } = await answer(store, releaseAt(hour), request);
    eventCount += events.length;
    for (const event of events) {
      if (event.type !== 'OrderShipped') continue;
      parcelEvents.set(event.streamId, await handOver(store, event, releaseAt(hour).name));
      eventCount += 1;
    }
  }
  setHour((days - 1) * 24 + 9);
  const causationId = parcelEvents.get('order-17');
  await store.append('complaint-1', [
    {
      type: 'ComplaintReceived',
      data: { orderId: 'order-17', customer: 'dora', text: 'The total of my order is too high.' },
      metadata: { actor: 'sam', correlationId: saleOf('order-17'), ...(causationId !== undefined && { causationId }) },
    },
  ]);
  return eventCount;
}

/** The parcel that follows from an order that was shipped; it names the event that it follows from as its cause. */
async function handOver(
  store: Store,
  { id: causationId, streamId }: Recorded<OrderEvent>,
  release: string,
): Promise<string> {
  const id = randomUUID();
  const metadata = { actor: 'wim', release, correlationId: saleOf(streamId), causationId };
  const event = { id, type: 'ParcelHandedOver', data: { orderId: streamId }, metadata };
  await store.append(streamId.replace('order', 'parcel'), [event]);
  return id;
}

/** An order as most are: placed, filled, perhaps changed, and shipped or cancelled. */
function orderOf(number: number): readonly Moment[] {
  const orderId = `order-${number}`;
  const customer = pick(customers, number * 5);
  const placed = ((number * 7) % ((days - 3) * 8)) * 3 + 1;
  const moments: Moment[] = [];
  const at = (hours: number, actor: string, command: OrderCommand): void => {
    moments.push({ hour: placed + hours, orderId, actor, command });
  };
  const address = { street: pick(streets, number), city: 'Bremen' };
  at(0, customer, { do: 'place', customer, address });
  for (let line = 0; line <= number % 3; line += 1) {
    const [sku, unitCents] = pick(products, number + line * 2);
    at(0.1 + line / 10, customer, { do: 'add', sku, unitCents, quantity: 1 + ((number + line) % 4) });
  }
  if (number % 4 === 0) at(1, customer, { do: 'remove', sku: pick(products, number)[0], quantity: 1 });
  if (number % 4 === 0) at(2, customer, { do: 'add', ...productAt(number + 1), quantity: 1 });
  if (number % 7 === 0) at(3, 'sam', { do: 'updateAddress', address: { ...address, city: 'Hamburg' } });
  if (number % 11 === 0) at(20, 'sam', { do: 'cancel', reason: 'the customer changed their mind' });
  else at(24 + (number % 5), 'wim', { do: 'ship', carrier: number % 2 === 0 ? 'bike' : 'van' });
  return moments;
}

/** The order that release 2.4.0 made too dear, between two releases that did it right. */
function orderSeventeen(): readonly Moment[] {
  const dora = (hour: number, command: OrderCommand): Moment => ({ hour, orderId: 'order-17', actor: 'dora', command });
  const address = { street: 'Harbour Road 12', city: 'Bremen' };
  return [
    dora(5 * 24 + 10, { do: 'place', customer: 'dora', address }),
    dora(5 * 24 + 10.1, { do: 'add', sku: 'kettle', quantity: 1, unitCents: 3900 }),
    dora(5 * 24 + 10.2, { do: 'add', sku: 'cup', quantity: 4, unitCents: 1250 }),
    dora(6 * 24 + 11, { do: 'add', sku: 'tea', quantity: 3, unitCents: 850 }),
    dora(6 * 24 + 11.1, { do: 'remove', sku: 'cup', quantity: 1 }),
    dora(9 * 24 + 8, { do: 'updateAddress', address: { ...address, street: 'Mill Lane 3' } }),
    { hour: 9 * 24 + 14, orderId: 'order-17', actor: 'wim', command: { do: 'ship', carrier: 'bike' } },
  ];
}

function productAt(index: number): { readonly sku: string; readonly unitCents: number } {
  const [sku, unitCents] = pick(products, index);
  return { sku, unitCents };
}

function pick<Choice>(choices: readonly Choice[], index: number): Choice {
  // The index is taken within the list, and no list here is empty.
  return choices[index % choices.length] as Choice;
}
