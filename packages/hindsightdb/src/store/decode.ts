/**
 * From events as engines keep them to events as users see them: parsed, through the codec stage, upcast.
 */

import { HindsightError } from '../core/errors.ts';
import { removedType, type Event, type Metadata, type Recorded, type RecordedEvent } from '../core/event.ts';
import {
  dataTextOf,
  decodeParsed,
  decodeRecord,
  parseRecord,
  type DecodedRecord,
  type ParsedRecord,
} from '../core/record.ts';
import { whileReplaying } from '../core/replay.ts';
import { isoOfMicrosCached } from '../core/time.ts';
import { upcastEvent } from '../core/upcast.ts';
import type { StoredEvent } from '../engine/contract.ts';
import { assertCount, codedAs, type Codec } from './codec.ts';
import type { StoreContext } from './settings.ts';

const isoOf = isoOfMicrosCached();

/** Decodes a page of stored events. A promise only where a codec makes one necessary. */
export function decodeEvents(
  context: StoreContext,
  stored: readonly StoredEvent[],
): readonly RecordedEvent[] | Promise<readonly RecordedEvent[]> {
  const decoded = decodeStored(context, stored);
  return decoded instanceof Promise
    ? decoded.then((events) => upcastAll(context, events))
    : upcastAll(context, decoded);
}

/** The same before the upcasters: events as they were appended. */
export function decodeStored(
  { codec }: StoreContext,
  stored: readonly StoredEvent[],
): readonly RecordedEvent[] | Promise<readonly RecordedEvent[]> {
  return codec === undefined ? stored.map(decodeOne) : decodeThroughCodec(codec, stored);
}

/** Events as the upcasters make them. */
export function upcastAll({ upcasters }: StoreContext, events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  if (upcasters.length === 0) return events;
  return whileReplaying(() => events.flatMap((event) => upcastEvent(upcasters, event)));
}

/** Takes the caller at its word that these events are of the types that it names. */
export function recordedAs<Events extends Event>(events: readonly unknown[]): readonly Recorded<Events>[] {
  // Types of events exist while compiling only; what a stream holds, its declared events or the caller knows.
  return events as readonly Recorded<Events>[];
}

/** Decodes one stored event, before the upcasters. */
function decodeOne(stored: StoredEvent): RecordedEvent {
  try {
    return withPlace(stored, decodeRecord(stored.record));
  } catch (cause) {
    throw decodeError(stored, cause);
  }
}

function withPlace(
  { streamId, version, partition, position, recordedAt }: StoredEvent,
  record: DecodedRecord,
): RecordedEvent {
  const { id, type, data, metadata, tags, occurredAt, contentType } = record;
  const event = {
    id,
    type,
    data,
    metadata,
    tags,
    streamId,
    version,
    partition,
    position,
    recordedAt: isoOf(recordedAt),
  };
  if (occurredAt === undefined && contentType === undefined) return event;
  return {
    ...event,
    ...(occurredAt !== undefined && { occurredAt }),
    ...(contentType !== undefined && { contentType }),
  };
}

function decodeError(stored: StoredEvent, cause: unknown): HindsightError {
  const { position, streamId, version } = stored;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HindsightError(
    'DECODE_FAILED',
    `The record at position ${position} (${streamId}, version ${version}) cannot be decoded: ${reason}`,
    { cause, details: { position, streamId, version } },
  );
}

async function decodeThroughCodec(codec: Codec, stored: readonly StoredEvent[]): Promise<readonly RecordedEvent[]> {
  const parsed = stored.map(parseOne);
  // What was removed has nothing left for the codec.
  const passing = stored
    .map((event, index) => ({ event, record: parsed[index] }))
    .filter(({ record }) => record?.type !== removedType);
  const items = passing.map(({ event, record }) => ({
    ...codedAs(event.streamId),
    type: record?.type ?? '',
    data: dataTextOf(event.record),
    metadata: JSON.stringify(record?.metadata ?? {}),
  }));
  const outputs = items.length === 0 ? [] : await codec.decode(items);
  assertCount(outputs, items.length);
  const outputOf = new Map(passing.map(({ event }, index) => [event, outputs[index]]));
  return stored.map((event, index) => {
    const record = parsed[index];
    if (record === undefined) throw new Error('Every stored event was parsed.');
    const output = outputOf.get(event);
    try {
      return withPlace(
        event,
        decodeParsed(
          output === undefined
            ? record
            : { ...record, data: parseJson(output.data), metadata: metadataOf(output.metadata) },
        ),
      );
    } catch (cause) {
      throw decodeError(event, cause);
    }
  });
}

function parseOne(stored: StoredEvent): ParsedRecord {
  try {
    return parseRecord(stored.record);
  } catch (cause) {
    throw decodeError(stored, cause);
  }
}

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

function metadataOf(text: string): Metadata {
  // A codec gives back what it was given: the text of an object of metadata.
  return parseJson(text) as Metadata;
}
