/**
 * A customer's history, as documents: every order that they ever placed with what became of it. Each document belongs to one
 * order and is found by its customer, so that two orders of a customer are never written by one another.
 */

import {
  documents,
  projectionsOf,
  type DocumentReader,
  type DocumentsView,
  type Projection,
} from 'hindsightdb/projections';
import type { OrderEvent } from './order.ts';

/** An order in the history of its customer. */
export interface PastOrder {
  readonly customer: string;
  readonly placedAt: string;
  readonly status: 'open' | 'shipped' | 'cancelled';
  readonly changedAt: string;
  readonly cents: number;
  /** What went wrong, in the words of the events. */
  readonly remarks: readonly string[];
}

const view: DocumentsView<PastOrder> = documents<PastOrder>({ indexes: [['customer', 'placedAt']] });

/** An event as it changes what is known of its order. */
interface Fact {
  readonly streamId: string;
  readonly recordedAt: string;
}

/** The change of an order that is there; nothing where it is not. */
function changed({ streamId, recordedAt }: Fact, change: (order: PastOrder) => Partial<PastOrder>) {
  return view.update(streamId, (order) => order && { ...order, ...change(order), changedAt: recordedAt });
}

/** Keeps the documents. */
export const customerHistory: Projection<DocumentsView<PastOrder>> = projectionsOf<OrderEvent>()({
  name: 'customer-history',
  category: 'order',
  view,
  perEntity: true,
  on: {
    OrderPlaced: ({ streamId, data: { customer }, recordedAt }) =>
      view.set(streamId, {
        customer,
        placedAt: recordedAt,
        status: 'open',
        changedAt: recordedAt,
        cents: 0,
        remarks: [],
      }),
    ItemAdded: (event) => changed(event, ({ cents }) => ({ cents: cents + event.data.cents })),
    ItemRemoved: (event) => changed(event, ({ cents }) => ({ cents: cents - event.data.cents })),
    PriceCorrected: (event) =>
      changed(event, ({ cents, remarks }) => ({
        cents: cents + event.data.toCents - event.data.fromCents,
        remarks: [...remarks, `price of ${event.data.sku} corrected: ${event.data.reason}`],
      })),
    OrderShipped: (event) => changed(event, () => ({ status: 'shipped' })),
    OrderCancelled: (event) =>
      changed(event, ({ remarks }) => ({
        status: 'cancelled',
        remarks: [...remarks, event.data.reason],
      })),
  },
});

/** What a customer ever ordered, the oldest first. */
export async function historyOf(reader: DocumentReader<PastOrder>, customer: string) {
  const orders: (PastOrder & { readonly orderId: string })[] = [];
  for await (const { id, document } of reader.all({ where: { customer }, orderBy: 'placedAt' }))
    orders.push({ orderId: id, ...document });
  return orders;
}
