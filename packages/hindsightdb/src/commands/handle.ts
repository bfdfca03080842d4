/**
 * Handling a command: load the entity, decide, append what was decided, answer.
 */

import { whenAborted } from '../core/abort.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { assertDecider, type Decider } from '../core/decider.ts';
import type { Event, Metadata, Recorded } from '../core/event.ts';
import type { Limits } from '../core/limits.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName } from '../core/text.ts';
import { assertKeyRetention, digestOf } from '../store/append.ts';
import { assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { assertOfCategory } from '../store/load-state.ts';
import type { Store } from '../store/store.ts';
import { queueOf } from './entity-queues.ts';

/** What may be said of a command. */
export interface HandleOptions {
  /**
   * Sent again under the same key, a command gives its first answer and writes nothing. Kept for good unless
   * `keyRetentionMs` is set. A decision without events is not remembered.
   */
  readonly key?: string;
  readonly keyRetentionMs?: number;
  /** Metadata for the events: correlation, causation, actor and your own. */
  readonly metadata?: Metadata;
  /** Decide only if the entity is at this version; else a `ConflictError`, without a retry. */
  readonly expectedVersion?: number;
  /** How often the command is decided anew when somebody else wrote in between. Default 3. */
  readonly retries?: number;
  /** Withdraws the command while its append is not yet being written. */
  readonly signal?: AbortSignal;
}

/** What became of a command. */
export interface HandleResult<State, Events extends Event> {
  /** The events that were decided and written; empty when there was nothing to do. */
  readonly events: readonly Recorded<Events>[];
  /** The state after them. */
  readonly state: State;
  /** The version of the stream after them. */
  readonly version: number;
  /** A place behind which they lie. */
  readonly checkpoint: Checkpoint;
  /** The command was handled before, under its key; nothing was decided now. */
  readonly isDuplicate: boolean;
}

/**
 * Lets a decider decide a command on the present state of an entity, and appends what it decides, durably.
 *
 * Commands of one entity in one process queue and are decided in their order; when another process writes to the entity in
 * between, the command is decided anew, `retries` times, before a `ConflictError` is thrown. What `decide` throws reaches the
 * caller unchanged, and nothing is written.
 */
export async function handle<State, Command, Events extends Event>(
  store: AnyStore,
  decider: Decider<State, Command, Events>,
  streamId: string,
  command: Command,
  options: HandleOptions = {},
): Promise<HandleResult<State, Events>> {
  const { limits } = contextOf(store);
  assertName('A stream id', streamId, limits.streamIdBytesMax);
  assertNotReserved('The stream id', streamId);
  assertDecider(decider);
  assertOfCategory(decider.category, streamId);
  assertHandleOptions(options, limits);
  const { key, signal } = options;
  const contentDigest = key === undefined ? undefined : digestOf([streamId, command]);
  // Every store has the members that a queue uses, whatever events it declares.
  const queue = queueOf(store as Store, decider, streamId);
  let endInterest: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const job = { command, options, contentDigest, resolve, reject, conflicts: 0, isWithdrawn: false };
      endInterest = signal && whenAborted(signal, () => queue.withdraw(job));
      queue.add(job);
    });
  } finally {
    endInterest?.();
  }
}

function assertHandleOptions(options: HandleOptions, { idBytesMax }: Limits): void {
  assertObject('options', options);
  const { key, keyRetentionMs, metadata, expectedVersion, retries, signal } = options;
  if (key !== undefined) {
    assertName('The key of a command', key, idBytesMax);
    assertNotReserved('The key of a command', key);
  }
  assertKeyRetention(keyRetentionMs);
  if (metadata !== undefined) assertObject('metadata', metadata);
  if (expectedVersion !== undefined)
    assertWhole('expectedVersion', expectedVersion, { min: 0, max: Number.MAX_SAFE_INTEGER });
  if (retries !== undefined) assertWhole('retries', retries, { min: 0, max: 1_000_000 });
  assertOptionalSignal(signal);
}
