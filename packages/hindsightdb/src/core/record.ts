/**
 * The record: an event as JSON text, the form in which every engine keeps it. `docs/formats/record.md` describes it.
 *
 *     {"id":"…","type":"…","tags":["…"],"occurredAt":"…","contentType":"…","encoding":"base64","metadata":{…},"data":…}
 *
 * Members that are empty are left out. `data` stands last and is kept to the byte, so that its exact text can be cut out.
 * A record without a member `format` is of format 1.
 */

import { bytesOfBase64, base64OfBytes } from './base64.ts';
import { removedType, type Metadata } from './event.ts';
import { HindsightError } from './errors.ts';
import { sha256Hex } from './sha256.ts';

/** The format of records that this code writes, and the newest that it reads. */
export const recordFormat = 1;

/** What a record is made of. `dataText` is JSON text, or base64 where `encoding` says so. */
export interface RecordParts {
  readonly id: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly occurredAt: string | undefined;
  readonly contentType: string | undefined;
  /** `base64`: the data are bytes. */
  readonly encoding: 'base64' | undefined;
  /** JSON text of the metadata; undefined or `{}` where there are none. */
  readonly metadataText: string | undefined;
  readonly dataText: string;
}

/** The record of an event. */
export function encodeRecord(parts: RecordParts): string {
  let text = `{"id":${JSON.stringify(parts.id)},"type":${JSON.stringify(parts.type)}`;
  if (parts.tags.length > 0) text += `,"tags":${JSON.stringify(parts.tags)}`;
  if (parts.occurredAt !== undefined) text += `,"occurredAt":${JSON.stringify(parts.occurredAt)}`;
  if (parts.contentType !== undefined) text += `,"contentType":${JSON.stringify(parts.contentType)}`;
  if (parts.encoding !== undefined) text += `,"encoding":"${parts.encoding}"`;
  if (parts.metadataText !== undefined && parts.metadataText !== '{}') text += `,"metadata":${parts.metadataText}`;
  return `${text},"data":${parts.dataText}}`;
}

/** Bytes as the JSON text that a record holds for them. */
export function dataTextOfBytes(bytes: Uint8Array): string {
  return `"${base64OfBytes(bytes)}"`;
}

/** A record, parsed. */
export interface DecodedRecord {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: Metadata;
  readonly tags: readonly string[];
  readonly occurredAt?: string;
  readonly contentType?: string;
}

const noTags: readonly string[] = Object.freeze([]);
const noMetadata: Metadata = Object.freeze({});

/** Parses a record. Throws `DECODE_FAILED` when it is none, or of a newer format. */
export function decodeRecord(record: string): DecodedRecord {
  return decodeParsed(parseRecord(record));
}

/** The same from the members of a record, which a codec may have changed in between. */
export function decodeParsed(parsed: ParsedRecord): DecodedRecord {
  const { id, type, encoding, format, occurredAt, contentType, tags = noTags, metadata = noMetadata } = parsed;
  if (format !== undefined && format !== recordFormat)
    throw new HindsightError('DECODE_FAILED', `Record format ${String(format)} is newer than this code knows.`);
  const data = encoding === 'base64' ? bytesOfBase64(String(parsed.data)) : parsed.data;
  if (occurredAt === undefined && contentType === undefined) return { id, type, data, metadata, tags };
  return {
    id,
    type,
    data,
    metadata,
    tags,
    ...(occurredAt !== undefined && { occurredAt }),
    ...(contentType !== undefined && { contentType }),
  };
}

/** The members of a record as they stand in its text. */
export interface ParsedRecord {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly tags?: readonly string[];
  readonly metadata?: Metadata;
  readonly occurredAt?: string;
  readonly contentType?: string;
  readonly encoding?: string;
  readonly format?: number;
}

/** The members of a record as they stand. Throws `DECODE_FAILED`. */
export function parseRecord(record: string): ParsedRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(record);
  } catch (cause) {
    throw new HindsightError('DECODE_FAILED', 'A stored record is not JSON.', { cause });
  }
  if (!isParsedRecord(parsed)) throw new HindsightError('DECODE_FAILED', 'A stored record lacks its id or type.');
  return parsed;
}

function isParsedRecord(value: unknown): value is ParsedRecord {
  if (typeof value !== 'object' || value === null) return false;
  // Reading two members is all that the hot path can afford; `check` looks at the rest.
  return typeof Reflect.get(value, 'id') === 'string' && typeof Reflect.get(value, 'type') === 'string';
}

const idMember = '{"id":';

/** The id of a record, without parsing all of it: id and type stand first. */
export function idOfRecord(record: string): string {
  return stringAt(record, idMember.length);
}

const typeMember = '","type":';

/** The type of a record, in the same way. */
export function typeOfRecord(record: string): string {
  // An id cannot hold the member's text: its quotes would be escaped.
  return stringAt(record, record.indexOf(typeMember) + typeMember.length);
}

function stringAt(record: string, start: number): string {
  const end = endOfString(record, start);
  const text = record.slice(start + 1, end);
  return text.includes('\\') ? String(JSON.parse(record.slice(start, end + 1))) : text;
}

/** The exact JSON text of a record's data. */
export function dataTextOf(record: string): string {
  return record.slice(dataStart(record), -1);
}

const dataMember = '"data":';

/** Where the value of the member `data` begins: the first such key at depth one. Members before it were encoded by `encodeRecord`. */
function dataStart(record: string): number {
  let depth = 0;
  for (let index = 0; index < record.length; index += 1) {
    const unit = record[index];
    if (unit === '"') {
      if (depth === 1 && record.startsWith(dataMember, index) && isKeyPlace(record, index))
        return index + dataMember.length;
      index = endOfString(record, index);
    } else if (unit === '{' || unit === '[') depth += 1;
    else if (unit === '}' || unit === ']') depth -= 1;
  }
  throw new HindsightError('DECODE_FAILED', 'A stored record has no data.');
}

function isKeyPlace(record: string, index: number): boolean {
  return record[index - 1] === '{' || record[index - 1] === ',';
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"' && index < text.length) index += text[index] === '\\' ? 2 : 1;
  return index;
}

/** What remains of a record whose contents are physically removed: id, tags, and in place of the data the former type and a digest. */
export function removedRecord(record: string): string {
  const parsed = parseRecord(record);
  if (parsed.type === removedType) return record;
  return encodeRecord({
    id: parsed.id,
    type: removedType,
    tags: parsed.tags ?? noTags,
    occurredAt: undefined,
    contentType: undefined,
    encoding: undefined,
    metadataText: undefined,
    dataText: JSON.stringify({ type: parsed.type, sha256: sha256Hex(record) }),
  });
}

/**
 * Whether two records say the same: id, type, tags, time and data, as the caller gave them. Metadata does not count, since
 * the library fills it in anew for a retry.
 */
export function saysTheSame(left: string, right: string): boolean {
  return left === right || essence(left) === essence(right);
}

function essence(record: string): string {
  const { id, type, tags = noTags, occurredAt, contentType, encoding } = parseRecord(record);
  return JSON.stringify([id, type, tags.toSorted(), occurredAt, contentType, encoding, dataTextOf(record)]);
}
