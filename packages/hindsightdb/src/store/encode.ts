/**
 * From events as users give them to events as engines take them: names checked, data validated, metadata filled in,
 * encoded, and measured against the limits. Nothing reaches an engine that has not passed here.
 */

import { argumentError, HindsightError, rangeError, ValidationError } from '../core/errors.ts';
import { stepType, type Event, type Metadata } from '../core/event.ts';
import { canonicalJson, jsonTextOf } from '../core/json.ts';
import { RawJson } from '../core/raw-json.ts';
import { dataTextOfBytes, encodeRecord, type RecordParts } from '../core/record.ts';
import { pointerOf, type SchemaIssue, type SchemaResult } from '../core/standard-schema.ts';
import { assertNotReserved } from '../core/stream-id.ts';
import { assertName, describe, utf8Length } from '../core/text.ts';
import { isoOfMicros, microsOf } from '../core/time.ts';
import type { NewEvent } from '../engine/contract.ts';
import { assertOutputs, codedAs, type Codec } from './codec.ts';
import type { StoreContext } from './settings.ts';

/** The events of one stream, on their way. */
export interface EventsToEncode {
  readonly streamId: string;
  readonly events: readonly Event[];
  /** Metadata of the append, between the store's and the event's own. */
  readonly metadata: Metadata | undefined;
  /** The store's own events may carry reserved names. */
  readonly isReservedAllowed: boolean;
}

/**
 * Encodes the events of one stream. The answer is a promise only where a schema or the codec stage makes one necessary, so
 * that the common append does not wait for anything.
 */
export function encodeEvents(
  context: StoreContext,
  input: EventsToEncode,
): readonly NewEvent[] | Promise<readonly NewEvent[]> {
  const { limits } = context;
  for (const event of input.events) assertEvent(context, event, input);
  if (input.events.length > limits.eventsPerAppendMax)
    throw rangeError(
      'LIMIT_EXCEEDED',
      `An append takes ${limits.eventsPerAppendMax} events at most, not ${input.events.length}.`,
    );
  const validated = input.events.map((event, index) => validate(context, event, index));
  if (context.codec === undefined && !validated.some(isPromise))
    return input.events.map((event, index) => newEvent(context, recordParts(context, input, event, validated[index])));
  return encodeWaiting(context, input, validated);
}

async function encodeWaiting(
  context: StoreContext,
  input: EventsToEncode,
  validated: readonly unknown[],
): Promise<readonly NewEvent[]> {
  const data = await Promise.all(validated);
  const parts = input.events.map((event, index) => recordParts(context, input, event, data[index]));
  const encoded = context.codec === undefined ? parts : await throughCodec(context.codec, input.streamId, parts);
  return encoded.map((each) => newEvent(context, each));
}

async function throughCodec(
  codec: Codec,
  streamId: string,
  parts: readonly RecordParts[],
): Promise<readonly RecordParts[]> {
  const items = parts.map(({ type, dataText, metadataText = '{}' }) => ({
    ...codedAs(streamId),
    type,
    data: dataText,
    metadata: metadataText,
  }));
  const outputs = await codec.encode(items);
  assertOutputs(outputs, items.length);
  return outputs.map(({ data, metadata }, index) => {
    const part = parts[index];
    if (part === undefined) throw new Error('Every answer of the codec has its item.');
    return { ...part, dataText: data, metadataText: metadata };
  });
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

function assertEvent(context: StoreContext, event: Event, { streamId, isReservedAllowed }: EventsToEncode): void {
  const { limits } = context;
  if (typeof event !== 'object' || event === null)
    throw argumentError('INVALID_ARGUMENT', `An event must be an object like { type, data }, not ${describe(event)}.`);
  assertName('The type of an event', event.type, limits.typeBytesMax);
  if (!isReservedAllowed) assertNotReserved('The event type', event.type);
  if (event.id !== undefined) assertName('The id of an event', event.id, limits.idBytesMax);
  if (event.tags !== undefined) assertTags(context, event.tags);
  if (event.contentType !== undefined)
    assertName('The content type of an event', event.contentType, limits.typeBytesMax);
  if (
    event.metadata !== undefined &&
    (typeof event.metadata !== 'object' || event.metadata === null || Array.isArray(event.metadata))
  ) {
    throw argumentError(
      'INVALID_ARGUMENT',
      `The metadata of ${event.type} in ${streamId} must be an object, not ${describe(event.metadata)}.`,
    );
  }
}

function assertTags(context: StoreContext, tags: unknown): void {
  const { tagsPerEventMax, tagBytesMax } = context.limits;
  if (!Array.isArray(tags))
    throw argumentError('INVALID_ARGUMENT', `The tags of an event must be an array of strings, not ${describe(tags)}.`);
  if (tags.length > tagsPerEventMax)
    throw rangeError('LIMIT_EXCEEDED', `An event takes ${tagsPerEventMax} tags at most, not ${tags.length}.`);
  for (const tag of tags) assertName('A tag', tag, tagBytesMax);
}

/** The data after its schema, or a promise of it. */
function validate(context: StoreContext, event: Event, index: number): unknown {
  const definition = context.definitions.get(event.type);
  const isOwn = event.type.startsWith('$') || event.type === stepType;
  if (definition === undefined && context.strictTypes && !isOwn) {
    throw new HindsightError(
      'UNKNOWN_EVENT_TYPE',
      `The event type ${JSON.stringify(event.type)} is not declared. Declared are: ${[...context.definitions.keys()].join(', ') || 'none'}.`,
    );
  }
  if (definition?.schema === undefined) return event.data;
  const result = definition.schema['~standard'].validate(
    event.data instanceof RawJson ? event.data.toJSON() : event.data,
  );
  return result instanceof Promise
    ? result.then((settled) => validatedValue(settled, event, index))
    : validatedValue(result, event, index);
}

function validatedValue(result: SchemaResult<unknown>, event: Event, index: number): unknown {
  if (result.issues === undefined) return saysTheText(result.value, event.data) ? event.data : result.value;
  const issues = result.issues.map((issue) => ({ message: issue.message, path: pointerOf(issue) }));
  throw new ValidationError(
    `The data of event ${index + 1}, ${event.type}, is not valid: ${complaintsOf(result.issues)}. Nothing was written.`,
    issues,
  );
}

/** What a schema complains of, as one text. */
export function complaintsOf(issues: readonly SchemaIssue[]): string {
  return issues
    .map((issue) => ({ message: issue.message, path: pointerOf(issue) }))
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
}

/** Whether a schema left raw JSON as it is: then its text is kept to the byte. */
function saysTheText(value: unknown, given: unknown): given is RawJson {
  if (!(given instanceof RawJson) || value instanceof Uint8Array) return false;
  const text = jsonTextOf('What a schema returned', value);
  return canonicalJson(JSON.parse(text)) === canonicalJson(given.toJSON());
}

const noTags: readonly string[] = Object.freeze([]);

function recordParts(context: StoreContext, input: EventsToEncode, event: Event, data: unknown): RecordParts {
  const { id = context.newId(), type, tags, occurredAt, metadata } = event;
  const isBytes = data instanceof Uint8Array;
  return {
    id,
    type,
    tags: tags === undefined || tags.length === 0 ? noTags : [...new Set(tags)],
    occurredAt: occurredAt === undefined ? undefined : occurredAtText(occurredAt),
    contentType: event.contentType ?? (isBytes ? 'application/octet-stream' : undefined),
    encoding: isBytes ? 'base64' : undefined,
    metadataText: metadataText(context, input.metadata, metadata),
    dataText: isBytes ? dataTextOfBytes(data) : jsonTextOf(`The data of ${type}`, data),
  };
}

function newEvent(context: StoreContext, parts: RecordParts): NewEvent {
  const { id, type, tags } = parts;
  return { id, type, tags, record: checkedRecord(context, encodeRecord(parts)) };
}

/** A text is kept as it was given, once it is known to be a time: its offset may say where something happened. */
function occurredAtText(occurredAt: string | Date): string {
  const micros = microsOf('occurredAt', occurredAt);
  return typeof occurredAt === 'string' ? occurredAt : isoOfMicros(micros);
}

function metadataText(context: StoreContext, ofAppend: Metadata | undefined, ofEvent: Metadata | undefined): string {
  if (ofAppend === undefined && ofEvent === undefined) return defaultMetadataText(context);
  return jsonTextOf('The metadata', { ...context.metadata, ...ofAppend, ...ofEvent });
}

const defaultTexts = new WeakMap<Metadata, string>();

function defaultMetadataText({ metadata }: StoreContext): string {
  const known = defaultTexts.get(metadata);
  if (known !== undefined) return known;
  const text = jsonTextOf('The metadata', metadata);
  defaultTexts.set(metadata, text);
  return text;
}

function checkedRecord({ limits }: StoreContext, text: string): string {
  // UTF-8 takes three bytes a unit at most: only a record that comes near the limit is counted.
  if (text.length * 3 > limits.recordBytesMax) {
    const bytes = utf8Length(text);
    if (bytes > limits.recordBytesMax)
      throw rangeError(
        'LIMIT_EXCEEDED',
        `The record of the event takes ${bytes} bytes; the limit is ${limits.recordBytesMax}.`,
      );
  }
  return text;
}
