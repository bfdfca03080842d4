/**
 * An event as a line of JSON: its place, and then its record as it is stored, to the byte. `docs/formats/jsonl.md` describes it.
 *
 *     {"streamId":"order-75","version":3,"position":17,"recordedAt":"…","id":"…","type":"…",…,"metadata":{…},"data":…}
 */

import type { RecordedEvent, StoredEvent } from 'hindsightdb';

/** The line of an event as the engine keeps it: nothing is parsed, so nothing changes. */
export function lineOfStored(event: StoredEvent): string {
  // JSON that was handed in as text may be set over several lines; inside strings a line end is always an escape.
  const record = lineEnd.test(event.record) ? event.record.replace(/[\r\n]/g, ' ') : event.record;
  return placeText(event, isoOf(event.recordedAt)) + record.slice(1);
}

const lineEnd = /[\r\n]/;

/** The line of an event as the application sees it, after codec and upcasters. */
export function lineOfRecorded(event: RecordedEvent): string {
  const { id, type, tags, occurredAt, contentType, metadata, data } = event;
  const isBytes = data instanceof Uint8Array;
  const rest = JSON.stringify({
    id,
    type,
    ...(tags.length > 0 && { tags }),
    ...(occurredAt !== undefined && { occurredAt }),
    ...(contentType !== undefined && { contentType }),
    ...(isBytes && { encoding: 'base64' }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    data: isBytes ? Buffer.from(data).toString('base64') : data,
  });
  return placeText(event, event.recordedAt) + rest.slice(1);
}

function placeText(
  event: Pick<StoredEvent, 'streamId' | 'version' | 'partition' | 'position'>,
  recordedAt: string,
): string {
  const { streamId, version, partition, position } = event;
  const where = partition === 0 ? '' : `"partition":${partition},`;
  return `{"streamId":${JSON.stringify(streamId)},"version":${version},${where}"position":${position},"recordedAt":"${recordedAt}",`;
}

let lastMicros = Number.NaN;
let lastText = '';

/** Microseconds since 1970 as ISO 8601 in UTC with six decimals. Runs of events recorded together share the last answer. */
export function isoOf(micros: number): string {
  if (micros === lastMicros) return lastText;
  const millis = Math.floor(micros / 1000);
  lastMicros = micros;
  lastText = `${new Date(millis).toISOString().slice(0, -1)}${String(micros - millis * 1000).padStart(3, '0')}Z`;
  return lastText;
}
