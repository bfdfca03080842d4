/** Stores over a steered engine, and a second handle on the same log past the steering. */

import { storeOver } from '../../src/store/open.ts';
import type { StoreOptions } from '../../src/store/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { openNew, type StoreKind } from '../open-stores.ts';
import type { Ending } from '../temporary-folder.ts';
import { Steering, steeredEngine } from './steered-engine.ts';

/** A store under steering, and another handle on the same log that nobody steers. */
export interface SteeredStore {
  readonly store: Store;
  readonly foreign: Store;
  readonly steering: Steering;
}

/** Opens both. */
export async function openSteered(ending: Ending, kind: StoreKind, options: StoreOptions = {}): Promise<SteeredStore> {
  const foreign = await openNew(ending, kind, options);
  const steering = new Steering();
  return { store: storeOver(steeredEngine(foreign.context.engine, steering), options), foreign, steering };
}

/** Another handle on the log of a store, with a memory of its own. */
export function secondHandle(store: Store, options: StoreOptions = {}): Store {
  return storeOver(store.context.engine, options);
}
