/** Invoices that are sent and paid, and the process managers that look after them. */

import { commandType, defineCommands, type RecordedCommand } from '../../src/commands/index.ts';
import { defineDecider, type Event, type Recorded } from '../../src/index.ts';

export type InvoiceSent = Event<'InvoiceSent', { readonly cents: number }>;
export type InvoicePaid = Event<'InvoicePaid', { readonly cents: number }>;
export type InvoiceReminded = Event<'InvoiceReminded', { readonly count: number }>;
export type BillingEvent = InvoiceSent | InvoicePaid | InvoiceReminded;

/** Reminds three times at most. */
export const invoice = defineDecider({
  category: 'invoice',
  initialState: { reminders: 0 },
  decide: (_command: RecordedCommand<'Remind', { readonly text: string }>, { reminders }): InvoiceReminded => {
    if (reminders >= 3) throw new Error('Nobody is reminded more than three times.');
    return { type: 'InvoiceReminded', data: { count: reminders + 1 } };
  },
  evolve: (state, event: Recorded<BillingEvent>) =>
    event.type === 'InvoiceReminded' ? { reminders: event.data.count } : state,
});

export const invoiceCommands = defineCommands({
  decider: invoice,
  types: { Remind: commandType<{ readonly text: string }>() },
});

export const minute = 60_000;
export const day = 24 * 60 * minute;
