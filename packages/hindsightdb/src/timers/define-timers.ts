/** Declaring what follows when the timers of a group are due. */

import type { AppendCondition, StreamAppend } from '../store/append.ts';
import type { ExpectedVersion } from '../core/condition.ts';
import type { Event, Metadata } from '../core/event.ts';
import { checkedRetryPolicy, type CheckedRetryPolicy, type RetryPolicy } from '../consumers/retry-policy.ts';
import { leaseMsMax } from '../consumers/slice-entry.ts';
import { assertFunction, assertObject, assertWhole } from '../store/argument-checks.ts';
import type { Timer } from './timer.ts';
import { assertGroup } from './timer-keys.ts';

/** What is appended when a timer is fired: to one stream, or to several. */
export type Firing = StreamFiring | StreamsFiring;

/** Events for one stream. */
export interface StreamFiring {
  readonly streamId: string;
  /** One at least. `occurredAt` is by default when the timer was due, `metadata.causationId` the timer's id. */
  readonly events: readonly Event[];
  /** Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
  readonly metadata?: Metadata;
}

/** Events for several streams, written together. */
export interface StreamsFiring {
  readonly streams: readonly StreamAppend[];
  readonly condition?: AppendCondition;
  readonly metadata?: Metadata;
}

/** What follows when timers are due. */
export interface TimersDefinition<Data = unknown> {
  /** The group: letters, digits and `._@-`. */
  readonly name: string;
  /**
   * Says what is appended when a timer is due; undefined: nothing, the timer is only taken away. It may run more than once for one
   * timer, in several processes, but what it returns is written once. What it throws, and an append that is refused, is a
   * failure: tried again by `retry`, then set aside until `retryTimer`.
   */
  readonly fire: (timer: Timer<Data>) => Firing | undefined | Promise<Firing | undefined>;
  readonly retry?: RetryPolicy;
  /** After how long without a sign another process fires in place of this one, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
}

/** Timers as they are declared, checked. Made by {@link defineTimers}. */
export interface Timers {
  readonly name: string;
  readonly fire: (timer: Timer<never>) => Firing | undefined | Promise<Firing | undefined>;
  readonly retry: CheckedRetryPolicy;
  readonly leaseMs: number;
}

/**
 * Declares the timers of a group. Throws a `TypeError` or a `RangeError` where something is not as it should be.
 *
 * ```ts
 * import { defineTimers, type Timer } from 'hindsightdb/timers';
 *
 * const reminders = defineTimers({
 *   name: 'reminders',
 *   fire: ({ data }: Timer<{ invoiceId: string }>) => ({
 *     streamId: data.invoiceId,
 *     events: [{ type: 'ReminderDue', data: {} }],
 *   }),
 * });
 * ```
 */
export function defineTimers<Data = unknown>(definition: TimersDefinition<Data>): Timers {
  assertObject('definition', definition);
  const { name, fire, retry, leaseMs = 10_000 } = definition;
  assertGroup(name);
  assertFunction('fire', fire);
  assertWhole('leaseMs', leaseMs, { min: 100, max: leaseMsMax });
  return { name, fire, retry: checkedRetryPolicy(retry), leaseMs };
}

/** Throws a `TypeError` unless the value was made by `defineTimers`. */
export function assertTimers(timers: unknown): void {
  assertObject('timers', timers);
  assertGroup(Reflect.get(timers, 'name'));
  assertFunction('fire of the timers', Reflect.get(timers, 'fire'));
  assertObject('retry of timers, which defineTimers makes,', Reflect.get(timers, 'retry'));
}
