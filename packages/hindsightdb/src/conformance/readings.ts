/**
 * Reading whole streams and partitions page by page, with the rules that hold between the pages of any read.
 */

import type {
  Engine,
  LogFilter,
  LogPage,
  LogReadRequest,
  PageBounds,
  StoredEvent,
  StreamPage,
  StreamReadRequest,
} from '../engine/contract.ts';
import { equal, fail, holds } from './assertions.ts';
import { idOf } from './event-maker.ts';

/** Everything, the store's own events included. */
export const everything: LogFilter = { includeReserved: true };

/** Bounds that end no page of a test. */
export const wide: PageBounds = { limit: 100_000, bytesMax: Number.MAX_SAFE_INTEGER };

/** More pages than any read of a case has. */
const pagesMax = 20_000;

/** What may be said of the read of a whole partition; the rest has defaults. */
export interface WholeLogRead extends Partial<Omit<LogReadRequest, 'partition'>> {
  readonly partition?: number;
}

/** A partition, read to its end. */
export interface WholeLog {
  readonly events: readonly StoredEvent[];
  readonly pages: readonly LogPage[];
  readonly scannedTo: number;
  readonly scannedEventId: string | undefined;
}

/** Reads a partition to its end, page by page, and checks what must hold from page to page. */
export async function readWholeLog(engine: Engine, read: WholeLogRead = {}): Promise<WholeLog> {
  const { direction = 'forward' } = read;
  const request: LogReadRequest = {
    partition: 0,
    direction,
    from: direction === 'forward' ? 0 : Number.MAX_SAFE_INTEGER,
    filter: everything,
    ...wide,
    ...read,
  };
  const pages: LogPage[] = [];
  let from = request.from;
  for (;;) {
    const asked = { ...request, from };
    const page = await engine.readLog(asked);
    await checkLogPage(engine, asked, page);
    pages.push(page);
    from = page.scannedTo;
    if (page.isEnd) break;
    if (pages.length >= pagesMax)
      fail(`A read of partition ${request.partition} did not end within ${pagesMax} pages.`);
  }
  const { scannedTo, scannedEventId } = pages.at(-1) ?? fail('A read has at least one page.');
  return { events: pages.flatMap((page) => page.events), pages, scannedTo, scannedEventId };
}

/** What holds for every page of the log, whatever was asked. */
async function checkLogPage(engine: Engine, request: LogReadRequest, page: LogPage): Promise<void> {
  const { partition, direction, from, until, limit, bytesMax } = request;
  const asked = `The ${direction} page of partition ${partition} from ${from}${until === undefined ? '' : ` until ${until}`}`;
  const isBeyond = (position: number, other: number): boolean =>
    direction === 'forward' ? position > other : position < other;
  checkBounds(asked, page.events, { limit, bytesMax });
  let last = from;
  for (const { position, partition: found } of page.events) {
    equal(found, partition, `${asked} holds an event of another partition`);
    holds(isBeyond(position, last), `${asked} goes from position ${last} to ${position}, against its direction.`);
    holds(until === undefined || !isBeyond(position, until), `${asked} holds position ${position}, past its end.`);
    last = position;
  }
  holds(
    !isBeyond(last, page.scannedTo),
    `${asked} holds an event at ${last} and says that it looked to ${page.scannedTo} only: reading on would repeat events.`,
  );
  holds(
    until === undefined || page.scannedTo === from || !isBeyond(page.scannedTo, until),
    `${asked} says that it looked to ${page.scannedTo}, past its end.`,
  );
  holds(
    page.isEnd || isBeyond(page.scannedTo, from) || limit === 0,
    `${asked} makes no progress: it is not the end, and reading on from ${page.scannedTo} asks for the same again.`,
  );
  if (page.scannedTo === Number.MAX_SAFE_INTEGER) return;
  const there = await engine.eventAt(partition, page.scannedTo);
  equal(
    page.scannedEventId,
    there && idOf(there),
    `${asked} must name the event at ${page.scannedTo}, to which it looked`,
  );
}

/** What may be said of the read of a whole stream. */
export type WholeStreamRead = Partial<Omit<StreamReadRequest, 'streamId'>>;

/** A stream, read to its end. */
export interface WholeStream {
  readonly events: readonly StoredEvent[];
  readonly pages: readonly StreamPage[];
  readonly version: number;
}

/** Reads a stream to its end, page by page, and checks what must hold from page to page. */
export async function readWholeStream(
  engine: Engine,
  streamId: string,
  read: WholeStreamRead = {},
): Promise<WholeStream> {
  const { direction = 'forward' } = read;
  const request: StreamReadRequest = {
    streamId,
    direction,
    fromVersion: direction === 'forward' ? 1 : Number.MAX_SAFE_INTEGER,
    ...wide,
    ...read,
  };
  const pages: StreamPage[] = [];
  let next: number | undefined = request.fromVersion;
  while (next !== undefined) {
    const page: StreamPage = await engine.readStream({ ...request, fromVersion: next });
    checkStreamPage({ ...request, fromVersion: next }, page);
    pages.push(page);
    next = page.nextVersion;
    if (pages.length >= pagesMax) fail(`A read of stream ${streamId} did not end within ${pagesMax} pages.`);
  }
  return { events: pages.flatMap((page) => page.events), pages, version: pages.at(-1)?.version ?? 0 };
}

function checkStreamPage(request: StreamReadRequest, page: StreamPage): void {
  const { streamId, direction, fromVersion, limit, bytesMax } = request;
  const asked = `The ${direction} page of stream ${JSON.stringify(streamId)} from version ${fromVersion}`;
  const step = direction === 'forward' ? 1 : -1;
  checkBounds(asked, page.events, { limit, bytesMax });
  let least = fromVersion;
  for (const { version, streamId: found } of page.events) {
    equal(found, streamId, `${asked} holds an event of another stream`);
    holds(step * version >= step * least, `${asked} holds version ${version} where ${least} or later is due.`);
    least = version + step;
  }
  const { nextVersion } = page;
  if (nextVersion === undefined) return;
  holds(
    step * nextVersion >= step * least && (nextVersion !== fromVersion || limit === 0),
    `${asked} says that the next page begins at ${nextVersion}: reading on would repeat events.`,
  );
}

function checkBounds(
  asked: string,
  events: readonly StoredEvent[],
  { limit, bytesMax }: { readonly limit: number; readonly bytesMax: number },
): void {
  holds(events.length <= limit, `${asked} holds ${events.length} events where ${limit} were asked for.`);
  // UTF-16 units never outnumber the bytes of UTF-8.
  const length = events.reduce((sum, event) => sum + event.record.length, 0);
  holds(events.length <= 1 || length <= bytesMax, `${asked} holds ${length} bytes where ${bytesMax} were asked for.`);
}
