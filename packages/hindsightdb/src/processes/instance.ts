/** An instance of a process manager as its newest step left it. */

import type { PartitionPlace } from '../core/checkpoint.ts';
import { microsOf } from '../core/time.ts';
import type { TimerInput } from './input.ts';
import type { Process } from './process.ts';
import type { PendingTimer, StepData } from './step.ts';

/** What is known of an instance. */
export interface Instance {
  readonly key: string;
  /** How many events its stream has; 0 where it has not begun. */
  readonly streamVersion: number;
  readonly state: unknown;
  readonly timers: Readonly<Record<string, PendingTimer>>;
  readonly isEnded: boolean;
  /** The version of the process manager that took the newest step; undefined where there is none. */
  readonly codeVersion: number | undefined;
  /** For each partition the newest event that it has handled. */
  readonly handled: readonly (PartitionPlace | null)[];
}

/** An instance that has not begun. */
export function freshInstance(process: Process, key: string): Instance {
  return {
    key,
    streamVersion: 0,
    state: process.initialState(),
    timers: {},
    isEnded: false,
    codeVersion: undefined,
    handled: [],
  };
}

/** An instance after a step. */
export function instanceAfter(key: string, step: StepData, streamVersion: number): Instance {
  const { state, timers, ended, version, handled } = step;
  return { key, streamVersion, state, timers, isEnded: ended === true, codeVersion: version, handled };
}

/** The same when an event led to nothing. */
export function withHandled(
  instance: Instance,
  event: { readonly partition: number; readonly position: number; readonly id: string },
): Instance {
  return { ...instance, handled: handledWith(instance.handled, event) };
}

/** For each partition the newest event, with this one. */
export function handledWith(
  handled: Instance['handled'],
  { partition, position, id }: { readonly partition: number; readonly position: number; readonly id: string },
): Instance['handled'] {
  const longer = Array.from({ length: Math.max(handled.length, partition + 1) }, (_, index) => handled[index] ?? null);
  return longer.with(partition, { position, eventId: id });
}

/**
 * The first timer that is due at or before a time (microseconds since 1970). Timers fire in the order of their time, and of their
 * names where that is the same.
 */
export function dueTimer({ timers, isEnded }: Instance, until: number): TimerInput | undefined {
  if (isEnded) return undefined;
  let first: { readonly timer: string; readonly pending: PendingTimer; readonly due: number } | undefined;
  for (const [timer, pending] of Object.entries(timers)) {
    const due = microsOf('dueAt', pending.dueAt);
    const isBefore = first === undefined || due < first.due || (due === first.due && timer < first.timer);
    if (due <= until && isBefore) first = { timer, pending, due };
  }
  return first && { kind: 'timer', timer: first.timer, pending: first.pending };
}
