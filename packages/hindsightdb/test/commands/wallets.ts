/** The entity of the tests of deciding again: a wallet in several currencies, whose rates a gateway knows. */

import { defineGateway, type Gateway } from '../../src/reactions/gateway.ts';
import {
  commandType,
  defineCommands,
  type CommandContext,
  type Commands,
  type RecordedCommand,
} from '../../src/commands/index.ts';
import { defineDecider, type Decider } from '../../src/core/decider.ts';
import type { Event, Recorded } from '../../src/core/event.ts';

/** What is asked of a wallet. */
export type WalletCommand =
  | RecordedCommand<'Pay', { readonly cents: number }>
  | RecordedCommand<'Fill', { readonly cents: number; readonly parts?: number }>
  | RecordedCommand<'Exchange', { readonly currency: string; readonly amount: number }>
  | RecordedCommand<'Look', null>;

/** What is decided: a record, with the rate where one is needed. */
export interface Decided {
  readonly command: WalletCommand;
  readonly rate: number;
}

/** What happens to a wallet. */
export type WalletEvent = Event<'Filled', { readonly cents: number }> | Event<'Paid', { readonly cents: number }>;

/** How much is in it, and how often something was paid. */
export interface Wallet {
  readonly cents: number;
  readonly payments: number;
}

/** A gateway that counts how often the world was asked. */
export function ratesGateway() {
  const asked: string[] = [];
  const rates = defineGateway({
    name: 'rates',
    ask: (currency: string) => {
      asked.push(currency);
      return currency.length;
    },
  });
  return { rates, asked };
}

/** The rules of a wallet as they were when the commands were decided. */
export const wallet: Decider<Wallet, Decided, WalletEvent> = defineDecider({
  category: 'wallet',
  initialState: { cents: 0, payments: 0 },
  decide: ({ command, rate }: Decided, state: Wallet): WalletEvent[] => {
    switch (command.type) {
      case 'Look':
        return [];
      case 'Pay':
        if (command.data.cents > state.cents) throw new Error(`${command.data.cents} of ${state.cents}`);
        return [{ type: 'Paid', data: { cents: command.data.cents }, tags: [`nr:${state.payments + 1}`, 'paid'] }];
      case 'Fill':
        return Array.from({ length: command.data.parts ?? 1 }, () => ({
          type: 'Filled' as const,
          data: { cents: command.data.cents },
        }));
      case 'Exchange':
        return [{ type: 'Filled', data: { cents: command.data.amount * rate } }];
    }
  },
  evolve: (state, { type, data }: Recorded<WalletEvent>) =>
    type === 'Filled'
      ? { ...state, cents: state.cents + data.cents }
      : { cents: state.cents - data.cents, payments: state.payments + 1 },
});

/** What `prepare` does: the rate comes from a gateway. */
export function preparing(rates: Gateway<string, number>) {
  return async (command: WalletCommand, { ask }: Pick<CommandContext, 'ask'>): Promise<Decided> => ({
    command,
    rate: command.type === 'Exchange' ? await ask(rates, command.data.currency) : 1,
  });
}

/** The types of commands. */
export const walletTypes = {
  Pay: commandType<{ readonly cents: number }>(),
  Fill: commandType<{ readonly cents: number; readonly parts?: number }>(),
  Exchange: commandType<{ readonly currency: string; readonly amount: number }>(),
  Look: commandType<null>(),
};

/** The commands of wallets under some rules. */
export function walletCommands<State, Events extends Event>(
  decider: Decider<State, Decided, Events>,
  rates: Gateway<string, number>,
): Commands<State, Decided, Events, typeof walletTypes> {
  return defineCommands({ decider, types: walletTypes, prepare: preparing(rates) });
}

/** How many cents an event is about. */
export function centsOf({ data }: WalletEvent): number {
  return 'cents' in data ? data.cents : Number.NaN;
}
