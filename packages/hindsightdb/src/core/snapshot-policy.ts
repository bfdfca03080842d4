/**
 * Snapshot policies: when a folded state is worth keeping. A snapshot is a cache; losing one costs only time.
 */

import { argumentError } from './errors.ts';
import type { Event, Recorded } from './event.ts';
import { describe } from './text.ts';

/** When to keep a snapshot: every n events, after events of given types, or when a function of state and event says so. */
export type SnapshotPolicy<State, Events extends Event> =
  | { readonly every: number }
  | { readonly on: readonly Events['type'][] }
  | { readonly when: (state: State, event: Recorded<Events>) => boolean };

/** What happened since the last snapshot. */
export interface SinceSnapshot<State, Events extends Event> {
  /** The version that the newest snapshot holds; 0 where there is none. */
  readonly snapshotVersion: number;
  readonly version: number;
  readonly state: State;
  /** The events after the snapshot, as far as they are known, newest last. */
  readonly events: readonly Recorded<Events>[];
}

/** Whether the policy asks for a snapshot now. */
export function wantsSnapshot<State, Events extends Event>(
  policy: SnapshotPolicy<State, Events> | undefined,
  since: SinceSnapshot<State, Events>,
): boolean {
  if (policy === undefined || since.version === since.snapshotVersion) return false;
  if ('every' in policy) return since.version - since.snapshotVersion >= policy.every;
  if ('on' in policy) return since.events.some((event) => policy.on.includes(event.type));
  const last = since.events.at(-1);
  return last !== undefined && policy.when(since.state, last);
}

/** Checks what a user declares as `snapshots`. Throws a `TypeError` with `INVALID_ARGUMENT`. */
export function assertSnapshotPolicy(policy: unknown): void {
  if (policy === undefined) return;
  const member = (name: string): unknown =>
    typeof policy === 'object' && policy !== null ? Reflect.get(policy, name) : undefined;
  const [every, on, when] = [member('every'), member('on'), member('when')];
  if (every !== undefined) {
    if (typeof every === 'number' && Number.isSafeInteger(every) && every >= 1) return;
    throw argumentError('INVALID_ARGUMENT', `snapshots.every must be a whole number from 1, not ${describe(every)}.`);
  }
  if (on !== undefined) {
    if (Array.isArray(on)) return;
    throw argumentError('INVALID_ARGUMENT', `snapshots.on must be an array of event types, not ${describe(on)}.`);
  }
  if (typeof when === 'function') return;
  if (when !== undefined)
    throw argumentError('INVALID_ARGUMENT', `snapshots.when must be a function, not ${describe(when)}.`);
  throw argumentError(
    'INVALID_ARGUMENT',
    `snapshots of the decider must be { every: 100 }, { on: [types] } or { when: (state, event) => … }, not ${describe(policy)}.`,
  );
}
