/**
 * Events that come as an export wrote them: with their ids, tags, times and metadata, and with their data to the byte.
 */

import { RawJson, type Event, type Limits } from 'hindsightdb';
import { losesDigits } from '../csv/number-text.ts';
import { BadRowError } from '../source/bad-input.ts';
import type { ImportedEvent } from './input-format.ts';
import { checkName, checkOwnName, checkTags, checkTime } from './names.ts';
import { isObject } from '../json/json-object.ts';

/** The parts of an event as they stand in a file. Texts of JSON are known to be JSON. */
export interface ExactParts {
  readonly streamId: unknown;
  readonly type: unknown;
  readonly id: unknown;
  readonly tags: unknown;
  readonly occurredAt: unknown;
  readonly contentType: unknown;
  readonly encoding: unknown;
  readonly metadata: unknown;
  /** The JSON text of the metadata, to see whether numbers in it would change. */
  readonly metadataText: string | undefined;
  readonly dataText: string;
}

/** The type under which a log shows an event whose contents were removed. There is nothing of it to be imported. */
const removedType = '$removed';

/** The event of its parts; undefined for one whose contents were removed. Throws `BadRowError`. */
export function exactEvent(parts: ExactParts, limits: Limits): ImportedEvent | undefined {
  const { id, tags, occurredAt, contentType } = parts;
  const streamId = textOf(parts.streamId, 'streamId');
  const type = textOf(parts.type, 'type');
  if (type === removedType) return undefined;
  checkOwnName(streamId, { what: 'The stream id', bytesMax: limits.streamIdBytesMax, column: 'streamId' });
  checkOwnName(type, { what: 'The event type', bytesMax: limits.typeBytesMax, column: 'type' });
  if (id !== undefined)
    checkName(textOf(id, 'id'), { what: 'The event id', bytesMax: limits.idBytesMax, column: 'id' });
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag): tag is string => typeof tag === 'string')))
    throw new BadRowError('tags must be an array of strings.', 'tags');
  if (tags !== undefined) checkTags(tags, limits);
  if (occurredAt !== undefined) checkTime(textOf(occurredAt, 'occurredAt'), 'occurredAt');
  const metadata = metadataOf(parts);
  const event: Event = {
    type,
    data: dataOf(parts),
    ...(id !== undefined && { id: textOf(id, 'id') }),
    ...(tags !== undefined && tags.length > 0 && { tags }),
    ...(occurredAt !== undefined && { occurredAt: textOf(occurredAt, 'occurredAt') }),
    ...(contentType !== undefined && { contentType: textOf(contentType, 'contentType') }),
    ...(metadata !== undefined && { metadata }),
  };
  return { streamId, event };
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new BadRowError(value === undefined ? `${name} is missing.` : `${name} must be a string.`, name);
}

function metadataOf({ metadata, metadataText }: ExactParts): Record<string, unknown> | undefined {
  if (metadata === undefined) return undefined;
  if (!isObject(metadata)) throw new BadRowError('metadata must be an object.', 'metadata');
  if (metadataText !== undefined && losesDigits(metadataText))
    throw new BadRowError(
      'metadata holds a number that would change when it is stored; write it as a string.',
      'metadata',
    );
  return metadata;
}

function dataOf({ dataText, encoding }: ExactParts): RawJson | Uint8Array {
  if (encoding === undefined) return new RawJson(dataText);
  if (encoding !== 'base64') throw new BadRowError('encoding can only be base64.', 'encoding');
  const text: unknown = JSON.parse(dataText);
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new BadRowError('data is not base64.', 'data');
  return new Uint8Array(Buffer.from(text, 'base64'));
}
