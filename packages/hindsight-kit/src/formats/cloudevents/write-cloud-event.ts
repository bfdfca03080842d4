/**
 * From an event of the store to a CloudEvent in JSON, from which an import makes the same event again.
 * `docs/formats/cloudevents.md` describes the mapping.
 */

import { dataTextOf, type StoredEvent } from 'hindsightdb';
import { isoOf } from '../json-lines/event-line.ts';
import { memberText } from '../json-lines/member-text.ts';
import { partsOf } from '../json-lines/record-parts.ts';
import {
  attributeName,
  attributeNameLengthMax,
  coreNames,
  escapedJson,
  escapedText,
  isAttributeValue,
  isMediaType,
  isPlainText,
  isUri,
  isUriReference,
  timestampOf,
  type AttributeValue,
} from './attributes.ts';
import { attributeNameOf, metadataOfAttributes, ownFormat, ownNames, sourceOfLog } from './own-attributes.ts';

/** The CloudEvent of a stored event, in one line of JSON. */
export function cloudEventOf(event: StoredEvent, logId: string): string {
  const parts = partsOf(event.record);
  const { metadata = {} } = parts;
  const recordedAt = isoOf(event.recordedAt);
  const time = parts.occurredAt === undefined ? recordedAt : timestampOf(parts.occurredAt);
  const streamId = escapedText(event.streamId);
  const isMedia = parts.contentType !== undefined && isMediaType(parts.contentType);
  const attributes = new Map<string, AttributeValue>([
    ['specversion', '1.0'],
    ['id', escapedText(parts.id)],
    ['source', textIf(isUriReference, metadata['source']) ?? sourceOfLog(logId)],
    ['type', escapedText(parts.type)],
    ['subject', textIf(isPlainText, metadata['subject']) ?? streamId],
    ['time', time],
  ]);
  if (isMedia) attributes.set('datacontenttype', parts.contentType);
  const schema = textIf(isUri, metadata['dataschema']);
  if (schema !== undefined) attributes.set('dataschema', schema);
  attributes
    .set('streamid', streamId)
    .set('streamversion', String(event.version))
    .set('logposition', String(event.position));
  if (event.partition !== 0) attributes.set('logpartition', String(event.partition));
  attributes.set('recordedat', recordedAt).set('logid', logId);
  if (parts.tags !== undefined) attributes.set('tags', escapedJson(JSON.stringify(parts.tags)));
  for (const [name, value] of Object.entries(metadata)) {
    const attribute = attributeNameOf(name);
    if (canBeExtension(attribute) && !attributes.has(attribute) && isAttributeValue(value))
      attributes.set(attribute, value);
  }
  attributes.set('hindsightformat', ownFormat);
  const exact = [
    exactMember('streamId', event.streamId, streamId),
    exactMember('id', parts.id, escapedText(parts.id)),
    exactMember('type', parts.type, escapedText(parts.type)),
    exactMember('occurredAt', parts.occurredAt, time === recordedAt ? undefined : time),
    exactMember('contentType', parts.contentType, isMedia ? parts.contentType : undefined),
    exactMetadata(event.record, metadata, attributes),
  ].filter((member) => member !== undefined);
  if (exact.length > 0) attributes.set('hindsightexact', escapedJson(`{${exact.join(',')}}`));
  return `${JSON.stringify(Object.fromEntries(attributes)).slice(0, -1)},${dataMember(event.record, parts.encoding)}}`;
}

function textIf(test: (text: string) => boolean, value: unknown): string | undefined {
  return typeof value === 'string' && test(value) ? value : undefined;
}

function canBeExtension(name: string): boolean {
  return (
    attributeName.test(name) && name.length <= attributeNameLengthMax && !coreNames.has(name) && !ownNames.has(name)
  );
}

/** What is said beside the attributes, where they mean something else. */
function exactMember(name: string, value: string | undefined, meant: string | undefined): string | undefined {
  return value === undefined || value === meant ? undefined : `"${name}":${JSON.stringify(value)}`;
}

function exactMetadata(
  record: string,
  metadata: Readonly<Record<string, unknown>>,
  attributes: ReadonlyMap<string, AttributeValue>,
): string | undefined {
  if (JSON.stringify(metadataOfAttributes(attributes)) === JSON.stringify(metadata)) return undefined;
  return `"metadata":${memberText(record, 'metadata') ?? '{}'}`;
}

const lineEnd = /[\r\n]/g;

function dataMember(record: string, encoding: string | undefined): string {
  // Line ends between tokens would break the line; inside strings they are always escapes.
  const text = dataTextOf(record).replace(lineEnd, ' ');
  return encoding === 'base64' ? `"data_base64":${text}` : `"data":${text}`;
}
