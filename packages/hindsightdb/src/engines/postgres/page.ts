/** From rows to pages of events. */

import type { LogPage, LogReadRequest, PageBounds, StoredEvent } from '../../engine/contract.ts';

/** A row of an answer. */
export type Row = readonly unknown[];

/** The event in the columns of `eventColumns`. Numbers of 64 bits come as texts, and are safe integers here. */
export function storedEvent([streamId, version, partition, position, recordedAt, record]: Row): StoredEvent {
  return {
    streamId: String(streamId),
    version: Number(version),
    partition: Number(partition),
    position: Number(position),
    recordedAt: Number(recordedAt),
    record: String(record),
  };
}

/** How many of the first events make a page; one at least, where there is any. */
export function pageLength(events: readonly StoredEvent[], { limit, bytesMax }: PageBounds): number {
  let bytes = 0;
  for (const [index, { record }] of events.entries()) {
    bytes += record.length;
    if (index >= limit || (index > 0 && bytes > bytesMax)) return index;
  }
  return events.length;
}

/** The page in the rows that `logQuery` asks for. */
export function logPage(rows: readonly Row[], request: LogReadRequest): LogPage {
  const { from, limit } = request;
  const [first = []] = rows;
  const [edgePosition, edgeId, fromId, candidateCount] = first;
  const candidates = rows.filter((row) => typeof row[4] === 'boolean');
  const shown = candidates.filter((row) => row[4] === true);
  const all = shown.map((row) => storedEvent(row.slice(6)));
  const length = pageLength(all, request);
  const events = all.slice(0, length);
  const isCut = length < all.length || candidates.length < Number(candidateCount ?? 0);
  const isEnd = !isCut && candidates.length <= limit;
  if (isEnd)
    return {
      events,
      scannedTo: edgePosition === null || edgePosition === undefined ? from : Number(edgePosition),
      scannedEventId: textOf(edgeId) ?? textOf(fromId),
      isEnd,
    };
  // As far as the candidates before the first one that was refused.
  const end = length < all.length ? candidates.indexOf(shown[length] ?? []) : Math.min(candidates.length, limit);
  const last = candidates[end - 1];
  return {
    events: events.filter(({ position }) => last !== undefined && isUpTo(position, Number(last[9]), request)),
    scannedTo: last === undefined ? from : Number(last[9]),
    scannedEventId: textOf(last === undefined ? fromId : last[5]),
    isEnd,
  };
}

function isUpTo(position: number, end: number, { direction }: LogReadRequest): boolean {
  return direction === 'forward' ? position <= end : position >= end;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
