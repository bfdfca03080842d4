/**
 * What did not happen: an order that is not paid within a week is reminded of, and within two weeks cancelled. One that was shipped
 * meanwhile cannot be cancelled; its payment is collected.
 */

import type { StartAt } from 'hindsightdb/consumers';
import { endProcess, issue, processesOf, setTimer, type Process } from 'hindsightdb/processes';
import type { orderCommands } from './order-commands.ts';
import type { OrderEvent } from './order.ts';
import { paymentCommands, type PaymentEvent } from './payment.ts';

/** A day in milliseconds. */
export const dayMs: number = 24 * 3_600_000;

/** The process manager; its instances are the orders. */
export function paymentTerms(orders: ReturnType<typeof orderCommands>, startAt: StartAt): Process {
  return processesOf<OrderEvent | PaymentEvent>()({
    name: 'terms',
    startAt,
    key: ({ streamId }) => streamId.replace(/^payment-/, 'order-'),
    commands: [orders, paymentCommands],
    on: {
      OrderPlaced: () => [setTimer('reminder', { afterMs: 7 * dayMs }), setTimer('end', { afterMs: 14 * dayMs })],
      PaymentReceived: () => endProcess(),
      OrderCancelled: () => endProcess(),
    },
    timers: {
      reminder: ({ key }) => issue(paymentCommands, { type: 'RemindOfPayment', streamId: paymentOf(key), data: null }),
      end: ({ key }) =>
        issue(orders, { type: 'CancelOrder', streamId: key, data: { reason: 'it was not paid within two weeks' } }),
    },
    rejected: {
      CancelOrder: (_, { key }) => [
        issue(paymentCommands, { type: 'BeginCollection', streamId: paymentOf(key), data: null }),
        endProcess(),
      ],
    },
  });
}

/** The payment of an order: `payment-75` of `order-75`. */
export function paymentOf(orderId: string): string {
  return orderId.replace(/^order-/, 'payment-');
}
