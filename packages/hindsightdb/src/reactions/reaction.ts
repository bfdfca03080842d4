/**
 * Reactions: what is to be done in the world when something has happened. Handlers return effects as data; functions that
 * are declared beside them do them. See docs/decisions/0018.
 */

import { argumentError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import { embeddedLimits } from '../core/limits.ts';
import { normalizeQuery, type Query } from '../core/query.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName } from '../core/text.ts';
import type { EventFilter, StartAt } from '../consumers/consumer-spec.ts';
import { functionsOf, narrowedTo } from '../consumers/declared-functions.ts';
import { assertStartAt } from '../consumers/start-place.ts';
import { checkedRetryPolicy, type CheckedRetryPolicy, type RetryPolicy } from '../consumers/retry-policy.ts';
import { assertKeyedName, assertObject, assertWhole } from '../store/argument-checks.ts';
import type { EffectContext, EffectsOf } from './effect.ts';
import type { Gateway } from './gateway.ts';

/** What a handler may do beside looking at its event. */
export interface ReactionContext {
  /** Asks a gateway for this event. Asked again, the same question has the same answer. */
  readonly ask: <Question, Answer>(gateway: Gateway<Question, Answer>, question: Question) => Promise<Answer>;
  /** Aborted when the answer is of no use any more. */
  readonly signal: AbortSignal;
}

/** What every reaction says of itself. */
export interface ReactionOptions {
  /** Letters, digits and `._@-`; unique in the store. Progress, journal and fence belong to the name, whatever the version. */
  readonly name: string;
  /** Which version of the reaction this code is, from 1. Raise it with whatever the handlers plan. Default 1. */
  readonly version?: number;
  /** Only events of streams of this category. */
  readonly category?: string;
  /** Only events that this query means, and of those the types that have a handler. */
  readonly query?: Query;
  /** Where it begins when it is started for the first time. There is no default: yesterday's mails for everybody, or none. */
  readonly startAt: StartAt;
  /** How often an effect, and a handler that fails, are tried before the event is set aside. */
  readonly retry?: RetryPolicy;
  /** For how many entities effects are done at the same time, in each slice. Default 8. */
  readonly concurrencyMax?: number;
  /** How long what was done is kept in the journal, in milliseconds. Default 30 days. */
  readonly journalKeptMs?: number;
  /** Over how many slices the entities are spread: how many processes can work at once. Default 1, fixed at the first start. */
  readonly slices?: number;
  /** After how long without a sign another process takes a slice over, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How many events are read at once. Default 200. */
  readonly batchSizeMax?: number;
  /** How many letters it may have before it stops. Default 10,000. */
  readonly lettersMax?: number;
}

/** The functions that do effects, by the names of these. `Effects` has the data that each takes. */
export type Performers<Effects> = {
  readonly [Name in keyof Effects]: (data: Effects[Name], context: EffectContext) => unknown;
};

/** A reaction as it is declared. `Data` has what each event type carries, `Effects` what each effect is done with. */
export interface ReactionDefinition<Data, Effects> extends ReactionOptions {
  /**
   * What does each effect. May be called again with the same key and data, and must then do nothing. What it returns is kept
   * in the journal where it is JSON; where it throws, the effect is tried again.
   */
  readonly effects: Performers<Effects>;
  /** What is to be done about an event, by its type. Pure, but for what it asks gateways through its context. */
  readonly on: {
    readonly [Type in keyof Data]: (
      event: RecordedEvent<Type & string, Data[Type]>,
      context: ReactionContext,
    ) => EffectsOf<NoInfer<Effects>> | Promise<EffectsOf<NoInfer<Effects>>>;
  };
}

/** A handler without its types. */
export type ReactionHandler = (event: RecordedEvent, context: ReactionContext) => unknown;
/** A function that does an effect, without its types. */
export type Performer = (data: unknown, context: EffectContext) => unknown;

/** A reaction, checked. Made by {@link defineReaction}. */
export interface Reaction {
  readonly name: string;
  readonly version: number;
  readonly filter: EventFilter;
  readonly startAt: StartAt;
  readonly retry: CheckedRetryPolicy;
  readonly concurrencyMax: number;
  readonly journalKeptMs: number;
  /** How it is run, as far as it said so. */
  readonly running: Pick<ReactionOptions, 'slices' | 'leaseMs' | 'batchSizeMax' | 'lettersMax'>;
  readonly handlers: ReadonlyMap<string, ReactionHandler>;
  readonly performers: ReadonlyMap<string, Performer>;
}

const journalKeptMsDefault = 30 * 24 * 3_600_000;

/**
 * Declares a reaction. The types of events and of the effects' data come from the annotations of the functions, and an effect
 * that is not declared does not compile. Only events that have a handler are followed. Throws a `TypeError` where it is none.
 *
 * ```ts
 * import type { Event, Recorded } from 'hindsightdb';
 * import { defineReaction, effect, type EffectContext } from 'hindsightdb/reactions';
 *
 * type OrderPlaced = Event<'OrderPlaced', { email: string; cents: number }>;
 * declare const mailer: { send(mail: { to: string; idempotencyKey: string }): Promise<void> };
 *
 * const orderMails = defineReaction({
 *   name: 'order-mails',
 *   category: 'order',
 *   startAt: 'now',
 *   effects: {
 *     confirmationMail: async ({ to }: { to: string }, { key }: EffectContext) => {
 *       await mailer.send({ to, idempotencyKey: key });
 *     },
 *   },
 *   on: {
 *     OrderPlaced: ({ data }: Recorded<OrderPlaced>) => effect('confirmationMail', { to: data.email }),
 *   },
 * });
 * ```
 */
export function defineReaction<Data, Effects>(definition: ReactionDefinition<Data, Effects>): Reaction {
  assertObject('definition', definition);
  const { name, version = 1, category, query, startAt, retry, on, effects } = definition;
  const { concurrencyMax = 8, journalKeptMs = journalKeptMsDefault } = definition;
  assertKeyedName('The name of a reaction', name);
  assertWhole('version', version, { min: 1, max: 1_000_000 });
  if (category !== undefined) assertName('category', category, embeddedLimits.streamIdBytesMax);
  assertStartAt(startAt);
  assertWhole('concurrencyMax', concurrencyMax, { min: 1, max: 10_000 });
  assertWhole('journalKeptMs', journalKeptMs, { min: 1, max: 1e13 });
  const handlers = functionsOf<ReactionHandler>('on', on);
  const performers = functionsOf<Performer>('effects', effects);
  if (handlers.size === 0)
    throw argumentError('INVALID_ARGUMENT', 'on must have a handler for at least one event type.');
  for (const type of handlers.keys()) {
    assertName('An event type of on', type, embeddedLimits.typeBytesMax);
    assertNotReserved('The event type', type);
  }
  for (const effect of performers.keys()) assertKeyedName('The name of an effect', effect);
  const filter: EventFilter = {
    ...(category !== undefined && { category }),
    ...(query === undefined
      ? { types: [...handlers.keys()] }
      : { query: narrowedTo(handlers, normalizeQuery(query), 'the reaction') }),
  };
  const checkedRetry = checkedRetryPolicy(retry);
  const running = runningOf(definition);
  return {
    name,
    version,
    filter,
    startAt,
    retry: checkedRetry,
    concurrencyMax,
    journalKeptMs,
    running,
    handlers,
    performers,
  };
}

/** Handlers for every event of a union, or for some of them. */
export type ReactionHandlersFor<Events extends Event, Effects> = {
  readonly [Type in Events['type']]?: (
    event: Recorded<Extract<Events, { readonly type: Type }>>,
    context: ReactionContext,
  ) => EffectsOf<NoInfer<Effects>> | Promise<EffectsOf<NoInfer<Effects>>>;
};

/** `defineReaction` for the events of a union: handlers need no annotation. */
export type ReactionMaker<Events extends Event> = <Effects>(
  definition: ReactionOptions & {
    readonly effects: Performers<Effects>;
    readonly on: ReactionHandlersFor<Events, Effects>;
  },
) => Reaction;

/** `defineReaction` for the events of a union, so that handlers need no annotation: `reactionsOf<ShopEvent>()({ … })`. */
export function reactionsOf<Events extends Event>(): ReactionMaker<Events> {
  return (definition) => {
    const { on, ...rest } = definition;
    const given: Readonly<Record<string, unknown>> = { ...on };
    // The handlers of a union take their events one by one; they are checked like any others.
    return defineReaction({ ...rest, on: given as Record<string, () => undefined> });
  };
}

/** Throws a `TypeError` unless the value was made by `defineReaction`. */
export function assertReaction(reaction: unknown): asserts reaction is Reaction {
  assertObject('reaction', reaction);
  if (!(Reflect.get(reaction, 'performers') instanceof Map))
    throw argumentError('INVALID_ARGUMENT', 'reaction must be made by defineReaction().');
}

function runningOf({ slices, leaseMs, batchSizeMax, lettersMax }: ReactionOptions): Reaction['running'] {
  return {
    ...(slices !== undefined && { slices }),
    ...(leaseMs !== undefined && { leaseMs }),
    ...(batchSizeMax !== undefined && { batchSizeMax }),
    ...(lettersMax !== undefined && { lettersMax }),
  };
}
