/** Planning: what the handlers of a reaction want done about an event. */

import { HindsightError, rangeError, argumentError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import { jsonTextOf } from '../core/json.ts';
import { describe } from '../core/text.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { Effect } from './effect.ts';
import { ask } from './gateway.ts';
import type { JournalEffect } from './journal.ts';
import type { Reaction, ReactionContext } from './reaction.ts';

/** How many effects an event may lead to. */
const effectsMax = 1000;

/** What handlers want done about what a stored event is read as, in order. Throws what a handler throws. */
export async function plannedEffects(
  reaction: Reaction,
  events: readonly RecordedEvent[],
  asking: { readonly home: AnyStore; readonly signal: AbortSignal },
): Promise<readonly JournalEffect[]> {
  const effects: Effect[] = [];
  for (const event of events) {
    const handler = reaction.handlers.get(event.type);
    if (handler !== undefined) effects.push(...effectsOf(await handler(event, contextFor(event, asking))));
  }
  if (effects.length > effectsMax)
    throw rangeError('LIMIT_EXCEEDED', `An event may lead to ${effectsMax} effects at most, not ${effects.length}.`);
  const ordinals = new Map<string, number>();
  return effects.map(({ name, data }) => {
    if (!reaction.performers.has(name)) throw unknownEffect(reaction, name);
    const ordinal = (ordinals.get(name) ?? 0) + 1;
    ordinals.set(name, ordinal);
    // Every try sees the data as they come back from the journal, the first one too.
    const kept: unknown = JSON.parse(jsonTextOf(`The data of the effect ${name}`, data));
    return { name, ordinal, data: kept, attempts: 0 };
  });
}

/** The error for an effect that the reaction does not declare. */
export function unknownEffect({ name, version }: Reaction, effect: string): HindsightError {
  return new HindsightError(
    'EFFECT_UNKNOWN',
    `Version ${version} of the reaction ${name} does not declare the effect ${JSON.stringify(effect)}, which is planned. Declare it again until nothing planned names it.`,
    { details: { reaction: name, effect } },
  );
}

function contextFor(
  { id, streamId }: RecordedEvent,
  { home, signal }: { readonly home: AnyStore; readonly signal: AbortSignal },
): ReactionContext {
  return { signal, ask: (gateway, question) => ask(home, gateway, question, { for: id, streamId, signal }) };
}

function effectsOf(answer: unknown): readonly Effect[] {
  const given: readonly unknown[] = answer === undefined ? [] : isList(answer) ? answer : [answer];
  return given.map((each) => {
    if (isEffect(each)) return each;
    throw argumentError(
      'INVALID_ARGUMENT',
      `A handler must return effects made by effect(), several of them or nothing, not ${describe(each)}.`,
    );
  });
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isEffect(value: unknown): value is Effect {
  return (
    typeof value === 'object' && value !== null && 'data' in value && typeof Reflect.get(value, 'name') === 'string'
  );
}
