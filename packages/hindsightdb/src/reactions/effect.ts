/**
 * Effects: what a reaction does to the world, as data. A handler only names them; they are done by the functions that the
 * reaction declares, once their plan is durable.
 */

/** An effect that a handler asks for. Made by {@link effect}. */
export interface Effect<Name extends string = string, Data = unknown> {
  /** One of those that the reaction declares. */
  readonly name: Name;
  /** What it is done with: any JSON value. */
  readonly data: Data;
}

/** An effect to be done, without data. */
export function effect<Name extends string>(name: Name): Effect<Name, null>;
/** An effect to be done: one of those that the reaction declares, and what it is done with. */
export function effect<Name extends string, const Data>(name: Name, data: Data): Effect<Name, Data>;
export function effect(name: string, data: unknown = null): Effect {
  return { name, data };
}

/** What a function that does an effect is told beside the data. */
export interface EffectContext {
  /**
   * The same on every repetition of this effect and of no other one: `<reaction>:<event id>:<effect>:<ordinal>`. Hand it to
   * whatever does the work, and let that recognise it: nothing else can make a mail go out exactly once.
   */
  readonly key: string;
  /** Which try it is, from 1, as far as the tries before were recorded. */
  readonly attempt: number;
  /** Aborted when the work is of no use any more. */
  readonly signal: AbortSignal;
}

/** The key of an effect. The ordinal counts the effects of this name that the event has led to, from 1. */
export function effectKey(
  reaction: string,
  eventId: string,
  effect: { readonly name: string; readonly ordinal: number },
): string {
  return `${reaction}:${eventId}:${effect.name}:${effect.ordinal}`;
}

/** Data that nobody changes: what handlers may hand over where `Data` is declared. */
export type Unchanging<Data> = Data extends object
  ? { readonly [Member in keyof Data]: Unchanging<Data[Member]> }
  : Data;

/** The effects that functions of these names and data do. One whose function takes no data is given none. */
export type EffectOf<Effects> = {
  [Name in keyof Effects & string]: Effect<Name, unknown extends Effects[Name] ? null : Unchanging<Effects[Name]>>;
}[keyof Effects & string];

/** What a handler returns: one effect, several, or none. */
export type EffectsOf<Effects> = EffectOf<Effects> | readonly EffectOf<Effects>[] | undefined;
