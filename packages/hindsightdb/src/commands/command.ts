/**
 * Commands: what somebody wants of an entity, as it is sent, as it is recorded, and what became of it.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import type { Metadata } from '../core/event.ts';

/** A command as it is sent. */
export interface Command<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** The entity that it is for. */
  readonly streamId: string;
  /** Any JSON value. What its schema makes of it is what is recorded. */
  readonly data: Data;
  /**
   * Makes it recognisable: sent again under the same id, a command gives its first answer. Default: a new UUID v7, under which
   * only the store itself can send it again.
   */
  readonly id?: string;
  readonly metadata?: Metadata;
  /** When it is to be decided: ISO 8601 with an offset or `Z`, or a `Date`. Default: in its turn. */
  readonly dueAt?: string | Date;
}

/** A command as it was accepted. Immutable. */
export interface RecordedCommand<Type extends string = string, Data = unknown> {
  readonly id: string;
  readonly type: Type;
  readonly streamId: string;
  readonly data: Data;
  readonly metadata: Metadata;
  /** When it was accepted, by the clock of the store that accepted it: ISO 8601. */
  readonly acceptedAt: string;
  /** When it was to be decided, where that was said: ISO 8601. */
  readonly dueAt?: string;
  /** The time that a decision goes by: `dueAt` where that is later, else `acceptedAt`. */
  readonly at: string;
  /** The process manager that issued it, and the key of its instance. */
  readonly process?: { readonly name: string; readonly key: string };
}

/** Why a command was not carried out, as it is recorded. */
export interface RecordedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** What became of a command, as far as the kinds differ. */
export type OutcomeDetails =
  /**
   * It was decided on version `on` of the entity, and `events` events were written behind it; perhaps none. With a boundary,
   * `after` is the place of the log up to which it was looked at.
   */
  | { readonly kind: 'decided'; readonly on: number; readonly events: number; readonly after?: Checkpoint }
  /** The decider refused it on version `on` of the entity, or on the boundary up to `after`. */
  | { readonly kind: 'rejected'; readonly on: number; readonly error: RecordedError; readonly after?: Checkpoint }
  /** It was taken back before it was decided. */
  | { readonly kind: 'cancelled'; readonly reason?: string }
  /** It could not be decided, and its letter was skipped. */
  | { readonly kind: 'abandoned'; readonly error?: RecordedError };

/** What became of a command. The first one stands for good. */
export type Outcome = OutcomeDetails & {
  readonly commandId: string;
  /** The entity. */
  readonly streamId: string;
  /** When it was recorded: ISO 8601. */
  readonly recordedAt: string;
  /** A place of the log behind which the outcome and its events lie. */
  readonly checkpoint: Checkpoint;
};

/** Where a command stands. */
export type CommandStatus =
  /** Waits for its time. */
  | 'scheduled'
  /** Waits for its turn, or is being decided. */
  | 'accepted'
  /** Set aside as a letter, or behind one; goes on when that is tried again or skipped. */
  | 'setAside'
  /** Has an outcome. */
  | Outcome['kind'];
