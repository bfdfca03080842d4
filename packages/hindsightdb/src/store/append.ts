/**
 * Appends: from what a user asks to a batch for the engine, and from the engine's answer to a result or an error.
 */

import { encodeCheckpoint, type Checkpoint, type PartitionPlace } from '../core/checkpoint.ts';
import { assertExpectedVersion, type ExpectedVersion } from '../core/condition.ts';
import { argumentError, conflictError, HindsightError, rangeError } from '../core/errors.ts';
import type { Event, Metadata } from '../core/event.ts';
import { canonicalJson, jsonTextOf } from '../core/json.ts';
import type { Query } from '../core/query.ts';
import { RawJson } from '../core/raw-json.ts';
import { dataTextOfBytes } from '../core/record.ts';
import { sha256Hex } from '../core/sha256.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe, utf8Length } from '../core/text.ts';
import { isoOfMicros, isoOfMicrosCached, microsOf } from '../core/time.ts';
import type {
  AppendAnswer,
  AppendBatch,
  AppendKey,
  BoundaryCondition,
  Engine,
  KeyedWrite,
  NewEvent,
  StreamEffect,
  StreamWrite,
  Written,
} from '../engine/contract.ts';
import { assertObject, assertOptionalSignal, assertWhole } from './argument-checks.ts';
import { encodeEvents } from './encode.ts';
import { positionsOf, type Place } from './places.ts';
import { checkedQuery } from './read-options.ts';
import type { StoreContext } from './settings.ts';

/** What features of the library see of the engines' answers. */
export type { KeyedAnswer, NewEvent, Written } from '../engine/contract.ts';

/** How an append ended, once its views were brought up to date where that was necessary. */
export type StoreAnswer = Exclude<AppendAnswer, { readonly kind: 'viewStale' }>;

/** The dynamic consistency boundary: the append is refused when an event after the place matches the query. */
export interface AppendCondition {
  readonly failIfEventsMatch: Query;
  /** What was read before deciding; events up to here do not count. Default: every event counts. */
  readonly after?: Place;
}

/** What may be said of an append. */
export interface AppendOptions {
  readonly condition?: AppendCondition;
  /** Sent again under the same key, an append gives its first answer and writes nothing. Kept for good unless `keyRetentionMs` is set. */
  readonly key?: string;
  /** How long the key is remembered, in milliseconds, at least 1. Default: for good. */
  readonly keyRetentionMs?: number;
  /** Metadata for all events of the append; an event's own goes before it. */
  readonly metadata?: Metadata;
  /** Withdraws the append while it is not yet being written; after that the answer is awaited. */
  readonly signal?: AbortSignal;
}

/** One stream of an append to several. Without events it is only checked. */
export interface StreamAppend<Events extends Event = Event> {
  readonly streamId: string;
  readonly events?: readonly Events[];
  /** Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
}

/** An append to several streams: written together or not at all. A stream occurs once. */
export interface AppendRequest<Events extends Event = Event> extends AppendOptions {
  readonly streams: readonly StreamAppend<Events>[];
}

/** Where the events of a stream went. For a check-only stream `firstVersion` is one more than `version`. */
export interface AppendedStream {
  readonly streamId: string;
  readonly firstVersion: number;
  readonly version: number;
}

/** What an append answers, also to a repetition. */
export interface AppendResult {
  /** The version of the first stream after the append. */
  readonly version: number;
  readonly streams: readonly AppendedStream[];
  /** The position of the last event. */
  readonly position: number;
  /** A place behind which everything of this append lies; as `after` of a condition, a read or a subscription. */
  readonly checkpoint: Checkpoint;
  readonly recordedAt: string;
  /** The append was written before; nothing was written now. */
  readonly isDuplicate: boolean;
}

/** What the store itself adds to an append. */
export interface InternalStreamAppend extends StreamAppend {
  readonly predecessorId?: string;
  /** Events that were encoded before, in place of `events`. */
  readonly encoded?: readonly NewEvent[];
  readonly effect?: StreamEffect;
}

/** An append as the inside of the library makes it. */
export interface InternalAppend extends AppendOptions {
  readonly streams: readonly InternalStreamAppend[];
  readonly isReservedAllowed: boolean;
  /** In place of the digest of the streams: a command under its key is known by the command. */
  readonly contentDigest?: string;
  readonly keyedWrites?: readonly KeyedWrite[];
}

/** An append that the engine can take. */
export interface PreparedAppend {
  readonly batch: AppendBatch;
  readonly signal: AbortSignal | undefined;
}

/**
 * What a user asks for, without anything else that the object may hold: it may have come from outside, and the inside of the
 * library says more in the same place.
 */
export function userAppend<Events extends Event>(request: AppendRequest<Events>): InternalAppend {
  const { streams, condition, key, keyRetentionMs, metadata, signal } = request;
  // Whatever is no text is refused with everything else.
  if (typeof key === 'string') assertNotReserved('The key of an append', key);
  return {
    streams: Array.isArray(streams) ? streams.map(userStream) : streams,
    isReservedAllowed: false,
    ...(condition !== undefined && { condition }),
    ...(key !== undefined && { key }),
    ...(keyRetentionMs !== undefined && { keyRetentionMs }),
    ...(metadata !== undefined && { metadata }),
    ...(signal !== undefined && { signal }),
  };
}

function userStream(stream: StreamAppend): InternalStreamAppend {
  assertObject('A stream of an append', stream);
  const { streamId, events, expectedVersion } = stream;
  return {
    streamId,
    ...(events !== undefined && { events }),
    ...(expectedVersion !== undefined && { expectedVersion }),
  };
}

/** Checks and encodes an append. A promise only where a schema, a codec or a checkpoint makes one necessary. */
export function prepareAppend(context: StoreContext, append: InternalAppend): PreparedAppend | Promise<PreparedAppend> {
  assertAppend(context, append);
  const key = appendKey(context, append);
  const condition = boundaryOf(context, append.condition);
  const events = append.streams.map(
    ({ streamId, events = [], encoded }) =>
      encoded ??
      encodeEvents(context, {
        streamId,
        events,
        metadata: append.metadata,
        isReservedAllowed: append.isReservedAllowed,
      }),
  );
  const finish = (
    encoded: readonly (readonly NewEvent[])[],
    boundary: BoundaryCondition | undefined,
  ): PreparedAppend => {
    const streams = append.streams.map((stream, index) => streamWrite(stream, encoded[index] ?? []));
    assertTotals(context, streams);
    const { keyedWrites } = append;
    return {
      signal: append.signal,
      batch: {
        streams,
        ...(key && { key }),
        ...(boundary && { condition: boundary }),
        ...(keyedWrites && { keyedWrites }),
      },
    };
  };
  if (isSettled(events) && !(condition instanceof Promise)) return finish(events, condition);
  return finishWaiting(events, condition, finish);
}

async function finishWaiting(
  events: readonly (readonly NewEvent[] | Promise<readonly NewEvent[]>)[],
  condition: BoundaryCondition | undefined | Promise<BoundaryCondition>,
  finish: (encoded: readonly (readonly NewEvent[])[], boundary: BoundaryCondition | undefined) => PreparedAppend,
): Promise<PreparedAppend> {
  const encoded = await Promise.all(events.map(async (each) => await each));
  return finish(encoded, await condition);
}

function isSettled<Value>(values: readonly (Value | Promise<Value>)[]): values is readonly Value[] {
  return !values.some((value) => value instanceof Promise);
}

function assertAppend(
  { limits }: StoreContext,
  { streams, isReservedAllowed, metadata, signal }: InternalAppend,
): void {
  const given: unknown = streams;
  if (!Array.isArray(given) || given.length === 0)
    throw argumentError('INVALID_ARGUMENT', `An append needs an array of at least one stream, not ${describe(given)}.`);
  if (streams.length > limits.streamsPerAppendMax)
    throw rangeError(
      'LIMIT_EXCEEDED',
      `An append takes ${limits.streamsPerAppendMax} streams at most, not ${streams.length}.`,
    );
  const seen = new Set<string>();
  for (const stream of streams) {
    assertObject('A stream of an append', stream);
    const { streamId, expectedVersion = 'any', events = [] } = stream;
    assertName('A stream id', streamId, limits.streamIdBytesMax);
    if (!isReservedAllowed) assertNotReserved('The stream id', streamId);
    assertExpectedVersion(expectedVersion);
    assertEvents(events);
    if (seen.has(streamId))
      throw argumentError(
        'INVALID_ARGUMENT',
        `Stream ${JSON.stringify(streamId)} occurs twice in the append; put all of its events in one place.`,
      );
    seen.add(streamId);
  }
  if (metadata !== undefined) assertObject('metadata', metadata);
  assertOptionalSignal(signal);
  if (streams.every(({ events = [], encoded = [] }) => events.length + encoded.length === 0))
    throw argumentError('INVALID_ARGUMENT', 'An append needs at least one event.');
}

function assertEvents(events: unknown): void {
  if (!Array.isArray(events))
    throw argumentError('INVALID_ARGUMENT', `The events of an append must be an array, not ${describe(events)}.`);
}

function assertTotals({ limits }: StoreContext, streams: readonly StreamWrite[]): void {
  let count = 0;
  let length = 0;
  for (const { events } of streams) {
    count += events.length;
    for (const event of events) length += event.record.length;
  }
  if (count > limits.eventsPerAppendMax)
    throw rangeError('LIMIT_EXCEEDED', `An append takes ${limits.eventsPerAppendMax} events at most, not ${count}.`);
  // UTF-8 takes three bytes a unit at most: only an append that comes near the limit is counted.
  if (length * 3 <= limits.appendBytesMax) return;
  const bytes = streams.flatMap(({ events }) => events).reduce((sum, event) => sum + utf8Length(event.record), 0);
  if (bytes > limits.appendBytesMax)
    throw rangeError(
      'LIMIT_EXCEEDED',
      `The records of the append take ${bytes} bytes; the limit is ${limits.appendBytesMax}.`,
    );
}

function streamWrite(stream: InternalStreamAppend, events: readonly NewEvent[]): StreamWrite {
  const { streamId, expectedVersion = 'any', predecessorId, effect } = stream;
  return {
    streamId,
    expectedVersion,
    events,
    ...(predecessorId !== undefined && { predecessorId }),
    ...(effect && { effect }),
  };
}

/** A hundred and ninety years. Counted from today, the end of it is still a safe integer of microseconds. */
const keyRetentionMsMax = 6e12;

/** Checks how long a key is to be remembered. */
export function assertKeyRetention(keyRetentionMs: unknown): void {
  if (keyRetentionMs !== undefined) assertWhole('keyRetentionMs', keyRetentionMs, { min: 1, max: keyRetentionMsMax });
}

function appendKey(context: StoreContext, append: InternalAppend): AppendKey | undefined {
  const { key, keyRetentionMs } = append;
  if (key === undefined) return undefined;
  assertName('The key of an append', key, context.limits.idBytesMax);
  assertKeyRetention(keyRetentionMs);
  return {
    key,
    digest: append.contentDigest ?? contentDigest(append.streams),
    ...(keyRetentionMs !== undefined && { expiresAt: context.now() + keyRetentionMs * 1000 }),
  };
}

/** A digest of what the caller gave: nothing that the library fills in counts, so that a retry after a deploy is a retry. */
function contentDigest(streams: readonly StreamAppend[]): string {
  return digestOf(streams.map(({ streamId, events = [] }) => [streamId, events.map(givenContent)]));
}

/** A digest of any value that has a JSON form, in which the order of keys does not count. */
export function digestOf(value: unknown): string {
  return sha256Hex(canonicalJson(JSON.parse(jsonTextOf('What is sent under a key', value))));
}

function givenContent({ type, data, id, tags, occurredAt, contentType }: Event): unknown {
  const at = occurredAt === undefined ? null : isoOfMicros(microsOf('occurredAt', occurredAt));
  return [type, givenData(data), id ?? null, [...new Set(tags)].toSorted(), at, contentType ?? null];
}

/** Data by what they were given as: the digits of raw JSON count, which parsing would lose. */
function givenData(data: unknown): unknown {
  if (data instanceof Uint8Array) return ['bytes', dataTextOfBytes(data)];
  return data instanceof RawJson ? ['raw', data.text] : ['value', data ?? null];
}

function boundaryOf(
  { engine, limits }: StoreContext,
  condition: AppendCondition | undefined,
): BoundaryCondition | undefined | Promise<BoundaryCondition> {
  if (condition === undefined) return undefined;
  assertObject('condition', condition);
  const query = checkedQuery(limits, condition.failIfEventsMatch);
  const { after } = condition;
  if (after === undefined) return { query, after: engine.identity.lineage[0]?.firstPositions.map(() => 0) ?? [] };
  return positionsOf(engine, 'condition.after', after).then((positions) => ({ query, after: positions }));
}

/** The result of an answer, or the error that it means for the caller. */
export function resultOf(engine: Engine, answer: StoreAnswer): AppendResult {
  switch (answer.kind) {
    case 'appended':
    case 'duplicate':
      return describeWritten(engine, answer);
    case 'conflict':
      throw conflictError(answer.conflicts);
    case 'keyReused':
      throw new HindsightError(
        'KEY_REUSED',
        `The key ${JSON.stringify(answer.key)} was used before for other content. Nothing was written; give every decision a key of its own.`,
        { details: { key: answer.key } },
      );
    case 'repetitionMismatch':
      throw new HindsightError(
        'REPETITION_MISMATCH',
        `Some of the event ids given for stream ${JSON.stringify(answer.streamId)} are stored at these versions already, but not all of them with this content. Nothing was written.`,
        {
          details: { streamId: answer.streamId },
        },
      );
    default:
      return answer satisfies never;
  }
}

const isoOf = isoOfMicrosCached();

function describeWritten(
  engine: Engine,
  { written, kind }: { readonly written: Written; readonly kind: 'appended' | 'duplicate' },
): AppendResult {
  const streams = written.streams.map(({ streamId, firstVersion, lastVersion }) => ({
    streamId,
    firstVersion,
    version: lastVersion,
  }));
  const { logId, lineage, partitionCount } = engine.identity;
  const places: PartitionPlace[] = [];
  for (let partition = 0; partition < partitionCount; partition += 1) places.push({ position: 0, eventId: undefined });
  let position = 0;
  for (const { partition, lastPosition, lastEventId } of written.partitions) {
    places[partition] = { position: lastPosition, eventId: lastEventId };
    position = Math.max(position, lastPosition);
  }
  return {
    version: streams[0]?.version ?? 0,
    streams,
    position,
    checkpoint: encodeCheckpoint({ logId, epoch: lineage.at(-1)?.epoch ?? '', places }),
    recordedAt: isoOf(written.recordedAt),
    isDuplicate: kind === 'duplicate',
  };
}
