/**
 * The rules of an order: which events follow from a command, and which state follows from the events.
 *
 * Nothing is ever deleted. An item that goes leaves an event behind, a wrong price is put right by a further event, and an
 * order that is called off is cancelled.
 */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';
import { linePrice, type Line } from './price.ts';

/** Where an order goes. */
export interface Address {
  readonly street: string;
  readonly city: string;
}

/** What may be asked of an order. */
export type OrderCommand =
  | { readonly do: 'place'; readonly customer: string; readonly address: Address }
  | { readonly do: 'add'; readonly sku: string; readonly quantity: number; readonly unitCents: number }
  | { readonly do: 'remove'; readonly sku: string; readonly quantity: number }
  | { readonly do: 'updateAddress'; readonly address: Address }
  | { readonly do: 'correctPrice'; readonly sku: string; readonly reason: string }
  | { readonly do: 'ship'; readonly carrier: string }
  | { readonly do: 'cancel'; readonly reason: string };

/** What can have happened to an order. `cents` is what was charged: it is written down, and not computed again later. */
export type OrderEvent =
  | Event<'OrderPlaced', { readonly customer: string; readonly address: Address }>
  | Event<
      'ItemAdded',
      { readonly sku: string; readonly quantity: number; readonly unitCents: number; readonly cents: number }
    >
  | Event<'ItemRemoved', { readonly sku: string; readonly quantity: number; readonly cents: number }>
  | Event<'AddressUpdated', { readonly address: Address }>
  | Event<
      'PriceCorrected',
      { readonly sku: string; readonly fromCents: number; readonly toCents: number; readonly reason: string }
    >
  | Event<'OrderShipped', { readonly carrier: string }>
  | Event<'OrderCancelled', { readonly reason: string }>;

/** A line of an order, and what is charged for it. */
export interface Item extends Line {
  readonly sku: string;
  readonly cents: number;
}

/** What is known of an order. */
export interface Order {
  readonly status: 'none' | 'open' | 'shipped' | 'cancelled';
  readonly customer: string | null;
  readonly address: Address | null;
  readonly items: readonly Item[];
  readonly totalCents: number;
}

const initialState: Order = { status: 'none', customer: null, address: null, items: [], totalCents: 0 };

/** The decider of orders, with the price list of a release. */
export function orderPricedBy(priceOf: (line: Line) => number): Decider<Order, OrderCommand, OrderEvent> {
  return defineDecider({
    category: 'order',
    initialState,
    decide: (command, order) => decide(command, order, priceOf),
    evolve,
    isTerminal: ({ status }) => status === 'shipped' || status === 'cancelled',
    // An item is known by what it is: it keeps its history when others come and go before it.
    elementKeys: { '/items': 'sku' },
    snapshots: { every: 500 },
  });
}

/** The decider of orders as it is deployed today. */
export const order: Decider<Order, OrderCommand, OrderEvent> = orderPricedBy(linePrice);

function decide(
  command: OrderCommand,
  order: Order,
  priceOf: (line: Line) => number,
): OrderEvent | readonly OrderEvent[] {
  switch (command.do) {
    case 'place':
      if (order.status !== 'none') throw new Error('The order is placed already.');
      return {
        type: 'OrderPlaced',
        data: { customer: command.customer, address: command.address },
        tags: [`customer:${command.customer}`],
      };
    case 'add': {
      assertOpen(order);
      const { sku, quantity, unitCents } = command;
      assertCount('quantity', quantity);
      assertCount('unitCents', unitCents);
      if ((itemOf(order, sku)?.unitCents ?? unitCents) !== unitCents)
        throw new Error(`${sku} is in the order at another price; remove it first.`);
      return { type: 'ItemAdded', data: { sku, quantity, unitCents, cents: priceOf({ quantity, unitCents }) } };
    }
    case 'remove': {
      assertOpen(order);
      const { sku, quantity } = command;
      assertCount('quantity', quantity);
      const item = itemOf(order, sku);
      if (item === undefined || item.quantity < quantity)
        throw new Error(`There are ${item?.quantity ?? 0} of ${sku} in the order, so ${quantity} cannot be removed.`);
      // Its share of what was charged, so that removing all of a line leaves nothing of its price.
      return {
        type: 'ItemRemoved',
        data: { sku, quantity, cents: Math.round((item.cents * quantity) / item.quantity) },
      };
    }
    case 'updateAddress':
      assertOpen(order);
      return isSameAddress(command.address, order.address)
        ? []
        : { type: 'AddressUpdated', data: { address: command.address } };
    case 'correctPrice': {
      // Also of an order that is on its way: the customer gets money back then, and the wrong event stays as it was.
      if (order.status !== 'open' && order.status !== 'shipped') assertOpen(order);
      const { sku, reason } = command;
      const item = itemOf(order, sku);
      if (item === undefined) throw new Error(`There is no ${sku} in the order.`);
      const toCents = priceOf(item);
      return toCents === item.cents
        ? []
        : { type: 'PriceCorrected', data: { sku, fromCents: item.cents, toCents, reason } };
    }
    case 'ship':
      assertOpen(order);
      if (order.items.length === 0) throw new Error('There is nothing in the order to ship.');
      return { type: 'OrderShipped', data: { carrier: command.carrier } };
    case 'cancel':
      assertOpen(order);
      return { type: 'OrderCancelled', data: { reason: command.reason } };
    default:
      return command satisfies never;
  }
}

function evolve(order: Order, event: Recorded<OrderEvent>): Order {
  switch (event.type) {
    case 'OrderPlaced':
      return { ...order, status: 'open', customer: event.data.customer, address: event.data.address };
    case 'ItemAdded': {
      const { sku, quantity, unitCents, cents } = event.data;
      const item = itemOf(order, sku) ?? { sku, quantity: 0, unitCents, cents: 0 };
      return withItem(order, { ...item, quantity: item.quantity + quantity, cents: item.cents + cents });
    }
    case 'ItemRemoved': {
      const { sku, quantity, cents } = event.data;
      const item = itemOf(order, sku);
      if (item === undefined) return order;
      return withItem(order, { ...item, quantity: item.quantity - quantity, cents: item.cents - cents });
    }
    case 'AddressUpdated':
      return { ...order, address: event.data.address };
    case 'PriceCorrected': {
      const item = itemOf(order, event.data.sku);
      return item === undefined ? order : withItem(order, { ...item, cents: event.data.toCents });
    }
    case 'OrderShipped':
      return { ...order, status: 'shipped' };
    case 'OrderCancelled':
      return { ...order, status: 'cancelled' };
    default:
      // An event that this code does not know leaves the state as it is.
      event satisfies never;
      return order;
  }
}

/** The order with a line of this content: a new one, one in place of that of the same name, or none where nothing is left of it. */
function withItem(order: Order, item: Item): Order {
  const known = itemOf(order, item.sku);
  const items =
    known === undefined
      ? [...order.items, item]
      : order.items.flatMap((each) => (each !== known ? [each] : item.quantity > 0 ? [item] : []));
  return { ...order, items, totalCents: order.totalCents + item.cents - (known?.cents ?? 0) };
}

function itemOf({ items }: Order, sku: string): Item | undefined {
  return items.find((item) => item.sku === sku);
}

function isSameAddress(left: Address, right: Address | null): boolean {
  return left.street === right?.street && left.city === right.city;
}

function assertOpen({ status }: Order): void {
  if (status === 'none') throw new Error('There is no such order.');
  if (status !== 'open') throw new Error(`The order is ${status}; it cannot be changed any more.`);
}

function assertCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name} must be a whole number from 1 on, not ${value}.`);
}
