/** Hearing in this process of timers that were set, so that nobody has to look for them all the time. */

import type { Engine } from '../store/engine-types.ts';

const listenersOf = new WeakMap<Engine, Set<(group: string) => void>>();

/** Calls the listener whenever timers of a group were set through this engine. Returns the function that ends it. */
export function onTimersSet(engine: Engine, listener: (group: string) => void): () => void {
  const listeners = listenersOf.get(engine) ?? new Set();
  listenersOf.set(engine, listeners);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Says that timers of a group were set: called by whoever has written them. */
export function timersSet(engine: Engine, group: string): void {
  for (const listener of listenersOf.get(engine) ?? []) listener(group);
}
