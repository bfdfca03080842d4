/** Reactions: what is done in the world when something has happened, and what decisions ask of it. */

export { effect, type Effect, type EffectContext } from './effect.ts';
export {
  defineReaction,
  reactionsOf,
  type Reaction,
  type ReactionContext,
  type ReactionDefinition,
  type ReactionMaker,
  type ReactionOptions,
} from './reaction.ts';
export { runReaction, type RunReactionOptions } from './run-reaction.ts';
export { listEffects, type ListedEffect, type ListEffectsOptions } from './list-effects.ts';
export type { EffectFailure } from './journal.ts';
export { ask, defineGateway, replayingGateway, type AskOptions, type Gateway, type GatewayContext } from './gateway.ts';
export { guardEffect } from '../core/replay.ts';
