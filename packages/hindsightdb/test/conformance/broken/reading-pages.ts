/**
 * Engines that cut pages wrongly.
 */

import { parseRecord } from '../../../src/core/record.ts';
import type { Engine, LogReadRequest } from '../../../src/engine/contract.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

const asking =
  (change: (request: LogReadRequest) => LogReadRequest) =>
  (engine: Engine): Partial<Engine> => ({
    readLog: (request) => engine.readLog(change(request)),
  });

/** Engines with faults in pages and ranges. */
export const pagesBroken: readonly BrokenEngine[] = [
  broken(
    'says that it looked to the head when it did not',
    {
      failing: [
        'pages of any size join to the whole partition',
        'a page ends before its bytes exceed the bound, and what did not fit is read next',
        'reading on from where a page ended gives exactly the rest, for every page and filter',
      ],
      because: /missing|got \d+ items/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        if (request.direction === 'backward' || request.until !== undefined) return page;
        const scannedTo = (await engine.heads())[request.partition] ?? 0;
        if (scannedTo < page.scannedTo) return page;
        const last = await engine.eventAt(request.partition, scannedTo);
        return { ...page, scannedTo, scannedEventId: last && parseRecord(last.record).id, isEnd: true };
      },
    }),
  ),
  broken(
    'skips what of a page did not fit into its bytes',
    {
      failing: ['a page ends before its bytes exceed the bound, and what did not fit is read next'],
      because: /missing|got|repeat/,
    },
    (engine) => ({
      readLog: async (request) => {
        const whole = await engine.readLog({ ...request, bytesMax: Number.MAX_SAFE_INTEGER });
        const page = await engine.readLog(request);
        return { ...whole, events: page.events };
      },
    }),
  ),
  broken(
    'looks no further than the last event that matched',
    {
      failing: [
        'a filtered read finds rare events among many, whatever the size of its pages',
        'a read that hides reserved events still looks past them',
      ],
      because: /How far was looked|makes no progress/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        const last = page.events.at(-1);
        return page.isEnd && last
          ? { ...page, scannedTo: last.position, scannedEventId: parseRecord(last.record).id }
          : page;
      },
    }),
  ),
  broken(
    'says that it looked past the head when it was asked to',
    {
      failing: ['a range that ends past the head ends at the head, and what is appended then is read from there'],
      because: /How far was looked/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        return page.isEnd &&
          request.direction === 'forward' &&
          request.until !== undefined &&
          request.until > page.scannedTo
          ? { ...page, scannedTo: request.until, scannedEventId: undefined }
          : page;
      },
    }),
  ),
  broken(
    'names a wrong event at the place to which it looked',
    {
      failing: [
        'pages of any size join to the whole partition',
        'a filtered read finds rare events among many, whatever the size of its pages',
      ],
      because: /must name the event at/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        const [first] = page.events;
        return page.events.length > 1 && first ? { ...page, scannedEventId: parseRecord(first.record).id } : page;
      },
    }),
  ),
  broken(
    'begins forward reads with the event at their place',
    {
      failing: [
        'a forward read begins after a position, a backward one before it',
        'reading on from where a page ended gives exactly the rest, for every page and filter',
      ],
      because: /against its direction/,
    },
    asking((request) => (request.direction === 'forward' ? { ...request, from: request.from - 1 } : request)),
  ),
  broken(
    'leaves out the last position of a range',
    { failing: ['a range ends with its last position, inclusive, and is then exhausted'], because: /missing/ },
    asking((request) =>
      request.until === undefined
        ? request
        : { ...request, until: request.direction === 'forward' ? request.until - 1 : request.until + 1 },
    ),
  ),
  broken(
    'returns more events than were asked for',
    {
      failing: [
        'pages of any size join to the whole stream, and the last one says that it is the last',
        'pages of any size join to the whole partition',
      ],
      because: /were asked for/,
    },
    (engine) => ({
      readStream: (request) => engine.readStream({ ...request, limit: request.limit + 1 }),
      readLog: (request) => engine.readLog({ ...request, limit: request.limit + 1 }),
    }),
  ),
  broken(
    'does not bound the bytes of a page',
    {
      failing: [
        'a page ends before its bytes exceed the bound, and holds at least one event',
        'a page ends before its bytes exceed the bound, and what did not fit is read next',
      ],
      because: /bytes where/,
    },
    (engine) => ({
      readStream: (request) => engine.readStream({ ...request, bytesMax: Number.MAX_SAFE_INTEGER }),
      readLog: (request) => engine.readLog({ ...request, bytesMax: Number.MAX_SAFE_INTEGER }),
    }),
  ),
  broken(
    'gives an empty page for an event that is larger than the page',
    {
      failing: [
        'a page ends before its bytes exceed the bound, and holds at least one event',
        'a page ends before its bytes exceed the bound, and what did not fit is read next',
      ],
      because: /repeat|progress|did not end|got/,
    },
    (engine) => ({
      readStream: async (request) => {
        const page = await engine.readStream(request);
        const [first] = page.events;
        return first && first.record.length > request.bytesMax
          ? { ...page, events: [], nextVersion: first.version }
          : page;
      },
      readLog: async (request) => {
        const page = await engine.readLog(request);
        const [first] = page.events;
        return first && first.record.length > request.bytesMax
          ? { ...page, events: [], scannedTo: request.from, isEnd: false }
          : page;
      },
    }),
  ),
  broken(
    'ends a stream one event early when a page is full',
    {
      failing: ['pages of any size join to the whole stream, and the last one says that it is the last'],
      because: /missing|number of pages/,
    },
    (engine) => ({
      readStream: async (request) => {
        const page = await engine.readStream(request);
        const isAlmostDone =
          request.direction === 'forward' ? page.nextVersion === page.version : page.nextVersion === 1;
        return isAlmostDone ? { ...page, nextVersion: undefined } : page;
      },
    }),
  ),
  broken(
    'names the version of the last event shown as that of the stream',
    {
      failing: [
        'pages of any size join to the whole stream, and the last one says that it is the last',
        'truncation does not turn the version back',
      ],
      because: /version/,
    },
    (engine) => ({
      readStream: async (request) => {
        const page = await engine.readStream(request);
        return { ...page, version: Math.max(0, ...page.events.map(({ version }) => version)) };
      },
    }),
  ),
];
