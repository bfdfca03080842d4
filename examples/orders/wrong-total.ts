/** What is wrong with an order whose total is too high, and which orders it is wrong with. */

import type { Store } from 'hindsightdb';
import { bisectCategory, blame, type BisectedEntity, type BlamedLeaf } from 'hindsightdb/history';
import { order, type Item, type Order, type OrderEvent } from './order.ts';
import { linePrice } from './price.ts';

/** Whether the total of an order is another than the sum of what its items cost. */
export function hasWrongTotal({ items, totalCents }: Order): boolean {
  return totalCents !== items.reduce((sum, item) => sum + linePrice(item), 0);
}

/** A price that is wrong, and the event that set it. */
export interface WrongPrice {
  readonly item: Item;
  readonly price: BlamedLeaf<OrderEvent>;
}

/** The prices of an order that are wrong, each with the event that set it. */
export async function blamedPrices(store: Store, orderId: string): Promise<readonly WrongPrice[]> {
  const { state, leaves } = await blame(store, order, orderId, { path: '/items' });
  return state.items.flatMap((item) => {
    const price = leaves.find(({ path }) => path === `/items/${item.sku}/cents`);
    return price === undefined || item.cents === linePrice(item) ? [] : [{ item, price }];
  });
}

/** Every order whose total was ever wrong, with the event after which it was. */
export async function wronglyPricedOrders(store: Store): Promise<readonly BisectedEntity<Order, OrderEvent>[]> {
  const found: BisectedEntity<Order, OrderEvent>[] = [];
  for await (const entity of bisectCategory(store, order, 'order', hasWrongTotal)) found.push(entity);
  return found;
}
