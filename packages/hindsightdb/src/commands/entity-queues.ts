/** The queues of the entities that are at work in this process: one for each open store, decider and entity. */

import type { Decider } from '../core/decider.ts';
import type { Event } from '../core/event.ts';
import { RecentMap } from '../core/recent-map.ts';
import type { Store } from '../store/store.ts';
import { EntityQueue } from './entity-queue.ts';

/** Entities remembered per decider with their last state; the idle ones among them make room for others. */
const entitiesMin = 1000;

type Queues = RecentMap<string, { readonly isIdle: boolean }>;

/** The queues of each open store. They hold nothing that the store does not: a cache, and who waits for what. */
const queues = new WeakMap<Store, WeakMap<object, Queues>>();

/** The queue of an entity under a decider, in this process. */
export function queueOf<State, Command, Events extends Event>(
  store: Store,
  decider: Decider<State, Command, Events>,
  streamId: string,
): EntityQueue<State, Command, Events> {
  const ofStore = getOrMake(queues, store, () => new WeakMap<object, Queues>());
  const ofDecider = getOrMake(ofStore, decider, () => new RecentMap(entitiesMin, isAtWork));
  // What was put in under a decider is of its types.
  const known = ofDecider.get(streamId) as EntityQueue<State, Command, Events> | undefined;
  if (known !== undefined) return known;
  const queue = new EntityQueue(store, decider, streamId);
  ofDecider.set(streamId, queue);
  return queue;
}

/** One with work to do must be found by whoever comes next: two queues of one entity would decide beside each other. */
function isAtWork({ isIdle }: { readonly isIdle: boolean }): boolean {
  return !isIdle;
}

function getOrMake<Key extends object, Value>(map: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
