/** Steps that tests of timers share. */

import type { RecordedEvent, Store } from '../../src/index.ts';
import {
  defineTimers,
  listTimers,
  type ListTimersOptions,
  type Timers,
  type TimersDefinition,
} from '../../src/timers/index.ts';

/** A group whose timers append one event each to `log-<group>`, with what the timer said. */
export const noting: Timers = noted();

/** The same with other settings. */
export function noted(settings: Partial<TimersDefinition> = {}): Timers {
  return defineTimers({
    name: 'noting',
    fire: ({ id, dueAt, data }) => ({ streamId: 'noted-1', events: [{ type: 'Noted', data: { id, dueAt, data } }] }),
    ...settings,
  });
}

/** The timers that `noting` has fired, in the order of the log. */
export async function firedIn(store: Store): Promise<readonly { readonly id: string; readonly dueAt: string }[]> {
  const events = await store.readStream('noted-1').toArray();
  return events.map(({ data }: RecordedEvent) => {
    // What `noting` appends.
    const { id, dueAt } = data as { readonly id: string; readonly dueAt: string };
    return { id, dueAt };
  });
}

/** The ids of the timers of `noting`, in their order. */
export async function pendingIn(store: Store, options: Partial<ListTimersOptions> = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of listTimers(store, { group: 'noting', ...options })) ids.push(id);
  return ids;
}
