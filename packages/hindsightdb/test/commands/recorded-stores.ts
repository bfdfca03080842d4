/** Stores with recorded commands, and other releases of the code that opens them. */

import { redecide, type RedecideOptions } from '../../src/commands/index.ts';
import { upcasterFingerprint, type Upcaster } from '../../src/core/upcast.ts';
import type { Codec } from '../../src/store/codec.ts';
import { Store } from '../../src/store/store.ts';
import { inMemory, openNew } from '../open-stores.ts';
import type { Ending } from '../temporary-folder.ts';
import { recordSteps, type Step } from './recorded-wallets.ts';
import { ratesGateway, wallet, walletCommands } from './wallets.ts';

/** Data in other letters: enough to see that everything passes. */
export const hexadecimal: Codec = {
  encode: async (items) =>
    items.map(({ data, metadata }) => ({
      data: JSON.stringify({ sealed: Buffer.from(data).toString('hex') }),
      metadata,
    })),
  decode: async (items) =>
    items.map(({ data, metadata }) => {
      const { sealed } = JSON.parse(data) as { sealed: string };
      return { data: Buffer.from(sealed, 'hex').toString(), metadata };
    }),
};

/** The same store with other upcasters: what a later release would open. */
export function laterRelease(store: Store, upcasters: readonly Upcaster[]): Store {
  return new Store({ ...store.context, upcasters, upcasterFingerprint: upcasterFingerprint(upcasters) });
}

/** Fills the wallet of number 1. */
export const fill = (amount: number, how: Step['how'] = 'apart'): Step => ({ entity: 1, type: 'Fill', amount, how });
/** Pays out of it. */
export const pay = (amount: number, how: Step['how'] = 'apart'): Step => ({ entity: 1, type: 'Pay', amount, how });
/** Fills it with another currency. */
export const exchange = (amount: number): Step => ({ entity: 1, type: 'Exchange', amount, how: 'apart' });

/** A store with these commands, and deciding them again by changed rules. */
export async function recorded(ending: Ending, steps: readonly Step[]) {
  const store = await openNew(ending, inMemory);
  const gateway = ratesGateway();
  const noted = await recordSteps(store, steps, gateway);
  const again = async (change: Partial<typeof wallet>, options: RedecideOptions = {}) =>
    await redecide(store, walletCommands({ ...wallet, ...change }, gateway.rates), options);
  return { store, noted, again, ...gateway };
}
