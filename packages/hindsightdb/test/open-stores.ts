/** Stores of every kind that the product has, for tests of what holds for all of them. */

import { join } from 'node:path';
import { openStore } from '../src/store/open.ts';
import type { EventRegistry, StoreOptions } from '../src/store/settings.ts';
import type { Store } from '../src/store/store.ts';
import { atEnd, temporaryFolder, type Ending } from './temporary-folder.ts';

/** A kind of store that tests run on. */
export interface StoreKind {
  readonly name: string;
  /** The address of a new store, which needs a folder where it is a file. */
  address(ending: Ending): Promise<string>;
  readonly partitionCount: number;
}

/** A store in memory. */
export const inMemory: StoreKind = { name: 'memory', address: async () => 'memory:', partitionCount: 1 };
/** A store in a file. */
export const inFile: StoreKind = {
  name: 'SQLite',
  address: async (ending) => join(await temporaryFolder(ending), 'store.db'),
  partitionCount: 1,
};

/** The kinds with one partition. */
export const storeKinds: readonly StoreKind[] = [inMemory, inFile];
/** The same, and one with several partitions. */
export const allStoreKinds: readonly StoreKind[] = [
  ...storeKinds,
  { ...inMemory, name: 'memory in 4 partitions', partitionCount: 4 },
];

/** Opens a new store, closed when the test ends. */
export async function openNew<const Registry extends EventRegistry = EventRegistry>(
  ending: Ending,
  kind: StoreKind,
  options: StoreOptions<Registry> = {},
) {
  return await openAt(ending, await kind.address(ending), { partitionCount: kind.partitionCount, ...options });
}

/** Opens the store at an address, closed when the test ends. */
export async function openAt<const Registry extends EventRegistry = EventRegistry>(
  ending: Ending,
  address: string,
  options: StoreOptions<Registry> = {},
) {
  const store = await openStore<Registry>(address, options);
  atEnd(ending, async () => await store.close());
  return store;
}

/** Everything that is in a store, the store's own events included. */
export async function everythingIn(store: Pick<Store, 'readRecords'>) {
  return await store.readRecords({ includeReserved: true }).toArray();
}

/** A clock that a test sets: microseconds since 1970, beginning at a known moment. */
export function settableClock(start = Date.UTC(2026, 2, 1) * 1000) {
  const clock = { micros: start, now: () => clock.micros };
  return clock;
}
