/** The queues of the entities that are at work in this process: one for each open store, decider and entity. */

import type { Decider } from '../core/decider.ts';
import type { Event } from '../core/event.ts';
import type { Store } from '../store/store.ts';
import { EntityQueue } from './entity-queue.ts';

/** Entities remembered per decider with their last state; the idle ones among them make room for others. */
const entitiesMax = 1000;

/** The queues of each open store. They hold nothing that the store does not: a cache, and who waits for what. */
const queues = new WeakMap<Store, WeakMap<object, Map<string, { readonly isIdle: boolean }>>>();

/** The queue of an entity under a decider, in this process. */
export function queueOf<State, Command, Events extends Event>(
  store: Store,
  decider: Decider<State, Command, Events>,
  streamId: string,
): EntityQueue<State, Command, Events> {
  const ofStore = getOrMake(queues, store, () => new WeakMap<object, Map<string, { readonly isIdle: boolean }>>());
  // What was put in under a decider is of its types.
  const ofDecider = getOrMake(ofStore, decider, () => new Map<string, { readonly isIdle: boolean }>()) as Map<
    string,
    EntityQueue<State, Command, Events>
  >;
  let queue = ofDecider.get(streamId);
  if (queue === undefined) {
    if (ofDecider.size >= entitiesMax) forgetIdle(ofDecider);
    queue = new EntityQueue(store, decider, streamId);
  } else ofDecider.delete(streamId);
  // Put in last, so that the first of the map is the one that was used longest ago.
  ofDecider.set(streamId, queue);
  return queue;
}

function forgetIdle(queues: Map<string, { readonly isIdle: boolean }>): void {
  let excess = queues.size - entitiesMax + 1;
  for (const [streamId, queue] of queues) {
    if (excess <= 0) return;
    if (!queue.isIdle) continue;
    queues.delete(streamId);
    excess -= 1;
  }
}

function getOrMake<Key extends object, Value>(map: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
