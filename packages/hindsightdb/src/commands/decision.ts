/** What the queue of an entity works with between a command and its append. */

import type { Event } from '../core/event.ts';
import type { NewEvent } from '../store/append.ts';
import type { PendingEvents } from '../store/pending-events.ts';
import type { OutcomeDetails, RecordedError } from './command.ts';

/** What a decision rests on. */
export interface Basis<State> {
  readonly state: State;
  readonly version: number;
  /** The last event of an append on its way; undefined when the state is what the store holds. */
  readonly predecessorId: string | undefined;
}

/** A decision whose events are on their way. */
export interface Decision<State, Events extends Event> {
  readonly basis: Basis<State>;
  readonly encoded: readonly NewEvent[];
  readonly pending: PendingEvents<Events>;
  /** The state behind it; undefined when the fold needs to know position or time. */
  readonly next: { readonly state: State } | undefined;
  /** Why the command was refused, where that is recorded. */
  readonly rejection?: RecordedError;
}

/** That an append is on its way. */
export const sent: unique symbol = Symbol('sent');

/** That a command was refused, by its decider or because of what that decided: the error, kept apart from those of the queue's own. */
export class Refusal {
  readonly error: unknown;
  /** Whether `decide` threw it, and not something that was done with its events. */
  readonly isOfDecider: boolean;

  constructor(error: unknown, origin: 'decider' | 'events') {
    this.error = error;
    this.isOfDecider = origin === 'decider';
  }
}

/** Whether nothing is written behind the entity. */
export function isEmpty({ encoded }: Decision<unknown, Event>): boolean {
  return encoded.length === 0;
}

/** A recorded command's decision as its outcome says it. */
export function describeOutcome({ basis, encoded, rejection }: Decision<unknown, Event>): OutcomeDetails {
  return rejection === undefined
    ? { kind: 'decided', on: basis.version, events: encoded.length }
    : { kind: 'rejected', on: basis.version, error: rejection };
}
