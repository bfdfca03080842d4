/**
 * Projections: what is kept of events for reading. Handlers are plain functions that return what is to be written and can
 * reach nothing else, so that the same ones run inline, asynchronously and on demand. See docs/decisions/0016.
 */

import { argumentError } from '../core/errors.ts';
import type { Event, Recorded, RecordedEvent } from '../core/event.ts';
import type { Query } from '../core/query.ts';
import { assertObject } from '../store/argument-checks.ts';
import type { EventFilter } from '../consumers/consumer-spec.ts';
import type { InlineView } from '../store/inline-view.ts';
import type { Store } from '../store/store.ts';
import type { DocumentReader } from './document-reader.ts';
import type { DocumentsDefinition, DocumentsView, DocumentWrite } from './documents.ts';
import type { PendingFact } from './pending-fact.ts';
import type { SqlReader } from './sql-reader.ts';
import type { SqlView } from './sql-tables.ts';
import type { SqlText } from './sql-text.ts';

/** A view of either kind. */
export type View = DocumentsDefinition | SqlView;

/** What a handler of such a view may write. */
export type WriteOf<Kind extends View> =
  Kind extends DocumentsView<infer Document> ? DocumentWrite<Document> : Kind extends SqlView ? SqlText : never;

/** What a handler returns: a write, several, or none. */
export type Writes<Kind extends View> = WriteOf<Kind> | readonly WriteOf<Kind>[] | undefined;

/** What such a view is read with. */
export type ReaderOf<Kind extends View> =
  Kind extends DocumentsView<infer Document>
    ? DocumentReader<Document>
    : Kind extends SqlView
      ? SqlReader
      : DocumentReader<unknown> | SqlReader;

/** An event as the handlers of an inline projection see it: what only the commit decides is a placeholder. */
export interface InlineEvent<Type extends string = string, Data = unknown> extends Omit<
  RecordedEvent<Type, Data>,
  'position' | 'version' | 'recordedAt'
> {
  readonly position: PendingFact<'position'>;
  readonly version: PendingFact<'version'>;
  readonly recordedAt: PendingFact<'recordedAt'>;
}

/** The same of an event type, or of a union of event types. */
export type InlineRecorded<Events extends Event> =
  Events extends Event<infer Type, infer Data> ? InlineEvent<Type, Data> : never;

/** The events that a store declares. */
export type EventsOfStore<Opened> = Opened extends Store<infer Events, infer _Input> ? Events : never;

/** What every projection says of itself. */
export interface ProjectionOptions<Kind extends View> {
  /** Letters, digits and `._-`; unique in the store. */
  readonly name: string;
  /** Which version of the view this code makes and reads, from 1. Change it with whatever the handlers compute. Default 1. */
  readonly version?: number;
  /** Only events of streams of this category. */
  readonly category?: string;
  /** Only events that this query means, and of those the types that have a handler. */
  readonly query?: Query;
  /** What is kept: `documents()` or `sqlTables()`. */
  readonly view: Kind;
  /**
   * Each document belongs to one stream: its id is that of the stream, or begins with it and a slash. Handlers that write
   * other documents fail; in return the documents of one entity can be rebuilt alone. Default false.
   */
  readonly perEntity?: boolean;
}

/** A projection whose handlers see recorded events. `Data` has what each type carries. */
export interface ProjectionDefinition<Kind extends View, Data> extends ProjectionOptions<Kind> {
  readonly inline?: false;
  /** What is written for an event, by its type. */
  readonly on: { readonly [Type in keyof Data]: (event: RecordedEvent<Type & string, Data[Type]>) => Writes<Kind> };
}

/** A projection that may run inline. Its handlers see placeholders for what only the commit decides. */
export interface InlineProjectionDefinition<Kind extends View, Data> extends ProjectionOptions<Kind> {
  readonly inline: true;
  /** What is written for an event, by its type. */
  readonly on: { readonly [Type in keyof Data]: (event: InlineEvent<Type & string, Data[Type]>) => Writes<Kind> };
}

/** A handler without its types. */
export type Handler = (event: RecordedEvent) => unknown;

/** A projection, checked. Made by `defineProjection`. */
export interface Projection<Kind extends View = View> {
  readonly name: string;
  readonly version: number;
  readonly view: Kind;
  readonly isInline: boolean;
  readonly isPerEntity: boolean;
  readonly filter: EventFilter;
  readonly handlers: ReadonlyMap<string, Handler>;
}

/** A projection that may run inline: a store can be opened with it. */
export interface InlineProjection<Kind extends View = View> extends Projection<Kind>, InlineView {
  readonly isInline: true;
}

/** Handlers for every event of a union, or for some of them. */
export type HandlersFor<Events extends Event, Kind extends View> = {
  readonly [Type in Events['type']]?: (event: Recorded<Extract<Events, { readonly type: Type }>>) => Writes<Kind>;
};

/** Handlers of an inline projection for every event of a union, or for some of them. */
export type InlineHandlersFor<Events extends Event, Kind extends View> = {
  readonly [Type in Events['type']]?: (event: InlineRecorded<Extract<Events, { readonly type: Type }>>) => Writes<Kind>;
};

/** `defineProjection` for the events of a union: handlers need no annotation. */
export interface ProjectionMaker<Events extends Event> {
  /** Declares a projection that may run inline. */
  <Kind extends View>(
    definition: ProjectionOptions<Kind> & { readonly inline: true; readonly on: InlineHandlersFor<Events, Kind> },
  ): InlineProjection<Kind>;
  /** Declares a projection that runs asynchronously or on demand. */
  <Kind extends View>(
    definition: ProjectionOptions<Kind> & { readonly inline?: false; readonly on: HandlersFor<Events, Kind> },
  ): Projection<Kind>;
}

/** Throws a `TypeError` unless the value was made by `defineProjection`. */
export function assertProjection(projection: unknown): asserts projection is Projection {
  assertObject('projection', projection);
  if (!(Reflect.get(projection, 'handlers') instanceof Map))
    throw argumentError('INVALID_ARGUMENT', 'projection must be made by defineProjection().');
}
