/** A store as something broken sees it: over another engine, or with another clock. */

import type { Engine } from '../../../src/engine/contract.ts';
import type { AnyStore } from '../../../src/store/context-of.ts';
import { storeOver } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import { alteredEngine } from '../altered-engine.ts';

/** What an engine does otherwise. */
export type EngineChange = (engine: Engine) => Partial<Engine>;

/** A view of a store over another engine; the same one for each store. */
export function seenBy(alter: EngineChange): (store: AnyStore) => Store {
  const views = new WeakMap<AnyStore, Store>();
  return (store) => {
    const { engine, now, newId } = store.context;
    const view = views.get(store) ?? storeOver(alteredEngine(engine, alter(engine)), { now, newId });
    views.set(store, view);
    return view;
  };
}

/** A view of a store whose clock is ahead. */
export function aheadBy(milliseconds: number): (store: AnyStore) => Store {
  return (store) => {
    const { engine, now, newId } = store.context;
    return storeOver(engine, { now: () => now() + milliseconds * 1000, newId });
  };
}
