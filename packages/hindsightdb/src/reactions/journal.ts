/**
 * The effect journal: what is planned for each event, and what came of it. An entry is written before the first of its
 * effects is done, and again with every outcome that is recorded.
 */

import { HindsightError } from '../core/errors.ts';
import { jsonTextOf } from '../core/json.ts';
import { decodeTexts, encodeTexts, type CodedText } from '../store/codec.ts';
import type { KeyedEntry, KeyedWrite } from '../store/engine-types.ts';
import type { StoreContext } from '../store/settings.ts';
import { journalKey, type EventPlace } from './reaction-keys.ts';

/** Why an effect failed the last time. */
export interface EffectFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** An effect as the journal keeps it. */
export interface JournalEffect {
  readonly name: string;
  /** Counts the effects of this name that the event has led to, from 1. */
  readonly ordinal: number;
  readonly data: unknown;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it was done, in microseconds since 1970; absent while it is not. */
  readonly doneAt?: number;
  /** What the function that did it returned, where that is JSON. */
  readonly result?: unknown;
  readonly error?: EffectFailure;
}

/** What is planned for an event. */
export interface EventPlan extends EventPlace {
  readonly slice: number;
  readonly eventId: string;
  readonly streamId: string;
  readonly type: string;
  /** The version of the reaction that planned it. */
  readonly version: number;
  /** Microseconds since 1970. */
  readonly plannedAt: number;
  /** In the order in which they are done; one at least. */
  readonly effects: readonly JournalEffect[];
}

/** What of an entry can be read without the codec. */
export type PlanOutline = Omit<EventPlan, keyof EventPlace | 'slice' | 'effects'> & { readonly isDone: boolean };

/** Whether nothing of a plan is left to do. */
export function isDone({ effects }: Pick<EventPlan, 'effects'>): boolean {
  return effects.every(({ doneAt }) => doneAt !== undefined);
}

/** The journal entries for these plans. */
export async function journalWrites(
  { codec }: StoreContext,
  reaction: string,
  plans: readonly EventPlan[],
): Promise<readonly KeyedWrite[]> {
  const texts = await encodeTexts(
    codec,
    plans.map((plan) => coded(plan, jsonTextOf('A plan', plan.effects))),
  );
  return plans.map((plan, index) => {
    const { eventId, streamId, type, version, plannedAt } = plan;
    const outline: PlanOutline = { eventId, streamId, type, version, plannedAt, isDone: isDone(plan) };
    const value = `${JSON.stringify(outline).slice(0, -1)},"effects":${texts[index] ?? ''}}`;
    return { key: journalKey(reaction, plan.slice, plan), value };
  });
}

/** What can be read of an entry without the codec. */
export function outlineOf({ key, value }: KeyedEntry): PlanOutline & { readonly effects: unknown } {
  const entry: unknown = JSON.parse(value);
  if (typeof entry !== 'object' || entry === null || !('plannedAt' in entry))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not one of an effect journal.`);
  // Written by `journalWrites` alone.
  return entry as PlanOutline & { readonly effects: unknown };
}

/** The plans that entries hold. */
export async function plansOf(
  { codec }: StoreContext,
  found: readonly { readonly entry: KeyedEntry; readonly place: EventPlace & { readonly slice: number } }[],
): Promise<readonly EventPlan[]> {
  const outlines = found.map(({ entry }) => outlineOf(entry));
  const texts = await decodeTexts(
    codec,
    outlines.map((outline) => coded(outline, JSON.stringify(outline.effects))),
  );
  return found.map(({ place, entry: { key } }, index) => {
    const { eventId = '', streamId = '', type = '', version = 0, plannedAt = 0 } = outlines[index] ?? {};
    const effects: unknown = JSON.parse(texts[index] ?? '');
    if (!Array.isArray(effects)) throw new HindsightError('STORE_CORRUPT', `The entry ${key} holds no effects.`);
    // What `journalWrites` encoded.
    const planned = effects as readonly JournalEffect[];
    return { ...place, eventId, streamId, type, version, plannedAt, effects: planned };
  });
}

function coded({ streamId, type }: { readonly streamId: string; readonly type: string }, data: string): CodedText {
  return { kind: 'journal', streamId, type, data };
}
