/** Doing what is planned: one effect after the other, each under its key, tried again where it fails. */

import { abortReason } from '../core/abort.ts';
import { assertNotReplaying } from '../core/replay.ts';
import { reasonOf } from '../core/text.ts';
import { pause } from '../consumers/pause.ts';
import { pauseAfter } from '../consumers/retry-policy.ts';
import { effectKey } from './effect.ts';
import { fail, type EventWork } from './event-work.ts';
import type { EffectFailure, EventPlan, JournalEffect } from './journal.ts';
import { unknownEffect } from './plan-event.ts';
import type { Reaction } from './reaction.ts';

/** What effects are done with. */
export interface Performing {
  readonly reaction: Reaction;
  /** Microseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Called when the plan of an event says more than the journal. */
  readonly onOutcome: (work: EventWork) => void;
}

/** Does what is left of a plan. Sets the work's state; throws only when the signal ends it. */
export async function performPlan(performing: Performing, work: EventWork): Promise<void> {
  const { plan } = work;
  if (plan === undefined) return;
  for (const [index, { doneAt }] of plan.effects.entries()) {
    if (doneAt !== undefined) continue;
    const failure = await performEffect(performing, work, index);
    if (failure === undefined) continue;
    fail(work, failure);
    return;
  }
  work.state = 'settled';
}

/** Does one effect. Answers why it failed for good. */
async function performEffect(
  performing: Performing,
  work: EventWork,
  index: number,
): Promise<EventWork['failure'] | undefined> {
  const { reaction, signal } = performing;
  for (let tries = 1; ; tries += 1) {
    if (signal.aborted) throw abortReason(signal);
    const effect = work.plan?.effects[index];
    if (effect === undefined) throw new Error('A plan keeps its effects.');
    const performer = reaction.performers.get(effect.name);
    const outcome =
      performer === undefined
        ? { ...effect, error: unknownEffect(reaction, effect.name) }
        : await attempt(performing, work, { ...effect, attempts: effect.attempts + 1 });
    const { error, ...settled } = outcome;
    setEffect(work, index, error === undefined ? settled : { ...settled, error: described(error) });
    performing.onOutcome(work);
    if (error === undefined) return undefined;
    if (performer === undefined || tries >= reaction.retry.attemptsMax)
      return { error, attempts: Math.max(1, settled.attempts) };
    await pause(pauseAfter(reaction.retry, tries, Math.random()), signal);
  }
}

async function attempt(
  { reaction, now, signal }: Performing,
  { events: [event] }: EventWork,
  effect: JournalEffect,
): Promise<Omit<JournalEffect, 'error'> & { readonly error?: unknown }> {
  const { name, data, attempts } = effect;
  const key = effectKey(reaction.name, event.id, effect);
  assertNotReplaying(`The effect ${name}`);
  const { error: _, ...before } = effect;
  try {
    // A copy: what a function changes in its data must not reach the journal or the next try.
    const result = await reaction.performers.get(name)?.(structuredClone(data), { key, attempt: attempts, signal });
    return { ...before, doneAt: now(), ...resultOf(result) };
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    return { ...before, error: error ?? new Error('The effect failed without saying why.') };
  }
}

/** A result as the journal keeps it; none where it has no JSON form. */
function resultOf(result: unknown): { readonly result?: unknown } {
  try {
    const text = JSON.stringify(result);
    return text === undefined ? {} : { result: JSON.parse(text) };
  } catch {
    return {};
  }
}

function setEffect(work: EventWork, index: number, effect: JournalEffect): void {
  const { plan } = work;
  if (plan === undefined) return;
  const changed: EventPlan = { ...plan, effects: plan.effects.with(index, effect) };
  work.plan = changed;
}

function described(error: unknown): EffectFailure {
  if (!(error instanceof Error)) return { name: 'Error', message: reasonOf(error) };
  const code: unknown = Reflect.get(error, 'code');
  return { name: error.name, message: error.message, ...(typeof code === 'string' && { code }) };
}
