/**
 * The rules of an order: which events follow from a command, and which state follows from the events.
 */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';

/** What may be asked of an order. */
export type Command =
  | { readonly do: 'place'; readonly customer: string }
  | { readonly do: 'add'; readonly article: string; readonly cents: number }
  | { readonly do: 'pay' }
  | { readonly do: 'ship'; readonly carrier: string };

/** What can have happened to it. */
export type OrderEvent =
  | Event<'OrderPlaced', { readonly customer: string }>
  | Event<'ItemAdded', { readonly article: string; readonly cents: number }>
  | Event<'OrderPaid', { readonly cents: number }>
  | Event<'OrderShipped', { readonly carrier: string }>;

/** What is known of an order. */
export interface Order {
  readonly status: 'new' | 'open' | 'paid' | 'shipped';
  readonly customer: string;
  readonly items: number;
  readonly cents: number;
}

const initialState: Order = { status: 'new', customer: '', items: 0, cents: 0 };

function decide(command: Command, order: Order): OrderEvent {
  switch (command.do) {
    case 'place':
      if (order.status !== 'new') throw new Error('The order is placed already.');
      return { type: 'OrderPlaced', data: { customer: command.customer }, tags: [`customer:${command.customer}`] };
    case 'add':
      if (order.status !== 'open') throw new Error(`An order that is ${order.status} takes no more items.`);
      return { type: 'ItemAdded', data: { article: command.article, cents: command.cents } };
    case 'pay':
      if (order.status !== 'open') throw new Error(`An order that is ${order.status} cannot be paid.`);
      return { type: 'OrderPaid', data: { cents: order.cents } };
    case 'ship':
      if (order.status !== 'paid') throw new Error(`An order that is ${order.status} is not shipped.`);
      return { type: 'OrderShipped', data: { carrier: command.carrier } };
    default:
      return command satisfies never;
  }
}

function evolve(order: Order, event: Recorded<OrderEvent>): Order {
  switch (event.type) {
    case 'OrderPlaced':
      return { ...order, status: 'open', customer: event.data.customer };
    case 'ItemAdded':
      return { ...order, items: order.items + 1, cents: order.cents + event.data.cents };
    case 'OrderPaid':
      return { ...order, status: 'paid' };
    case 'OrderShipped':
      return { ...order, status: 'shipped' };
    default:
      // An event that this code does not know leaves the state as it is.
      event satisfies never;
      return order;
  }
}

/** The decider of orders. It keeps a snapshot every five hundred events. */
export const order: Decider<Order, Command, OrderEvent> = defineDecider({
  category: 'order',
  initialState,
  decide,
  evolve,
  snapshots: { every: 500 },
});
