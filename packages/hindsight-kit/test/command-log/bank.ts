/** A project with a store and commands of accounts, for the command to submit, run and look at. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  documentsOf,
  hindsight,
  start,
  succeed,
  type Document,
  type Ended,
  type Running,
} from '../hindsight-process.ts';
import { folderWithStore } from '../store-fixture.ts';

const config = `
import { defineDecider } from 'hindsightdb';
import { commandType, defineCommands } from 'hindsightdb/commands';
const account = defineDecider({
  category: 'account',
  initialState: { cents: 0 },
  decide: ({ type, data }, { cents }) => {
    if (type === 'Break') throw new TypeError('cents of undefined\\u001b[2J\\nreally');
    if (type === 'Look') return [];
    if (type === 'Deposit') return { type: 'Deposited', data };
    if (data.cents > cents) throw new Error('There are only ' + cents + ' cents.');
    return { type: 'Withdrawn', data };
  },
  evolve: ({ cents }, { type, data }) => ({ cents: cents + (type === 'Deposited' ? data.cents : -data.cents) }),
});
const accounts = defineCommands({
  name: NAME,
  decider: account,
  types: { Deposit: commandType(), Withdraw: commandType(), Look: commandType(), Break: commandType() },
  check: ({ type, data }) => (type !== 'Deposit' || data?.cents > 0 ? undefined : ['It must be of a cent at least.', 'Look again']),
  retry: { attemptsMax: 2, firstDelayMs: 1 },
});
export default { store: './s.db', commands: [accounts], options: { metadata: { actor: 'support' } } };
`;

/** A folder with the project. */
export interface Bank {
  readonly folder: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  readonly succeed: (...args: readonly string[]) => Promise<Ended>;
  readonly start: (...args: readonly string[]) => Running;
  /** What a command prints for machines; its exit code is not looked at. */
  readonly documents: (...args: readonly string[]) => Promise<Document[]>;
}

/** Makes it. */
export async function bank(context: TestContext, { name = 'account-commands' } = {}): Promise<Bank> {
  const folder = await folderWithStore(context);
  const library = (subpath: string): string => JSON.stringify(import.meta.resolve(subpath));
  await writeFile(
    join(folder, 'hindsight.config.mjs'),
    config
      .replace(`'hindsightdb'`, library('hindsightdb'))
      .replace(`'hindsightdb/commands'`, library('hindsightdb/commands'))
      .replace('NAME', JSON.stringify(name)),
  );
  return {
    folder,
    run: (...args) => hindsight(['commands', ...args], { folder }),
    succeed: (...args) => succeed(['commands', ...args], { folder }),
    start: (...args) => start(['commands', ...args], { folder }),
    documents: async (...args) => documentsOf((await hindsight(['commands', ...args, '--json'], { folder })).stdout),
  };
}
