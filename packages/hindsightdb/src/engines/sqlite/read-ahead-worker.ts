/**
 * The thread that reads ahead: it answers each request with a page, packed, or with none where it could not be read. Why it
 * could not, whoever wants the page finds out by reading it.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { openForReading } from './database.ts';
import { PagePacker, type PackedPage } from './packed-page.ts';
import { walksMax, type AheadReply, type AheadRequest, type ReadAheadData } from './read-ahead.ts';
import { Reader } from './reader.ts';

/** Larger pages cost more: V8 copies what lives while it collects, and keeps large texts in a place that it rarely looks through. */
const eventsOfPage = 512;
const bytesOfPage = 1024 * 1024;
/** It goes through the log once; what it has passed is not wanted again. */
const cacheBytes = 1024 * 1024;

type ReadRequest = AheadRequest & { readonly kind: 'read' };

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('Reading ahead is done in a worker thread.');
  // The library starts this thread itself, with this data.
  const { path, isAlone } = workerData as ReadAheadData;
  const reply = (message: AheadReply, transferred: ArrayBuffer[] = []): void => port.postMessage(message, transferred);
  const database = openForReading(path, { isAlone, cacheBytes });
  const reader = new Reader(database, Date.now);
  /** Where the pages of the walks go on. */
  const places = new Map<number, number>();
  const read = ({ walk, until, includeReserved, ...request }: ReadRequest): PackedPage | undefined => {
    const from = request.from ?? places.get(walk);
    places.delete(walk);
    if (from === undefined) return undefined;
    try {
      const bounds = { limit: eventsOfPage, bytesMax: bytesOfPage };
      const packer = new PagePacker(bounds);
      const range = {
        partition: 0,
        direction: 'forward',
        from,
        until,
        filter: { includeReserved },
        ...bounds,
      } as const;
      const page = packer.pack(reader.readThrough(range, packer));
      if (!page.isEnd) remember(walk, page.scannedTo);
      return page;
    } catch {
      return undefined;
    }
  };
  const remember = (walk: number, place: number): void => {
    places.set(walk, place);
    const [oldest] = places.keys();
    if (places.size > walksMax && oldest !== undefined) places.delete(oldest);
  };
  port.on('message', (request: AheadRequest) => {
    if (request.kind === 'close') {
      database.close();
      port.close();
      return;
    }
    const page = read(request);
    reply({ kind: 'page', page }, page === undefined ? [] : [page.numbers.buffer]);
  });
  reply({ kind: 'ready' });
}

start();
