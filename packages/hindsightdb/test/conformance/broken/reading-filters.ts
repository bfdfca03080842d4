/**
 * Engines that filter, list or name what they read wrongly.
 */

import { matchesQuery } from '../../../src/core/query.ts';
import { parseRecord } from '../../../src/core/record.ts';
import { isReserved } from '../../../src/core/stream-id.ts';
import type { Engine, LogFilter, LogReadRequest, StoredEvent } from '../../../src/engine/contract.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

const queryFits = ({ query }: LogFilter, type: string, tags: readonly string[]): boolean =>
  query === undefined || matchesQuery(query, type, tags);

const categoryFits = ({ category }: LogFilter, streamId: string): boolean =>
  category === undefined || streamId === category || streamId.startsWith(`${category}-`);

const asking =
  (change: (request: LogReadRequest) => LogReadRequest) =>
  (engine: Engine): Partial<Engine> => ({
    readLog: (request) => engine.readLog(change(request)),
  });

/** Engines with faults in filters, lists and names. */
export const filtersBroken: readonly BrokenEngine[] = [
  broken(
    'shows a category by its beginning',
    {
      failing: [
        'a category is the part of the stream id before its first dash, or the whole id, and nothing that looks alike',
      ],
      because: /The streams of the category/,
    },
    (engine) =>
      filtering(
        engine,
        (filter, event) =>
          (filter.category === undefined || event.streamId.startsWith(filter.category)) &&
          (filter.streamId === undefined || filter.streamId === event.streamId) &&
          queryFits(filter, event.type, event.tags),
      ),
  ),
  broken(
    'knows no category without a dash',
    {
      failing: [
        'a category is the part of the stream id before its first dash, or the whole id, and nothing that looks alike',
      ],
      because: /The streams of the category/,
    },
    (engine) =>
      filtering(
        engine,
        (filter, event) =>
          (filter.category === undefined || event.streamId.startsWith(`${filter.category}-`)) &&
          (filter.streamId === undefined || filter.streamId === event.streamId) &&
          queryFits(filter, event.type, event.tags),
      ),
  ),
  broken(
    'shows by category or query what matches one of them',
    { failing: ['a category or a stream and a query must both match'], because: /The events of/ },
    (engine) =>
      filtering(
        engine,
        (filter, event) =>
          (filter.streamId === undefined || filter.streamId === event.streamId) &&
          (filter.category === undefined || filter.query === undefined
            ? categoryFits(filter, event.streamId) && queryFits(filter, event.type, event.tags)
            : categoryFits(filter, event.streamId) || queryFits(filter, event.type, event.tags)),
      ),
  ),
  broken(
    'matches tags by substring',
    {
      failing: [
        'tags that are easily mixed up are kept apart by reads',
        'lists of tags that give the same text when joined are kept apart',
      ],
      because: /tags that a read for/,
    },
    (engine) =>
      filtering(
        engine,
        (filter, event) =>
          categoryFits(filter, event.streamId) &&
          (filter.streamId === undefined || filter.streamId === event.streamId) &&
          (filter.query === undefined ||
            filter.query.some(
              ({ types = [], tags = [] }) =>
                (types.length === 0 || types.includes(event.type)) &&
                tags.every((tag) => event.tags.join('\n').includes(tag)),
            )),
      ),
  ),
  broken(
    'ignores all but the first item of a query',
    {
      failing: ['a query selects by types, by all tags of an item, and by any of its items'],
      because: /The events of/,
    },
    asking((request) =>
      request.filter.query
        ? { ...request, filter: { ...request.filter, query: request.filter.query.slice(0, 1) } }
        : request,
    ),
  ),
  broken(
    'shows the events of the store itself unasked',
    { failing: ["the store's own streams and types are hidden unless they are asked for"], because: /The events of/ },
    asking((request) => ({ ...request, filter: { ...request.filter, includeReserved: true } })),
  ),
  broken(
    'never shows the events of the store itself',
    {
      failing: ["the store's own streams and types are hidden unless they are asked for"],
      because: /Reads|The events of|head/i,
    },
    asking((request) => ({ ...request, filter: { ...request.filter, includeReserved: false } })),
  ),
  broken(
    'shows an event once for every item that it matches',
    {
      failing: ['an event that several items of a query match is shown once'],
      because: /number of events shown|against its direction/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        const { query = [] } = request.filter;
        const events = page.events.flatMap((event) => {
          const { type, tags = [] } = parseRecord(event.record);
          return query.length < 2 ? [event] : query.filter((item) => matchesQuery([item], type, tags)).map(() => event);
        });
        return { ...page, events };
      },
    }),
  ),
  broken(
    'shows streams of which the id begins alike',
    { failing: ['a stream that does not exist has no events and version 0'], because: /page of order/ },
    (engine) => ({
      readStream: async (request) => {
        const own = await engine.readStream(request);
        const others = await engine.listStreams({ prefix: request.streamId, includeReserved: false, limit: 2 });
        const other = others.find(({ streamId }) => streamId !== request.streamId);
        return other === undefined || own.events.length > 0
          ? own
          : await engine.readStream({ ...request, streamId: other.streamId });
      },
    }),
  ),
  broken(
    'normalises names',
    {
      failing: ['streams whose ids are easily mixed up are kept apart'],
      because: /nothing stands against|stream id in the answer|conflict/,
    },
    (engine) => ({
      append: (batch, options) =>
        engine.append(
          {
            ...batch,
            streams: batch.streams.map((write) => ({ ...write, streamId: write.streamId.normalize('NFC') })),
          },
          options,
        ),
      readStream: (request) => engine.readStream({ ...request, streamId: request.streamId.normalize('NFC') }),
      streamInfo: (streamId) => engine.streamInfo(streamId.normalize('NFC')),
    }),
  ),
  broken(
    'lists streams in the order of UTF-16 units',
    {
      failing: ['streams are listed in the order of their UTF-8 bytes, each once, with what is known of them'],
      because: /ids of the streams/,
    },
    (engine) => ({
      listStreams: async (request) => {
        const { after, limit, ...rest } = request;
        const all = await engine.listStreams({ ...rest, limit: 100_000 });
        return all
          .toSorted((left, right) => (left.streamId < right.streamId ? -1 : 1))
          .filter(({ streamId }) => after === undefined || streamId > after)
          .slice(0, limit);
      },
    }),
  ),
  broken(
    'takes a prefix of stream ids for a pattern',
    { failing: ['a list by category or prefix holds exactly the streams of it'], because: /begin with/ },
    (engine) => ({
      listStreams: async (request) => {
        const { prefix, limit, ...rest } = request;
        if (prefix === undefined) return await engine.listStreams(request);
        return (await engine.listStreams({ ...rest, limit: 100_000 }))
          .filter(({ streamId }) => likePattern(prefix).test(streamId))
          .slice(0, limit);
      },
    }),
  ),
  broken(
    'begins a page of streams with the id given',
    {
      failing: [
        'a list begins after the id given, whether or not such a stream exists',
        'pages of any size join to the whole list',
      ],
      because: /did not end/,
    },
    (engine) => ({
      listStreams: async (request) => {
        const at = request.after === undefined ? undefined : await engine.streamInfo(request.after);
        const rest = await engine.listStreams(request);
        return at !== undefined && at.version > 0 ? [at, ...rest].slice(0, request.limit) : rest;
      },
    }),
  ),
];

function filtering(
  engine: Engine,
  isWanted: (
    filter: LogFilter,
    event: StoredEvent & { readonly type: string; readonly tags: readonly string[] },
  ) => boolean,
): Partial<Engine> {
  return {
    readLog: async (request) => {
      const { filter, limit, bytesMax: _, ...range } = request;
      const page = await engine.readLog({
        ...range,
        limit: 100_000,
        bytesMax: Number.MAX_SAFE_INTEGER,
        filter: { includeReserved: true },
      });
      const wanted = page.events.filter((event) => {
        const { type, tags = [] } = parseRecord(event.record);
        if (!filter.includeReserved && (isReserved(event.streamId) || (isReserved(type) && type !== '$removed')))
          return false;
        return isWanted(filter, { ...event, type, tags });
      });
      if (wanted.length <= limit) return { ...page, events: wanted };
      const events = wanted.slice(0, limit);
      const last = events.at(-1);
      return {
        events,
        scannedTo: last?.position ?? request.from,
        scannedEventId: last && parseRecord(last.record).id,
        isEnd: false,
      };
    },
  };
}

function likePattern(prefix: string): RegExp {
  const source = prefix
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}`, 'iu');
}
