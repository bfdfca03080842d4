/** Looking at the effect journal: what was planned, what is done, and what failed. */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import { isoOfMicros } from '../core/time.ts';
import { assertKeyedName, assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { effectKey } from './effect.ts';
import { plansOf, type EffectFailure, type EventPlan, type JournalEffect } from './journal.ts';
import { journalPrefix, placeOfJournalKey } from './reaction-keys.ts';

/** Which effects are listed. */
export interface ListEffectsOptions {
  /** Only those that are done, or only those that are not. */
  readonly state?: 'planned' | 'done';
  /** Only of this event. */
  readonly eventId?: string;
  /** Only of events of this stream. */
  readonly streamId?: string;
  /** Only of this slice. */
  readonly slice?: number;
  readonly signal?: AbortSignal;
}

/** An effect in the journal. */
export interface ListedEffect {
  /** The key under which it is done. */
  readonly key: string;
  readonly name: string;
  readonly data: unknown;
  readonly state: 'planned' | 'done';
  /** How often it was tried. */
  readonly attempts: number;
  /** What the function that did it returned, where that is JSON. */
  readonly result?: unknown;
  /** Why it failed the last time. */
  readonly error?: EffectFailure;
  readonly eventId: string;
  readonly streamId: string;
  readonly type: string;
  readonly slice: number;
  readonly partition: number;
  readonly position: number;
  /** The version of the reaction that planned it. */
  readonly version: number;
  /** When, in ISO 8601. */
  readonly plannedAt: string;
  readonly doneAt?: string;
}

const pageSize = 200;

/**
 * The effects in the journal of a reaction, in the order of its slices and of the log. `store` is the one that holds the
 * reaction's progress. What is listed is kept for `journalKeptMs` of the reaction.
 */
export async function* listEffects(
  store: AnyStore,
  name: string,
  options: ListEffectsOptions = {},
): AsyncGenerator<ListedEffect> {
  const context = contextOf(store);
  assertKeyedName('The name of a reaction', name);
  assertOptions(options);
  const { state, eventId, streamId, slice, signal } = options;
  const prefix = journalPrefix(name, slice);
  for (let after: string | undefined; ;) {
    signal?.throwIfAborted();
    const entries = await context.engine.keyedScan({ prefix, limit: pageSize, ...(after !== undefined && { after }) });
    const found = entries.map((entry) => ({ entry, place: placeOfJournalKey(entry.key) }));
    for (const plan of await plansOf(context, found)) {
      if (eventId !== undefined && plan.eventId !== eventId) continue;
      if (streamId !== undefined && plan.streamId !== streamId) continue;
      for (const effect of plan.effects) {
        const listed = listedEffect(name, plan, effect);
        if (state === undefined || listed.state === state) yield listed;
      }
    }
    after = entries.at(-1)?.key;
    if (entries.length < pageSize || after === undefined) return;
  }
}

function listedEffect(reaction: string, plan: EventPlan, effect: JournalEffect): ListedEffect {
  const { eventId, streamId, type, slice, partition, position, version, plannedAt } = plan;
  const { name, data, attempts, doneAt, result, error } = effect;
  return {
    key: effectKey(reaction, eventId, effect),
    name,
    data,
    state: doneAt === undefined ? 'planned' : 'done',
    attempts,
    ...(result !== undefined && { result }),
    ...(error !== undefined && { error }),
    eventId,
    streamId,
    type,
    slice,
    partition,
    position,
    version,
    plannedAt: isoOfMicros(plannedAt),
    ...(doneAt !== undefined && { doneAt: isoOfMicros(doneAt) }),
  };
}

function assertOptions(options: ListEffectsOptions): void {
  assertObject('options', options);
  const { state, slice, signal }: { readonly state?: unknown; readonly slice?: number; readonly signal?: unknown } =
    options;
  if (state !== undefined && state !== 'planned' && state !== 'done')
    throw argumentError('INVALID_ARGUMENT', `state must be 'planned' or 'done', not ${describe(state)}.`);
  if (slice !== undefined) assertWhole('slice', slice, { min: 0, max: 9999 });
  assertOptionalSignal(signal);
}
