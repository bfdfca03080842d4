/** Deciding a command that is kept: through the queue of its entity, as `handle` does it. */

import { whenAborted } from '../core/abort.ts';
import type { Decider } from '../core/decider.ts';
import type { Event, Metadata } from '../core/event.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Store } from '../store/store.ts';
import { decideOnBoundary } from './decide-on-boundary.ts';
import type { AnyCommands } from './define-commands.ts';
import { queueOf } from './entity-queues.ts';
import type { Recording } from './job.ts';

/** How often a command is decided anew because somebody else wrote to its entity, before that counts as a failure. */
const retries = 100;

/** What is decided, and how it is kept. */
export interface KeptDecision {
  readonly streamId: string;
  /** What the decider takes. */
  readonly decided: unknown;
  /** Of the events. */
  readonly metadata: Metadata;
  readonly recording: Recording;
  readonly signal: AbortSignal;
}

/**
 * Decides, and resolves when the outcome is durable; `recording` is told of it. Throws what failed; then nothing was written,
 * but where the error says that this is not known.
 */
export async function decideKept(store: AnyStore, commands: AnyCommands, decision: KeptDecision): Promise<void> {
  const { streamId, decided, metadata, recording, signal } = decision;
  // What a decider takes was made for it by the same definition.
  const decider = commands.decider as Decider<unknown, unknown, Event>;
  // So was what a boundary takes.
  const query = commands.boundary?.(decided as never);
  if (query !== undefined) {
    try {
      await decideOnBoundary(store, decider, query, decision);
    } catch (error) {
      recording.onFailed();
      throw error;
    }
    return;
  }
  // Every store has the members that a queue uses, whatever events it declares.
  const queue = queueOf(store as Store, decider, streamId);
  let endInterest = (): void => {};
  try {
    await new Promise((resolve, reject) => {
      const job = {
        command: decided,
        options: { metadata, retries, signal },
        contentDigest: undefined,
        recording,
        resolve,
        reject,
        conflicts: 0,
        isWithdrawn: false,
      };
      endInterest = whenAborted(signal, () => queue.withdraw(job));
      queue.add(job);
    });
  } finally {
    endInterest();
  }
}
