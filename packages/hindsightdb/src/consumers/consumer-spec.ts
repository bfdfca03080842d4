/**
 * What the runtime of consumers needs to know of one: which events it follows, how it is spread, and the function that works
 * on a batch of a slice. Plain consumers, projections and reactions are made into this form.
 */

import type { Checkpoint, PartitionPlace } from '../core/checkpoint.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { Query } from '../core/query.ts';
import { reasonOf } from '../core/text.ts';
import type { KeyedWrite, SqlStatement } from '../store/engine-types.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { RetryPolicy } from './retry-policy.ts';

/**
 * What kind of consumer it is. Of a reaction and of a process manager nothing below its fence is handled again; what decides
 * commands may read any of them again, since their outcomes are recorded under keys.
 */
export type ConsumerKind = 'consumer' | 'projection' | 'reaction' | 'commands' | 'process';

/** Whether what a consumer of the kind did reaches beyond the store, so that it is neither taken back nor run after a restore unasked. */
export function isFenced(kind: ConsumerKind): boolean {
  return kind === 'reaction' || kind === 'process';
}

/** Which events are followed. All that is given must hold; nothing given: every event but the store's own. */
export interface EventFilter {
  readonly category?: string;
  readonly streamId?: string;
  /** Only events of these types, as they are read. Not together with `query`. */
  readonly types?: readonly string[];
  /** Only events that it means. Its items name their types themselves. */
  readonly query?: Query;
}

/**
 * Where a consumer begins when it is started for the first time: at the `'beginning'` of the log, `'now'`, behind a checkpoint
 * or, with one partition, a position, or with the first event recorded after a time.
 */
export type StartAt = 'beginning' | 'now' | { readonly after: Checkpoint | number } | { readonly time: string | Date };

/** What is done when a consumer's checkpoint does not fit the log. Default `'stop'`. */
export type DivergencePolicy = 'stop' | 'rewind' | 'reset';

/** A share of a batch: events of one slice, in the order of the log, none of an entity that is set aside. Never empty. */
export interface SliceBatch {
  readonly slice: number;
  readonly events: readonly RecordedEvent[];
  /** How often this very batch was tried before. */
  readonly attempt: number;
  /** Aborted when the work is of no use any more: the slice was lost, or the consumer stops and has waited long enough. */
  readonly signal: AbortSignal;
  /**
   * Writes at once under the slice's fence, before the batch is done; the checkpoint stays. Throws `FENCED` when the slice
   * belongs to somebody else by now, and a `ConflictError` when an expected revision of the writes is not the present one.
   */
  readonly record: (writes: readonly KeyedWrite[]) => Promise<void>;
}

/** What is written in one transaction with the slice's checkpoint. */
export interface SliceWrites {
  readonly keyedWrites?: readonly KeyedWrite[];
  /** Only where the engine that holds the progress has SQL. */
  readonly statements?: readonly SqlStatement[];
  /** The event that a statement is of, by the statement's index: so that one which the database refuses is that event's failure. */
  readonly eventOf?: (statement: number) => RecordedEvent | undefined;
  /** Events that failed for good: they become letters, and later events of their entities wait behind them. */
  readonly setAside?: readonly FailedEvent[];
  /**
   * Events of the batch whose work goes on. The slice does not wait for them, and hands out what follows; what it records
   * and tells of its place stays before the oldest of them.
   */
  readonly later?: readonly LaterWork[];
}

/** Work on an event that outlasts its batch. */
export interface LaterWork {
  readonly event: RecordedEvent;
  /** Does not reject; where it does, the event has failed at its first try. */
  readonly settled: Promise<Settled>;
}

/** How work on an event ended. */
export type Settled =
  | { readonly kind: 'handled' }
  /**
   * It becomes a letter. Everything of its entity that is handed out behind it is to end as `waiting`: what was before, and
   * what is within the same turn of the event loop, in which the slice need not have heard of it.
   */
  | { readonly kind: 'failed'; readonly error: unknown; readonly attempts: number }
  /** It was not tried, because something of its entity that came before it failed. */
  | { readonly kind: 'waiting' };

/** A slice that has handed out all there is. */
export interface SliceAtRest {
  readonly slice: number;
  /** Aborted when the work is of no use any more. */
  readonly signal: AbortSignal;
  /** Writes under the slice's fence, as that of a batch does. */
  readonly record: (writes: readonly KeyedWrite[]) => Promise<void>;
  /** Up to here everything is settled. */
  readonly places: readonly PartitionPlace[];
  /** Whether that is everything that was read. */
  readonly isSettled: boolean;
}

/** An event that could not be handled, and why. */
export interface FailedEvent {
  readonly event: RecordedEvent;
  readonly error: unknown;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Thrown by the work on a batch to say which event it failed at. Anything else that it throws is no event's fault. */
export class EventFailure extends Error {
  readonly event: RecordedEvent;
  /** How often the work has tried it by itself; absent: once, and it is tried again by the consumer's policy. */
  readonly attempts: number | undefined;

  constructor(event: RecordedEvent, cause: unknown, attempts?: number) {
    super(reasonOf(cause), { cause });
    this.name = 'EventFailure';
    this.event = event;
    this.attempts = attempts;
  }
}

/**
 * Thrown by the work on a batch when code of the user's failed at it and no single event is known to be at fault. It counts as a
 * try whatever its cause is: an error that passes by itself in the store may stay for ever in somebody else's code.
 */
export class BatchFailure extends Error {
  constructor(cause: unknown) {
    super(reasonOf(cause), { cause });
    this.name = 'BatchFailure';
  }
}

/** A consumer as the runtime takes it. */
export interface ConsumerSpec {
  readonly kind: ConsumerKind;
  /** Letters, digits and `._@-`; unique in the store that holds its progress. */
  readonly name: string;
  readonly filter: EventFilter;
  /** Of what decides commands: the category that they are of; fixed when first started. */
  readonly category?: string;
  readonly startAt: StartAt;
  /** The store that holds the progress, letters and whatever `handle` returns. Default: the one that is followed. */
  readonly home?: AnyStore;
  /** Into how many slices the entities are spread; fixed when first started. Default 1. */
  readonly sliceCount?: number;
  /** How long a slice stays with a holder that gives no sign, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How many events are read at once. Default 200. */
  readonly batchSizeMax?: number;
  readonly retry?: RetryPolicy;
  /**
   * What becomes of an event that `handle` failed at by an `EventFailure` in all tries: the consumer stops and says why, or
   * the event is set aside. Default `'stop'`.
   */
  readonly onFailure?: 'stop' | 'setAside';
  /** How many letters a consumer may have before it stops. Default 10,000. */
  readonly lettersMax?: number;
  readonly onDiverged?: DivergencePolicy;
  /** The entity that an event belongs to: what is kept in order, waits together and lies in one slice. Default: its stream. */
  readonly entityOf?: (event: RecordedEvent) => string;
  /** How many events of a slice may be unsettled; then it hands out no more. Default 5,000. */
  readonly unsettledMax?: number;
  /** Where a reset begins in place of `startAt`, and what else it writes, such as the removal of a view. */
  readonly whenReset?: () => Promise<readonly KeyedWrite[]>;
  /** Works on a batch. What it returns is written with the checkpoint; where it throws, nothing is. */
  readonly handle: (batch: SliceBatch) => Promise<SliceWrites>;
  /**
   * Called before a letter that is skipped is taken away, for each event that upcasters make of it. May be called again for
   * the same event; where it throws, the letter stays and it is called again. What lies behind unsettled events is handed out
   * again after a restart, also where its letter was skipped: what this records is what tells.
   */
  readonly whenSkipped?: (event: RecordedEvent) => Promise<void>;
  /**
   * Called when a slice has handed out all there is, and again after as many milliseconds as it answers, or in the next round
   * where it answers none; sooner only when the consumer is woken by `wakeUp`. Other slices wait for it. An error that
   * passes is waited for, any other counts as a failed try of a batch.
   */
  readonly tick?: (slice: SliceAtRest) => Promise<number | undefined>;
  /** Called after each commit of a slice, with the place that it has come to, and once when it is acquired. */
  readonly onProgress?: (progress: SliceProgress) => void;
}

/** How far a slice has come. */
export interface SliceProgress {
  readonly slice: number;
  readonly checkpoint: Checkpoint;
  /** Whether everything that was in the log at the time of the last read has been handled. */
  readonly isCaughtUp: boolean;
  /** Events handed out since the consumer was started here. */
  readonly handledCount: number;
}
