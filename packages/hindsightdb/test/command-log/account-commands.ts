/** The commands of these tests: what may be asked of an account that may not be overdrawn. */

import { commandType, defineCommands, type CommandsOptions, type RecordedCommand } from '../../src/commands/index.ts';
import { defineDecider } from '../../src/core/decider.ts';
import { evolveAccount, Overdrawn, type Account, type AccountEvent } from '../commands/accounts.ts';

/** A command of an account, as it is decided. */
export type AccountRecord =
  | RecordedCommand<'Deposit', { readonly amount: number; readonly times?: number }>
  | RecordedCommand<'Withdraw', { readonly amount: number }>
  | RecordedCommand<'Look', null>
  /** Meets a mistake in the rules. */
  | RecordedCommand<'Stumble', null>;

/** The decision of an account. */
export function decideRecord(command: AccountRecord, { balance }: Account): readonly AccountEvent[] {
  switch (command.type) {
    case 'Deposit': {
      const { amount, times = 1 } = command.data;
      return Array.from({ length: times }, () => ({ type: 'Deposited', data: { amount } }));
    }
    case 'Withdraw':
      if (command.data.amount > balance) throw new Overdrawn(`${command.data.amount} of ${balance}`);
      return [{ type: 'Withdrawn', data: { amount: command.data.amount } }];
    case 'Look':
      return [];
    default:
      throw new TypeError('Nobody thought of this.');
  }
}

/** The rules. */
export const keptAccount = defineDecider({
  category: 'account',
  initialState: { balance: 0, notes: [] },
  decide: decideRecord,
  evolve: evolveAccount,
});

/** The commands of accounts. `mends` stands for a deploy: from then on nobody stumbles. */
export function accountCommands(options: CommandsOptions & { readonly isMended?: () => boolean } = {}) {
  const { isMended = () => false, ...rest } = options;
  return defineCommands({
    retry: { attemptsMax: 2, firstDelayMs: 1 },
    ...rest,
    decider: {
      ...keptAccount,
      decide: (command: AccountRecord, state: Account): readonly AccountEvent[] =>
        command.type === 'Stumble' && isMended()
          ? [{ type: 'Deposited', data: { amount: 1 } }]
          : decideRecord(command, state),
    },
    types: {
      Deposit: commandType<{ readonly amount: number; readonly times?: number }>(),
      Withdraw: commandType<{ readonly amount: number }>(),
      Look: commandType<null>(),
      Stumble: commandType<null>(),
    },
    check: (command) =>
      command.type === 'Deposit' && command.data.amount < 1 ? 'A deposit is of one cent at least.' : undefined,
  });
}

/** A deposit. */
export function deposit(streamId: string, amount: number, id?: string) {
  return { type: 'Deposit', streamId, data: { amount }, ...(id !== undefined && { id }) } as const;
}

/** A withdrawal. */
export function withdraw(streamId: string, amount: number, id?: string) {
  return { type: 'Withdraw', streamId, data: { amount }, ...(id !== undefined && { id }) } as const;
}
