/**
 * Handling a command: load the entity, decide, append what was decided, answer.
 */

import type { Checkpoint } from '../core/checkpoint.ts';
import type { Decider } from '../core/decider.ts';
import { argumentError } from '../core/errors.ts';
import type { Event, Metadata, Recorded } from '../core/event.ts';
import { categoryOf } from '../core/stream-id.ts';
import { assertName } from '../core/text.ts';
import { digestOf } from '../store/append.ts';
import { assertWhole } from '../store/read-options.ts';
import type { Store } from '../store/store.ts';
import { EntityQueue } from './entity-queue.ts';

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
  // The decider says which events the entity has; a store that declares other events as well is as good.
  store: Pick<Store, 'context'>,
  decider: Decider<State, Command, Events>,
  streamId: string,
  command: Command,
  options: HandleOptions = {},
): Promise<HandleResult<State, Events>> {
  const { key, retries = 0 } = options;
  assertName('A stream id', streamId, store.context.limits.streamIdBytesMax);
  assertWhole('retries', retries, { min: 0, max: 1_000_000 });
  if (decider.category !== undefined && decider.category !== categoryOf(streamId)) {
    throw argumentError(
      'INVALID_ARGUMENT',
      `Stream ${JSON.stringify(streamId)} is not of the decider's category ${JSON.stringify(decider.category)}; its id would begin with ${JSON.stringify(`${decider.category}-`)}.`,
    );
  }
  const contentDigest = key === undefined ? undefined : digestOf([streamId, command]);
  return await new Promise((resolve, reject) => {
    // Every store has the members that a queue uses, whatever events it declares.
    queueOf(store as Store, decider, streamId).add({ command, options, contentDigest, resolve, reject, conflicts: 0 });
  });
}

/** Entities remembered per decider with their last state; the idle ones among them make room for others. */
const entitiesMax = 1000;

/** The queues of each open store. They hold nothing that the store does not: a cache, and who waits for what. */
const queues = new WeakMap<Store, WeakMap<object, Map<string, { readonly isIdle: boolean }>>>();

function queueOf<State, Command, Events extends Event>(
  store: Store,
  decider: Decider<State, Command, Events>,
  streamId: string,
): EntityQueue<State, Command, Events> {
  const ofStore = getOrMake(queues, store, () => new WeakMap<object, Map<string, { readonly isIdle: boolean }>>());
  // What was put in under a decider is of its types.
  const ofDecider = getOrMake(ofStore, decider, () => new Map<string, { readonly isIdle: boolean }>()) as Map<
    string,
    EntityQueue<State, Command, Events>
  >;
  let queue = ofDecider.get(streamId);
  if (queue === undefined) {
    if (ofDecider.size >= entitiesMax) forgetIdle(ofDecider);
    queue = new EntityQueue(store, decider, streamId);
  } else ofDecider.delete(streamId);
  // Put in last, so that the first of the map is the one that was used longest ago.
  ofDecider.set(streamId, queue);
  return queue;
}

function forgetIdle(queues: Map<string, { readonly isIdle: boolean }>): void {
  let excess = queues.size - entitiesMax + 1;
  for (const [streamId, queue] of queues) {
    if (excess <= 0) return;
    if (!queue.isIdle) continue;
    queues.delete(streamId);
    excess -= 1;
  }
}

function getOrMake<Key extends object, Value>(map: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
