/** The entity of these tests: an account that may not be overdrawn. */

import { defineDecider, type Decider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';

/** What is decided about an account. `note` tells commands apart; `times` makes several events of one decision. */
export type AccountCommand =
  | { readonly do: 'deposit'; readonly amount: number; readonly note?: string; readonly times?: number }
  | { readonly do: 'withdraw'; readonly amount: number; readonly note?: string }
  | { readonly do: 'look' };

/** What happened to an account. */
export type AccountEvent =
  | Event<'Deposited', { readonly amount: number; readonly note?: string }>
  | Event<'Withdrawn', { readonly amount: number; readonly note?: string }>;

/** What is known of an account. */
export interface Account {
  readonly balance: number;
  readonly notes: readonly string[];
}

/** A withdrawal that the account does not cover. */
export class Overdrawn extends Error {}

/** The rules. */
export const account: Decider<Account, AccountCommand, AccountEvent> = defineDecider({
  category: 'account',
  initialState: { balance: 0, notes: [] },
  decide: decideAccount,
  evolve: evolveAccount,
});

/** The decision of an account. */
export function decideAccount(command: AccountCommand, { balance }: Account): AccountEvent[] {
  switch (command.do) {
    case 'look':
      return [];
    case 'withdraw': {
      const { amount, note } = command;
      if (amount > balance) throw new Overdrawn(`${amount} of ${balance}`);
      return [{ type: 'Withdrawn', data: { amount, ...(note !== undefined && { note }) } }];
    }
    default: {
      const { amount, note, times = 1 } = command;
      const data = { amount, ...(note !== undefined && { note }) };
      return Array.from({ length: times }, () => ({ type: 'Deposited', data }));
    }
  }
}

/** The next state of an account. */
export function evolveAccount(state: Account, { type, data }: Recorded<AccountEvent>): Account {
  const amount = type === 'Withdrawn' ? -data.amount : data.amount;
  const notes = data.note === undefined ? state.notes : [...state.notes, data.note];
  return { balance: state.balance + amount, notes };
}

/** A deposit. */
export function deposit(amount: number, note?: string): AccountCommand {
  return { do: 'deposit', amount, ...(note !== undefined && { note }) };
}

/** A withdrawal. */
export function withdraw(amount: number, note?: string): AccountCommand {
  return { do: 'withdraw', amount, ...(note !== undefined && { note }) };
}
