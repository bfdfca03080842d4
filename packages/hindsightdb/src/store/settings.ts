/**
 * What a store is opened with, and the form that the inside works with.
 */

import type { Codec } from './codec.ts';
import type { InlineView } from './inline-view.ts';
import type { Event, Metadata } from '../core/event.ts';
import type { Limits } from '../core/limits.ts';
import type { StandardSchema } from '../core/standard-schema.ts';
import type { Upcaster } from '../core/upcast.ts';
import type { Engine } from '../engine/contract.ts';

/** What is declared of an event type. */
export interface EventDefinition<Input = unknown, Output = Input> {
  /** Checks the data at append; what it returns is what is stored. Any Standard Schema, asynchronous ones too. */
  readonly schema?: StandardSchema<Input, Output>;
  /** The event carries the whole state of its stream, so that what came before it may be truncated. */
  readonly carriesState?: boolean;
}

/** Event types by name. A schema alone stands for `{ schema }`. */
export type EventRegistry = Readonly<Record<string, EventDefinition | StandardSchema>>;

type SchemaOf<Entry> = Entry extends StandardSchema
  ? Entry
  : Entry extends { readonly schema: infer Schema }
    ? Schema
    : undefined;
type OutputOf<Entry> = SchemaOf<Entry> extends StandardSchema<infer _Input, infer Output> ? Output : unknown;
type InputOf<Entry> = SchemaOf<Entry> extends StandardSchema<infer Input, infer _Output> ? Input : unknown;

/** The union of the events that a registry declares, as they are read. */
export type EventsOf<Registry extends EventRegistry> = {
  [Type in keyof Registry & string]: Event<Type, OutputOf<Registry[Type]>>;
}[keyof Registry & string];

/** The union of the events that a registry declares, as they are given to `append`. */
export type EventInputsOf<Registry extends EventRegistry> = {
  [Type in keyof Registry & string]: Event<Type, InputOf<Registry[Type]>>;
}[keyof Registry & string];

/** What a store is opened with. Everything has a default. */
export interface StoreOptions<Registry extends EventRegistry = EventRegistry> {
  /** Make the store when there is none. Default true; false throws `STORE_NOT_FOUND`. */
  readonly create?: boolean;
  /** Open for reading only; appends throw `STORE_READ_ONLY`. Default false. */
  readonly readOnly?: boolean;
  /** The event types, with schemas. Types that are not declared are taken as they are, unless `strictTypes` is set. */
  readonly events?: Registry;
  /** Refuse event types that `events` does not declare, with `UNKNOWN_EVENT_TYPE`. Default false. */
  readonly strictTypes?: boolean;
  /** Changes of old event shapes on read, applied in order. */
  readonly upcasters?: readonly Upcaster[];
  /** Metadata that every event gets unless it says otherwise: actor, release and the like. `release` defaults to the environment's HINDSIGHT_RELEASE. */
  readonly metadata?: Metadata;
  /** `'portable'`: refuse what another engine of the family could not take. Default: the engine's own limits. */
  readonly limits?: 'engine' | 'portable';
  /** Transforms data and metadata between validation and storage, such as encryption. */
  readonly codec?: Codec;
  /**
   * Projections whose views each append brings up to date in its own transaction, defined with `inline: true`. Open the store
   * with them wherever events are appended: an append without them leaves the views behind until the next one with them.
   */
  readonly inline?: readonly InlineView[];
  /** The clock, in microseconds since 1970. Default: the system's. */
  readonly now?: () => number;
  /** Makes event ids. Default: UUID version 7. */
  readonly newId?: () => string;
  /** How many partitions a new log of the memory engine gets. Default 1; the embedded log always has one. */
  readonly partitionCount?: number;
  /** How many appends may wait before further ones are refused with `OVERLOADED`. Default 10,000. */
  readonly pendingAppendsMax?: number;
}

/** The same, with defaults filled in: what the inside of the store works with. */
export interface StoreContext {
  readonly engine: Engine;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly strictTypes: boolean;
  readonly upcasters: readonly Upcaster[];
  readonly upcasterFingerprint: string;
  readonly metadata: Metadata;
  readonly limits: Limits;
  readonly codec: Codec | undefined;
  readonly now: () => number;
  readonly newId: () => string;
}
