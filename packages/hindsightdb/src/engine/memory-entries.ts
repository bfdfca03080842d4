/**
 * What the memory engine keeps of an event, and which of its events a read wants.
 */

import { matchesQuery } from '../core/query.ts';
import { categoryOf, isReserved } from '../core/stream-id.ts';
import type { StreamSettings } from '../core/stream-settings.ts';
import type { LogFilter, PageBounds } from './contract.ts';

/** An event in memory. The type is the one under which it was written, also when its record was emptied since. */
export interface Entry {
  readonly streamId: string;
  readonly version: number;
  readonly position: number;
  readonly recordedAt: number;
  readonly id: string;
  readonly type: string;
  readonly tags: readonly string[];
  record: string;
}

/** The newest settings of a stream, and the version of the stream that records them. */
export interface RecordedSettings {
  readonly version: number;
  readonly settings: StreamSettings;
}

/** Whether a filter means the event. */
export function isWanted(entry: Entry, { category, streamId, query, includeReserved }: LogFilter): boolean {
  if (!includeReserved && (isReserved(entry.streamId) || isReserved(entry.type))) return false;
  if (streamId !== undefined && entry.streamId !== streamId) return false;
  return (
    (category === undefined || categoryOf(entry.streamId) === category) &&
    (query === undefined || matchesQuery(query, entry.type, entry.tags))
  );
}

/** As much of what is wanted as a page holds; one event at least. */
export function takePage(wanted: readonly Entry[], { limit, bytesMax }: PageBounds): readonly Entry[] {
  const page: Entry[] = [];
  let bytes = 0;
  for (const entry of wanted) {
    bytes += entry.record.length;
    if (page.length >= limit || (page.length > 0 && bytes > bytesMax)) break;
    page.push(entry);
  }
  return page;
}
