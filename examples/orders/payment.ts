/** What was paid for an order, and what the shop did to be paid. */

import { defineDecider, type Decider, type Event, type Recorded } from 'hindsightdb';
import { commandType, defineCommands, type RecordedCommand } from 'hindsightdb/commands';

/** What is asked of a payment. */
export type PaymentCommand =
  | RecordedCommand<'RecordPayment', { readonly cents: number }>
  | RecordedCommand<'RemindOfPayment', null>
  | RecordedCommand<'BeginCollection', null>;

/** What happened to it. */
export type PaymentEvent =
  | Event<'PaymentReceived', { readonly cents: number }>
  | Event<'PaymentReminded', null>
  | Event<'CollectionBegun', null>;

/** What is known of it. */
export interface Payment {
  readonly receivedCents: number;
  readonly reminders: number;
  readonly isCollected: boolean;
}

const initialState: Payment = { receivedCents: 0, reminders: 0, isCollected: false };

/** The decider of payments: `payment-75` is what is paid for `order-75`. */
export const payment: Decider<Payment, PaymentCommand, PaymentEvent> = defineDecider({
  category: 'payment',
  initialState,
  decide: (command: PaymentCommand, { receivedCents }: Payment): PaymentEvent | readonly PaymentEvent[] => {
    if (command.type === 'RecordPayment') return { type: 'PaymentReceived', data: command.data };
    // Money that came in the meantime makes a reminder pointless, and nobody has to be told.
    if (receivedCents > 0) return [];
    return { type: command.type === 'RemindOfPayment' ? 'PaymentReminded' : 'CollectionBegun', data: null };
  },
  evolve: (state: Payment, event: Recorded<PaymentEvent>): Payment => {
    switch (event.type) {
      case 'PaymentReceived':
        return { ...state, receivedCents: state.receivedCents + event.data.cents };
      case 'PaymentReminded':
        return { ...state, reminders: state.reminders + 1 };
      case 'CollectionBegun':
        return { ...state, isCollected: true };
      default:
        event satisfies never;
        return state;
    }
  },
});

/** The commands of payments, as they are kept. */
export const paymentCommands = defineCommands({
  decider: payment,
  types: {
    RecordPayment: commandType<{ readonly cents: number }>(),
    RemindOfPayment: commandType<null>(),
    BeginCollection: commandType<null>(),
  },
  check: ({ type, data }) =>
    type !== 'RecordPayment' || (Number.isSafeInteger(data.cents) && data.cents > 0)
      ? undefined
      : 'A payment is of whole cents, and of one at least.',
});
