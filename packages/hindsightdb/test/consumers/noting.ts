/** Appends that say which message they are of, and what a store holds of them. */

import type { AppendRequest } from '../../src/store/append.ts';
import type { Store } from '../../src/store/store.ts';

/** An append of one event that says which message it is of. */
export function noting(streamId: string, data: unknown): AppendRequest {
  return { streams: [{ streamId, events: [{ type: 'Noted', data }] }] };
}

/** The data of all events. */
export async function notedIn(store: Store): Promise<readonly unknown[]> {
  return (await store.readLog().toArray()).map(({ data }) => data);
}

/** The keys of the keyed store that begin so. */
export async function keysIn(store: Store, prefix: string): Promise<readonly string[]> {
  return (await store.context.engine.keyedScan({ prefix, limit: 100_000 })).map(({ key }) => key);
}
