/**
 * Engines that read wrongly: pages, ranges, filters, places, lists.
 */

import { matchesQuery } from '../../../src/core/query.ts';
import { parseRecord } from '../../../src/core/record.ts';
import { isReserved } from '../../../src/core/stream-id.ts';
import type { Engine, LogFilter, LogReadRequest, StoredEvent } from '../../../src/engine/contract.ts';
import { pause, showing } from '../altered-engine.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

/** An engine that filters the log by a rule of its own. */
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

const queryFits = ({ query }: LogFilter, type: string, tags: readonly string[]): boolean =>
  query === undefined || matchesQuery(query, type, tags);
const categoryFits = ({ category }: LogFilter, streamId: string): boolean =>
  category === undefined || streamId === category || streamId.startsWith(`${category}-`);

const asking =
  (change: (request: LogReadRequest) => LogReadRequest) =>
  (engine: Engine): Partial<Engine> => ({
    readLog: (request) => engine.readLog(change(request)),
  });

export const readingBroken: readonly BrokenEngine[] = [
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
    'begins backward pages with the event that ended the one before',
    {
      failing: [
        'pages of any size join to the whole partition',
        'a forward read begins after a position, a backward one before it',
      ],
      because: /against its direction/,
    },
    asking((request) =>
      request.direction === 'backward' && request.from < 1_000_000 ? { ...request, from: request.from + 1 } : request,
    ),
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
    'reads everything backward as it does forward',
    {
      failing: [
        'the log is read forward in the order of positions, and backward in the reverse',
        'a stream is read forward from its first event and backward from its last',
      ],
      because: /against its direction|or later is due/,
    },
    (engine) => ({
      readLog: async (request) => {
        const page = await engine.readLog(request);
        return request.direction === 'backward' ? { ...page, events: page.events.toReversed() } : page;
      },
      readStream: async (request) => {
        const page = await engine.readStream(request);
        return request.direction === 'backward' ? { ...page, events: page.events.toReversed() } : page;
      },
    }),
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
    'gives the last position at or before a time only where the time is met exactly',
    {
      failing: [
        'the position at a time is that of the last event recorded at or before it, also where several share a time',
      ],
      because: /The position at/,
    },
    (engine) => ({
      positionAtTime: async (partition, time) => {
        const position = await engine.positionAtTime(partition, time);
        const event = await engine.eventAt(partition, position);
        return event?.recordedAt === time || time > 2_000_000_000_000_000 ? position : 0;
      },
    }),
  ),
  broken(
    'gives the first of several positions that share a time',
    {
      failing: [
        'the position at a time is that of the last event recorded at or before it, also where several share a time',
      ],
      because: /The position at/,
    },
    (engine) => ({
      positionAtTime: async (partition, time) => {
        let position = await engine.positionAtTime(partition, time);
        const shared = (await engine.eventAt(partition, position))?.recordedAt;
        while (position > 1 && (await engine.eventAt(partition, position - 1))?.recordedAt === shared) position -= 1;
        return position;
      },
    }),
  ),
  broken(
    'gives the position before a time, not at it',
    {
      failing: [
        'the position at a time is that of the last event recorded at or before it, also where several share a time',
      ],
      because: /The position at/,
    },
    (engine) => ({ positionAtTime: (partition, time) => engine.positionAtTime(partition, time - 1) }),
  ),
  broken(
    'looks a position up one place too late',
    {
      failing: ['the event at a position is the one that a read shows there, and where there is none, there is none'],
      because: /The event at position|must name the event/,
    },
    (engine) => ({ eventAt: (partition, position) => engine.eventAt(partition, position + 1) }),
  ),
  broken(
    'names heads that no read can see',
    {
      failing: [
        'the heads are the positions of the newest events, 0 where there is none',
        'what a read has shown, every later read shows again, with more behind it',
      ],
      because: /The heads/,
    },
    (engine) => ({ heads: async () => (await engine.heads()).map((head) => head + 1) }),
  ),
  broken(
    'remembers heads for a while',
    {
      failing: [
        'after an append is answered, every kind of read shows it',
        'the heads are the positions of the newest events, 0 where there is none',
      ],
      because: /Event, version, last id, head/,
    },
    (engine, { memory }) => ({
      heads: async () => {
        const kept = memory.get('heads');
        if (Array.isArray(kept)) return kept.map(Number);
        const heads = await engine.heads();
        memory.set('heads', heads);
        setTimeout(() => memory.delete('heads'), 5);
        return heads;
      },
    }),
  ),
  broken(
    'shows events out of order of their positions while two writers commit',
    {
      failing: [
        'followers that start anywhere see exactly the log while many write',
        'what a read has shown, every later read shows again, with more behind it',
      ],
      because: /did not happen|What a follower|earlier read/,
    },
    (engine) => {
      const hidden = new Set<number>();
      let count = 0;
      return {
        append: async (batch, options) => {
          const answer = await engine.append(batch, options);
          if (answer.kind !== 'appended' || (count += 1) % 3 !== 0) return answer;
          const own = answer.written.partitions.flatMap(({ firstPosition, lastPosition }) =>
            Array.from({ length: lastPosition - firstPosition + 1 }, (_, index) => firstPosition + index),
          );
          for (const position of own) hidden.add(position);
          await new Promise((resolve) => setTimeout(resolve, 3));
          for (const position of own) hidden.delete(position);
          return answer;
        },
        readLog: async (request) => {
          const page = await engine.readLog(request);
          return { ...page, events: page.events.filter(({ position }) => !hidden.has(position)) };
        },
      };
    },
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
  broken(
    'shows events of an earlier moment for a turn after an append',
    { failing: ['after an append is answered, every kind of read shows it'], because: /Event, version|newest event/ },
    (engine) => {
      let stale: Promise<unknown> | undefined;
      let hiddenFrom = Number.MAX_SAFE_INTEGER;
      return {
        append: async (batch, options) => {
          const before = (await engine.heads())[0] ?? 0;
          const answer = await engine.append(batch, options);
          hiddenFrom = before + 1;
          stale = pause().then(() => (hiddenFrom = Number.MAX_SAFE_INTEGER));
          void stale;
          return answer;
        },
        readStream: async (request) => {
          const page = await engine.readStream(request);
          return { ...page, events: page.events.filter(({ position }) => position < hiddenFrom) };
        },
      };
    },
  ),
  broken(
    'gives events another partition than they have',
    {
      failing: ['the log is read forward in the order of positions, and backward in the reverse'],
      because: /another partition/,
    },
    (engine) => showing(engine, (event) => ({ ...event, partition: event.partition + 1 })),
  ),
];

function likePattern(prefix: string): RegExp {
  const source = prefix
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}`, 'iu');
}
