/**
 * Events: facts to be written, and facts as stored.
 */

import type { RawJson } from './raw-json.ts';

/** What travels beside an event's data: who, why and by which build. Any further keys are the user's own. */
export interface Metadata {
  /** Groups everything that one request or process set off. */
  readonly correlationId?: string;
  /** The id of the command or event that directly led to this event. */
  readonly causationId?: string;
  /** Who did it. */
  readonly actor?: string;
  /** The build of the code that wrote the event. */
  readonly release?: string;
  /** W3C Trace Context of the writer. */
  readonly traceparent?: string;
  readonly [key: string]: unknown;
}

/**
 * A fact to be written.
 *
 * `data` is any JSON value; a {@link RawJson} (JSON handed in as text, kept to the byte); or a `Uint8Array`, kept as bytes.
 * `id` defaults to a new UUID v7; give your own to make a repetition recognisable. Ids are not enforced unique in the log.
 */
export interface Event<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data | RawJson;
  readonly id?: string;
  readonly metadata?: Metadata;
  /** Labels that queries and conditions select by, such as `customer:75`. Order and repetitions carry no meaning. */
  readonly tags?: readonly string[];
  /** When it happened, where that differs from when it was recorded: ISO 8601 with an offset or `Z`, or a `Date`. */
  readonly occurredAt?: string | Date;
  /** Media type of the data; absent means `application/json`. */
  readonly contentType?: string;
}

/** A fact as stored. Immutable; `position` orders it in its partition of the log, `version` in its stream. */
export interface RecordedEvent<Type extends string = string, Data = unknown> {
  readonly id: string;
  readonly type: Type;
  readonly data: Data;
  readonly metadata: Metadata;
  readonly tags: readonly string[];
  readonly occurredAt?: string;
  readonly contentType?: string;
  readonly streamId: string;
  /** The place in the stream: the first event has version 1. */
  readonly version: number;
  readonly partition: number;
  /** The place in the partition: positive, unique, strictly increasing, not promised dense. */
  readonly position: number;
  /** When the engine recorded it: ISO 8601 in UTC with microseconds; never decreases along a partition. */
  readonly recordedAt: string;
}

/** The recorded form of an event type, or of a union of event types. */
export type Recorded<Events extends Event> =
  Events extends Event<infer Type, infer Data> ? RecordedEvent<Type, Data> : never;

/** The type under which an event appears whose contents were physically removed. Its data names the former type and a digest. */
export const removedType = '$removed';

/** The type of the events that process managers record their steps as. Every store takes it, declared or not. */
export const stepType = 'ProcessAdvanced';
