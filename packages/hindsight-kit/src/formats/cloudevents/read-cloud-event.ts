/**
 * From a CloudEvent in JSON to an event of the store. `docs/formats/cloudevents.md` describes the mapping.
 */

import { RawJson, type Event, type Limits } from 'hindsightdb';
import { losesDigits } from '../csv/number-text.ts';
import { exactEvent } from '../import/exact-event.ts';
import type { ImportedEvent } from '../import/input-format.ts';
import { checkName, checkOwnName, checkTime } from '../import/names.ts';
import { memberText } from '../json-lines/member-text.ts';
import { BadRowError } from '../source/bad-input.ts';
import { attributeName, coreNames, isInteger, storeTimeOf, type AttributeValue } from './attributes.ts';
import { attributeNameOf, metadataNameOf, metadataOfAttributes, ownFormat } from './own-attributes.ts';
import { objectOf } from '../json/json-object.ts';

/** What is said of the mapping. */
export interface CloudEventMapping {
  /** The attribute that names the stream. Where an event has none of that name, its source does. */
  readonly streamBy: string;
  /** Stands before it: `category-subject`. Null: the attribute is the whole stream id. */
  readonly category: string | null;
}

/** A CloudEvent that was parsed and found to be one, with its data as they stand. */
interface CloudEvent {
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly dataText: string | undefined;
  readonly bytes: Uint8Array | undefined;
}

/** The event that the text of a CloudEvent means; undefined for one whose contents were removed. Throws `BadRowError`. */
export function eventOfCloudEvent(text: string, mapping: CloudEventMapping, limits: Limits): ImportedEvent | undefined {
  const cloudEvent = cloudEventOf(text);
  return cloudEvent.attributes.has('hindsightformat')
    ? ownEvent(cloudEvent, limits)
    : foreignEvent(cloudEvent, mapping, limits);
}

function cloudEventOf(text: string): CloudEvent {
  const members = objectOf(text, 'The event');
  const attributes = new Map<string, AttributeValue>();
  for (const [name, value] of Object.entries(members)) {
    // Null means that the attribute is not set.
    if (name === 'data' || name === 'data_base64' || value === null) continue;
    attributes.set(name, attributeOf(name, value));
  }
  if (attributes.get('specversion') !== '1.0')
    throw new BadRowError(
      attributes.has('specversion')
        ? `specversion is ${JSON.stringify(attributes.get('specversion'))}, and only 1.0 is read.`
        : 'specversion is missing: this is no CloudEvent.',
      'specversion',
    );
  for (const name of ['id', 'source', 'type']) requiredText(attributes, name);
  for (const name of ['subject', 'datacontenttype', 'dataschema', 'time'])
    if (attributes.has(name)) requiredText(attributes, name);
  const { data, data_base64: base64 } = members;
  if (base64 === undefined || base64 === null)
    return { attributes, dataText: data === undefined ? undefined : memberText(text, 'data'), bytes: undefined };
  if (data !== undefined && data !== null)
    throw new BadRowError('The event has both data and data_base64.', 'data_base64');
  return { attributes, dataText: undefined, bytes: bytesOf(base64) };
}

function attributeOf(name: string, value: unknown): AttributeValue {
  if (!attributeName.test(name))
    throw new BadRowError(
      `${JSON.stringify(name.slice(0, 60))} cannot be the name of an attribute, which has lower-case letters and digits only.`,
      name.slice(0, 60),
    );
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && isInteger(value)) return value;
  throw new BadRowError(
    `The attribute ${name} is ${typeof value === 'number' ? 'no integer of 32 bits' : 'neither text nor integer nor boolean'}.`,
    name,
  );
}

function requiredText(attributes: ReadonlyMap<string, AttributeValue>, name: string): string {
  const value = attributes.get(name);
  if (value === undefined) throw new BadRowError(`${name} is missing.`, name);
  if (typeof value !== 'string') throw new BadRowError(`${name} must be a text.`, name);
  if (value === '') throw new BadRowError(`${name} is empty.`, name);
  return value;
}

function bytesOf(base64: unknown): Uint8Array {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
  // Buffers pass over what is no base64, so only what comes out the same was it.
  if (bytes === undefined || bytes.toString('base64') !== base64)
    throw new BadRowError('data_base64 is not base64.', 'data_base64');
  return new Uint8Array(bytes);
}

function foreignEvent(
  { attributes, dataText, bytes }: CloudEvent,
  { streamBy, category }: CloudEventMapping,
  limits: Limits,
): ImportedEvent {
  const source = requiredText(attributes, 'source');
  const subject = attributes.get('subject');
  const named = String(attributes.get(streamBy) ?? source);
  const streamId = category === null ? named : `${category}-${named}`;
  const column = attributes.has(streamBy) ? streamBy : 'source';
  checkOwnName(streamId, { what: 'The stream id', bytesMax: limits.streamIdBytesMax, column });
  const type = requiredText(attributes, 'type');
  checkOwnName(type, { what: 'The event type', bytesMax: limits.typeBytesMax, column: 'type' });
  const id = requiredText(attributes, 'id');
  checkName(id, { what: 'The event id', bytesMax: limits.idBytesMax, column: 'id' });
  const contentType = attributes.get('datacontenttype');
  if (contentType !== undefined)
    checkName(String(contentType), {
      what: 'The content type',
      bytesMax: limits.typeBytesMax,
      column: 'datacontenttype',
    });
  const time = attributes.get('time');
  const metadata: Record<string, AttributeValue> = { source };
  const schema = attributes.get('dataschema');
  if (schema !== undefined) metadata['dataschema'] = schema;
  if (subject !== undefined && subject !== streamId) metadata['subject'] = subject;
  for (const [name, value] of attributes) if (!coreNames.has(name)) metadata[metadataNameOf(name)] = value;
  const event: Event = {
    id,
    type,
    data: bytes ?? new RawJson(dataText ?? 'null'),
    metadata,
    ...(time !== undefined && { occurredAt: occurredAtOf(String(time)) }),
    ...(contentType !== undefined && { contentType: String(contentType) }),
  };
  return { streamId, event, isExact: true };
}

function occurredAtOf(time: string): string {
  const occurredAt = storeTimeOf(time);
  if (occurredAt === undefined)
    throw new BadRowError(
      `${JSON.stringify(time.slice(0, 60))} is no timestamp of RFC 3339 with nine decimals at most.`,
      'time',
    );
  checkTime(occurredAt, 'time');
  if (Number(occurredAt.slice(0, 4)) < 1685 || Number(occurredAt.slice(0, 4)) > 2254)
    throw new BadRowError(`${JSON.stringify(time)} lies outside the years 1685 to 2254.`, 'time');
  return occurredAt;
}

/** An event that an export wrote: the same event again. */
function ownEvent({ attributes, dataText, bytes }: CloudEvent, limits: Limits): ImportedEvent | undefined {
  const format = attributes.get('hindsightformat');
  if (format !== ownFormat)
    throw new BadRowError(`hindsightformat ${JSON.stringify(format)} is not known to this code.`, 'hindsightformat');
  const exactText = attributes.get('hindsightexact');
  const exact = exactText === undefined ? {} : objectOf(String(exactText), 'hindsightexact');
  const time = attributes.get('time');
  const contentType = attributes.get('datacontenttype');
  const tags = attributes.get('tags');
  const metadata = metadataOfAttributes(attributes);
  const imported = exactEvent(
    {
      streamId: exact['streamId'] ?? attributes.get('streamid'),
      type: exact['type'] ?? attributes.get('type'),
      id: exact['id'] ?? attributes.get('id'),
      tags: tags === undefined ? undefined : tagsOf(String(tags)),
      occurredAt: exact['occurredAt'] ?? (time === attributes.get('recordedat') ? undefined : time),
      contentType: exact['contentType'] ?? contentType,
      encoding: bytes === undefined ? undefined : 'base64',
      metadata: mergedMetadata(exact['metadata'], metadata),
      metadataText: undefined,
      dataText: bytes === undefined ? (dataText ?? 'null') : JSON.stringify(Buffer.from(bytes).toString('base64')),
    },
    limits,
  );
  if (exactText !== undefined && losesDigits(String(exactText)))
    throw new BadRowError('hindsightexact holds a number that would change when it is stored.', 'hindsightexact');
  return imported === undefined ? undefined : { ...imported, isExact: true };
}

function tagsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRowError('tags is no JSON array of texts.', 'tags');
  }
}

/** What is said beside the attributes goes before what they say; what somebody added on the way is kept. */
function mergedMetadata(exact: unknown, metadata: Record<string, AttributeValue>): unknown {
  if (exact === undefined) return Object.keys(metadata).length === 0 ? undefined : metadata;
  if (typeof exact !== 'object' || exact === null || Array.isArray(exact)) return exact;
  const added = Object.entries(metadata).filter(
    ([name]) => !Object.hasOwn(exact, name) && !Object.hasOwn(exact, attributeNameOf(name)),
  );
  return { ...exact, ...Object.fromEntries(added) };
}
