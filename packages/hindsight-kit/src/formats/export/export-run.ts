/**
 * The run of an export: from events to lines of a file.
 */

import type { Checkpoint, Store, StoredEvent } from 'hindsightdb';
import { cloudEventOf } from '../cloudevents/write-cloud-event.ts';
import { AttributeColumns, CsvEventLines } from '../csv/csv-lines.ts';
import { lineOfStored } from '../json-lines/event-line.ts';
import { partsOf } from '../json-lines/record-parts.ts';
import { PartFile, readNote } from './part-file.ts';

/** The formats of exports. */
export type ExportKind = 'jsonl' | 'csv' | 'cloudevents' | 'cloudevents-batch';

/** Where an export goes on: behind an event. */
export interface ExportPlace {
  readonly events: number;
  readonly position: number;
  readonly version: number;
  /** A place in the log behind that event, by which a restored or swapped store is noticed. Undefined at the beginning. */
  readonly checkpoint: Checkpoint | undefined;
  /** Where the export ends, fixed when it began. */
  readonly until: Checkpoint;
  /** The attribute columns of CSV. */
  readonly columns: readonly string[];
}

/** What is exported. */
export interface ExportRequest {
  readonly store: Store;
  readonly kind: ExportKind;
  /** The chosen events behind a place, up to where the export ends, in pages. */
  readonly pages: (from: ExportPlace) => AsyncIterable<readonly StoredEvent[]>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ExportProgress) => void;
}

/** How far an export has come. */
export interface ExportProgress {
  readonly events: number;
  readonly position: number;
  /** Whether the names of attributes are still being gathered. */
  readonly isLooking: boolean;
}

/** How an export ended. */
export interface ExportResult {
  readonly events: number;
  /** Events that an earlier, interrupted run had written. */
  readonly eventsBefore: number;
}

/** Takes lines. */
export interface LineSink {
  line(text: string): Promise<void> | undefined;
}

/** Writes to a stream of lines. */
export async function exportTo(sink: LineSink, request: ExportRequest): Promise<ExportResult> {
  const begin = await beginning(request);
  const place = await writeEvents(request, begin, { sink, reach: async () => undefined });
  return { events: place.events, eventsBefore: 0 };
}

/**
 * Writes a file. Interrupted, it throws the signal's reason and leaves a part from which the same export goes on; `what` says
 * which export that is. An export that runs backward has no place to go on from and begins anew.
 */
export async function exportToFile(
  path: string,
  request: ExportRequest & { readonly what: string; readonly isGzip: boolean; readonly isResumable: boolean },
): Promise<ExportResult> {
  const { what, isGzip, store } = request;
  const found = request.isResumable ? await readNote<ExportPlace>(path, what) : undefined;
  const note = found !== undefined && (await stillHolds(store, found.place)) ? found : undefined;
  const begin = note?.place ?? (await beginning(request));
  const part = await PartFile.open<ExportPlace>(path, { what, isGzip, note });
  try {
    const place = await writeEvents(request, begin, { sink: part, reach: (at) => part.reach(at) }, async (at) =>
      part.pause(at),
    );
    await part.finish();
    return { events: place.events, eventsBefore: note?.place.events ?? 0 };
  } catch (error) {
    await part.close();
    throw error;
  }
}

async function stillHolds(store: Store, { checkpoint, until }: ExportPlace): Promise<boolean> {
  try {
    if (checkpoint !== undefined) await store.validateCheckpoint(checkpoint);
    await store.validateCheckpoint(until);
    return true;
  } catch {
    return false;
  }
}

async function beginning(request: ExportRequest): Promise<ExportPlace> {
  const { store, kind, pages, signal, onProgress } = request;
  const until = await store.head();
  const start: ExportPlace = { events: 0, position: 0, version: 0, checkpoint: undefined, until, columns: [] };
  if (kind !== 'csv') return start;
  const columns = new AttributeColumns();
  let events = 0;
  for await (const page of pages(start)) {
    signal.throwIfAborted();
    for (const event of page) columns.add(event);
    events += page.length;
    onProgress({ events, position: page.at(-1)?.position ?? 0, isLooking: true });
  }
  return { ...start, columns: [...columns.names] };
}

async function writeEvents(
  request: ExportRequest,
  begin: ExportPlace,
  target: { readonly sink: LineSink; readonly reach: (place: ExportPlace) => Promise<void> },
  onInterrupted?: (place: ExportPlace) => Promise<void>,
): Promise<ExportPlace> {
  const { store, pages, signal, onProgress } = request;
  const { sink } = target;
  const lines = linesOf(request, begin);
  if (lines.header !== undefined && begin.events === 0) await sink.line(lines.header);
  let place = begin;
  for await (const page of pages(begin)) {
    for (const [index, event] of page.entries()) {
      const writing = sink.line(lines.line(event, place.events + index));
      if (writing !== undefined) await writing;
    }
    place = behind(store, place, page);
    onProgress({ events: place.events, position: place.position, isLooking: false });
    if (signal.aborted) {
      await onInterrupted?.(place);
      signal.throwIfAborted();
    }
    await target.reach(place);
  }
  if (lines.footer !== undefined) await sink.line(lines.footer);
  return place;
}

/** What a file of a kind is made of. */
interface ExportLines {
  readonly header?: string;
  /** The line of an event, before which so many were written. */
  readonly line: (event: StoredEvent, eventsBefore: number) => string;
  readonly footer?: string;
}

function linesOf({ store, kind }: ExportRequest, { columns }: ExportPlace): ExportLines {
  const { logId } = store.identity;
  switch (kind) {
    case 'jsonl':
      return { line: lineOfStored };
    case 'csv': {
      const csv = new CsvEventLines(columns);
      return { header: csv.header(), line: (event) => csv.line(event) };
    }
    case 'cloudevents':
      return { line: (event) => cloudEventOf(event, logId) };
    case 'cloudevents-batch':
      return {
        header: '[',
        line: (event, eventsBefore) => `${eventsBefore === 0 ? '' : ','}${cloudEventOf(event, logId)}`,
        footer: ']',
      };
    default:
      return kind satisfies never;
  }
}

function behind(store: Store, place: ExportPlace, page: readonly StoredEvent[]): ExportPlace {
  const last = page.at(-1);
  if (last === undefined) return place;
  const { id } = partsOf(last.record);
  const { position, version } = last;
  const checkpoint = store.identity.partitionCount === 1 ? store.checkpointOf({ position, id }) : undefined;
  return { ...place, events: place.events + page.length, position, version, checkpoint };
}
