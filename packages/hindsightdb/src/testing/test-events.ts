/**
 * Events of a test as a fold will meet them: through JSON, with the places and times of a stream.
 */

import type { Event, Recorded } from '../core/event.ts';
import { canonicalJson, jsonTextOf } from '../core/json.ts';
import { isoOfMicros, microsOf } from '../core/time.ts';
import { recordedAs } from '../store/decode.ts';
import { deepFreeze } from './deep-freeze.ts';

/** The first event of a test is recorded at this time, in microseconds since 1970; each further one a second later. */
const firstRecordedAt = 1_767_225_600_000_000;

/** The events as a read gives them back, frozen. */
export function recordedEvents<Events extends Event>(
  streamId: string,
  events: readonly Events[],
  versionBefore: number,
): readonly Recorded<Events>[] {
  const recorded = events.map((event, index) => {
    const version = versionBefore + index + 1;
    return deepFreeze({
      id: `event-${version}`,
      metadata: {},
      tags: [],
      ...statedBy(event),
      // As they were given, not as they are compared.
      ...(event.tags !== undefined && { tags: [...new Set(event.tags)] }),
      ...(typeof event.occurredAt === 'string' && { occurredAt: event.occurredAt }),
      streamId,
      version,
      partition: 0,
      position: version,
      recordedAt: isoOfMicros(firstRecordedAt + (version - 1) * 1_000_000),
    });
  });
  return recordedAs(recorded);
}

/** What an event states, in the form in which it is stored: every member that it has, the data through JSON. */
export function statedBy({
  type,
  data,
  id,
  tags,
  metadata,
  occurredAt,
  contentType,
}: Event): Readonly<Record<string, unknown>> {
  return {
    type,
    data: data instanceof Uint8Array ? data : throughJson(`The data of ${type}`, data),
    ...(id !== undefined && { id }),
    ...(tags !== undefined && tags.length > 0 && { tags: [...new Set(tags)].toSorted() }),
    ...(metadata !== undefined && { metadata: throughJson(`The metadata of ${type}`, metadata) }),
    ...(occurredAt !== undefined && { occurredAt: isoOfMicros(microsOf('occurredAt', occurredAt)) }),
    ...(contentType !== undefined && { contentType }),
  };
}

/** A value as it comes back from a store. Throws `NOT_JSON`. */
export function throughJson(what: string, value: unknown): unknown {
  return JSON.parse(jsonTextOf(what, value));
}

/** Whether two values are the same once they are stored. */
export function isSame(left: unknown, right: unknown): boolean {
  return canonicalJson(plain(left)) === canonicalJson(plain(right));
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => (member instanceof Uint8Array ? [...member] : member)) ?? 'null',
  );
}
