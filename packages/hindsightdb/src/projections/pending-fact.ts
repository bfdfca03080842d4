/**
 * Placeholders for what only the commit decides: the position, the version and the time of an event that is being appended.
 * They can be put into a document or a SQL parameter, and the engine fills them in. They cannot be computed with.
 */

import { HindsightError } from '../core/errors.ts';
import type { Pending } from '../store/engine-types.ts';

/** A fact about an event that is not committed yet. Anything that would need its value throws `PENDING_VALUE`. */
export class PendingFact<Kind extends Pending['pending'] = Pending['pending']> {
  readonly kind: Kind;
  readonly #fact: Pending;

  /** Made by the library for the events of an append. */
  constructor(kind: Kind, place: { readonly stream: number; readonly event: number }) {
    this.kind = kind;
    this.#fact = { pending: kind, stream: place.stream, event: place.event };
  }

  /** What the engine is told to fill in. Not for applications. */
  static factOf(value: PendingFact): Pending {
    return value.#fact;
  }

  /** Refuses to become a number or a text. */
  [Symbol.toPrimitive](): never {
    throw this.#refusal();
  }

  /** Refuses to become a text. */
  toString(): string {
    throw this.#refusal();
  }

  /** Refuses to become JSON outside of a document. */
  toJSON(): never {
    throw this.#refusal();
  }

  #refusal(): HindsightError {
    return new HindsightError(
      'PENDING_VALUE',
      `The ${this.kind} of an event is not known before it is committed. Put it into a document or a SQL parameter as it is; a projection that computes with it cannot be inline.`,
      { details: { pending: this.kind } },
    );
  }
}

/** Whether a value is such a placeholder. */
export function isPending(value: unknown): value is PendingFact {
  return value instanceof PendingFact;
}

/** The position or version of an event of this append, before the commit. */
export type PendingNumber = PendingFact<'position' | 'version'>;

/** The time of recording of an event of this append, before the commit. */
export type PendingTime = PendingFact<'recordedAt'>;
