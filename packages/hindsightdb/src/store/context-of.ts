/**
 * What functions beside the store work with.
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import type { StoreContext } from './settings.ts';
import type { Store } from './store.ts';

/**
 * A store as functions take it: any, whatever events it declares. The fold or the decider that comes with it says which
 * events are meant.
 */
export type AnyStore = Pick<Store, 'context' | 'inline'>;

/** The inside of a store. Throws a `TypeError` for what is none. */
export function contextOf(store: AnyStore): StoreContext {
  const given: unknown = store;
  if (typeof given === 'object' && given !== null && 'context' in given) return store.context;
  throw argumentError('INVALID_ARGUMENT', `store must be an open store, not ${describe(given)}.`);
}
