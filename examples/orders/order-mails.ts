/**
 * What the shop writes to its customers. A handler only says which mail is due; the plan is in the store before a mail is
 * sent, and each is sent under a key of its own, so that a crash, a rebuild or a new release sends none twice.
 */

import type { Store } from 'hindsightdb';
import type { StartAt } from 'hindsightdb/consumers';
import { effect, reactionsOf, type EffectContext, type Reaction } from 'hindsightdb/reactions';
import type { Mailer } from './mailer.ts';
import { order, type OrderEvent } from './order.ts';

/** What the reaction works with. */
export interface MailRoom {
  /** Where orders are looked up. */
  readonly store: Store;
  readonly mailer: Mailer;
  /** Where it begins when it runs for the first time: whether yesterday's orders get mails is nobody's guess. */
  readonly startAt: StartAt;
  /** Raised with what the handlers plan. A later version begins above what an earlier one has planned. */
  readonly version?: number;
}

/** What a mail is made of. */
interface MailPlan {
  readonly orderId: string;
  readonly subject: string;
  readonly text: string;
}

/** The reaction that sends a mail when an order is placed, shipped or cancelled. */
export function orderMails({ store, mailer, startAt, version = 1 }: MailRoom): Reaction {
  return reactionsOf<OrderEvent>()({
    name: 'order-mails',
    version,
    category: 'order',
    startAt,
    effects: {
      mail: async ({ orderId, subject, text }: MailPlan, { key }: EffectContext) => {
        const { customer } = (await store.load(order, orderId)).state;
        await mailer.send({ to: `${customer ?? 'nobody'}@example.org`, subject, text }, key);
      },
    },
    on: {
      OrderPlaced: ({ streamId: orderId }) =>
        effect('mail', { orderId, subject: `We have ${orderId}`, text: 'Thank you for your order.' }),
      OrderShipped: ({ streamId: orderId, data }) =>
        effect('mail', { orderId, subject: `${orderId} is on its way`, text: `It comes by ${data.carrier}.` }),
      OrderCancelled: ({ streamId: orderId, data }) =>
        effect('mail', { orderId, subject: `${orderId} is cancelled`, text: `Because ${data.reason}.` }),
    },
  });
}
