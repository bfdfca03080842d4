/**
 * Upcasters: old event shapes changed on read. They are applied in the order of their list, each once, to what the ones
 * before it gave; so a chain is a list, and no upcaster can loop.
 */

import { HindsightError } from './errors.ts';
import type { Metadata, RecordedEvent } from './event.ts';
import { canonicalJson } from './json.ts';
import { describe } from './text.ts';

/** What an upcaster may change of an event. What it leaves out stays as it was. */
export interface UpcastEvent {
  readonly type?: string;
  readonly data?: unknown;
  readonly metadata?: Metadata;
  readonly tags?: readonly string[];
}

/** One change of shape. */
export interface Upcaster {
  /** The type that it applies to. */
  readonly type: string;
  /** Narrows it further: by a field that only the old shape has, or by `metadata.release`. */
  readonly when?: (event: RecordedEvent) => boolean;
  /** One event, several, or none (an empty list). The results keep id, stream, version, position and time. */
  readonly upcast: (event: RecordedEvent) => UpcastEvent | readonly UpcastEvent[];
  /** Names this version of the upcaster, for snapshots. Default: a digest of its source text. */
  readonly version?: number | string;
}

/** Applies the upcasters to an event. Throws `UPCAST_FAILED`, naming the event and the upcaster. */
export function upcastEvent(upcasters: readonly Upcaster[], event: RecordedEvent): readonly RecordedEvent[] {
  let events: readonly RecordedEvent[] = [event];
  for (const upcaster of upcasters) {
    // Most events meet no upcaster; they pass without an allocation.
    if (events.some((each) => each.type === upcaster.type)) events = events.flatMap((each) => applyOne(upcaster, each));
  }
  return events;
}

function applyOne(upcaster: Upcaster, event: RecordedEvent): readonly RecordedEvent[] {
  if (event.type !== upcaster.type) return [event];
  try {
    if (upcaster.when !== undefined && !upcaster.when(event)) return [event];
    const result = upcaster.upcast(event);
    const results: readonly UpcastEvent[] = isList(result) ? result : [result];
    return results.map((change) => changed(event, change));
  } catch (cause) {
    throw new HindsightError(
      'UPCAST_FAILED',
      `The upcaster of ${event.type} failed on event ${event.id} (${event.streamId}, version ${event.version}): ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        details: { eventId: event.id, streamId: event.streamId, version: event.version, type: upcaster.type },
      },
    );
  }
}

function isList(result: UpcastEvent | readonly UpcastEvent[]): result is readonly UpcastEvent[] {
  return Array.isArray(result);
}

function changed(event: RecordedEvent, change: UpcastEvent): RecordedEvent {
  if (typeof change !== 'object' || change === null || Array.isArray(change))
    throw new TypeError(`it returned ${describe(change)} in place of an event`);
  if ('then' in change) throw new TypeError('it returned a promise; upcasters are synchronous');
  const { type = event.type, metadata = event.metadata, tags = event.tags } = change;
  if (typeof type !== 'string' || type === '') throw new TypeError(`it returned the type ${describe(type)}`);
  if (!Array.isArray(tags)) throw new TypeError(`it returned ${describe(tags)} as tags`);
  if (typeof metadata !== 'object' || metadata === null)
    throw new TypeError(`it returned ${describe(metadata)} as metadata`);
  return { ...event, type, metadata, tags, data: 'data' in change ? change.data : event.data };
}

/** A text that changes when the upcasters do: a part of the key under which snapshots are kept. */
export function upcasterFingerprint(upcasters: readonly Upcaster[]): string {
  return canonicalJson(
    upcasters.map((each) => [each.type, each.version ?? [each.when?.toString() ?? null, each.upcast.toString()]]),
  );
}
