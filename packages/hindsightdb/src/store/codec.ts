/**
 * The codec stage: an asynchronous transformation between validation and storage, a page at a time. Events, snapshots and
 * everything else that may hold what an event says pass through it, so that encryption of personal fields has one place.
 */

import { argumentError } from '../core/errors.ts';
import { subjectOfCommandStream } from '../core/stream-id.ts';
import { describe } from '../core/text.ts';

/** What passes through the stage: JSON texts and what they belong to. */
export interface CodecItem {
  readonly kind: 'event' | 'snapshot' | 'letter' | 'journal' | 'command' | 'result';
  readonly streamId: string;
  /** The event's type, or the name of what it is. */
  readonly type: string;
  /** JSON text of the data. */
  readonly data: string;
  /** JSON text of the metadata. */
  readonly metadata: string;
}

/** What the stage may change. */
export type CodecOutput = Pick<CodecItem, 'data' | 'metadata'>;

/** A transformation and its inverse. Answers are in the order of the items and of the same number. */
export interface Codec {
  encode(items: readonly CodecItem[]): Promise<readonly CodecOutput[]>;
  decode(items: readonly CodecItem[]): Promise<readonly CodecOutput[]>;
}

/** As what the events of a stream pass the stage: records of commands as those of the entity that they are for. */
export function codedAs(streamId: string): Pick<CodecItem, 'kind' | 'streamId'> {
  const entity = subjectOfCommandStream(streamId);
  return entity === undefined ? { kind: 'event', streamId } : { kind: 'command', streamId: entity };
}

/**
 * Checks what a codec gave for so many items, before it is stored: what could not be read again must not be written. Throws a
 * `TypeError`.
 */
export function assertOutputs(outputs: readonly CodecOutput[], itemCount: number): void {
  assertCount(outputs, itemCount);
  for (const { data, metadata } of outputs) {
    parsed('data', data);
    const value = parsed('metadata', metadata);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw argumentError('NOT_JSON', `The codec gave ${describe(value)} as metadata; they are an object.`);
  }
}

/** A text to take through the stage, and what it belongs to. */
export type CodedText = Omit<CodecItem, 'metadata'>;

/** JSON texts as they are to be stored: through the codec, in one call, or as they are where there is none. */
export async function encodeTexts(codec: Codec | undefined, texts: readonly CodedText[]): Promise<readonly string[]> {
  if (codec === undefined || texts.length === 0) return texts.map(({ data }) => data);
  const outputs = await codec.encode(texts.map(asItem));
  assertOutputs(outputs, texts.length);
  return outputs.map(({ data }) => data);
}

/** The inverse: JSON texts as they were before they were stored. */
export async function decodeTexts(codec: Codec | undefined, texts: readonly CodedText[]): Promise<readonly string[]> {
  if (codec === undefined || texts.length === 0) return texts.map(({ data }) => data);
  const outputs = await codec.decode(texts.map(asItem));
  assertCount(outputs, texts.length);
  return outputs.map(({ data }) => data);
}

function asItem(text: CodedText): CodecItem {
  return { ...text, metadata: '{}' };
}

/** Checks that a codec answered every item. Throws a `TypeError`. */
export function assertCount(outputs: readonly CodecOutput[], itemCount: number): void {
  if (outputs.length !== itemCount)
    throw argumentError('INVALID_ARGUMENT', `The codec gave ${outputs.length} answers for ${itemCount} items.`);
}

function parsed(what: string, text: unknown): unknown {
  try {
    if (typeof text === 'string') return JSON.parse(text);
  } catch {
    // The sentence below says it.
  }
  throw argumentError('NOT_JSON', `The codec gave ${what} that are no JSON text: ${describe(text)}.`);
}
