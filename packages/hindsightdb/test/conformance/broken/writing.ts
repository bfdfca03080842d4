/**
 * Engines that write something else than they were given.
 */

import { parseRecord } from '../../../src/core/record.ts';
import { partitionOf } from '../../../src/core/stream-id.ts';
import type { AppendAnswer, AppendBatch, StoredEvent } from '../../../src/engine/contract.ts';
import { allEvents, pause, showing } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

export const writingBroken: readonly BrokenEngine[] = [
  broken(
    'loses the last event of a batch',
    {
      failing: [
        'the events of a batch are all written, the last one too, in their order',
        'the answer names the versions, positions, time and last event that a read then shows',
      ],
      because: /The records of a batch of 2: got 1 items, expected 2/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const streams = batch.streams.map((write) => ({
          ...write,
          events: write.events.length > 1 ? write.events.slice(0, -1) : write.events,
        }));
        const answer = await engine.append({ ...batch, streams }, options);
        if (answer.kind !== 'appended') return answer;
        // It believes that everything was written.
        const lost = (index: number): number =>
          (batch.streams[index]?.events.length ?? 0) - (streams[index]?.events.length ?? 0);
        const lastId = batch.streams.findLast(({ events }) => events.length > 0)?.events.at(-1)?.id ?? '';
        const partitions = answer.written.partitions.map((each) => ({
          ...each,
          lastPosition: each.lastPosition + lost(0),
          lastEventId: lastId,
        }));
        const named = answer.written.streams.map((each, index) => ({
          ...each,
          lastVersion: each.lastVersion + lost(index),
        }));
        return { kind: 'appended', written: { ...answer.written, partitions, streams: named } };
      },
    }),
  ),
  broken(
    'writes the events of a batch one by one',
    {
      failing: [
        'no read shows a part of an append, or an event of an append that is refused',
        'the events of one append stand together, whatever is written at the same time',
      ],
      because: /shows \d+ events, where appends are of five/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const [only] = batch.streams;
        const isPlain =
          batch.condition === undefined &&
          batch.key === undefined &&
          batch.keyedWrites === undefined &&
          only?.effect === undefined;
        if (!isPlain || batch.streams.some(({ expectedVersion }) => expectedVersion !== 'any'))
          return await engine.append(batch, options);
        const answers: AppendAnswer[] = [];
        for (const write of batch.streams) {
          for (const event of write.events) {
            answers.push(await engine.append({ streams: [{ ...write, events: [event] }] }, options));
            await pause();
          }
        }
        return joined(answers);
      },
    }),
  ),
  broken(
    'writes an append to several streams until the first that does not hold',
    {
      failing: ['an append to several streams is refused whole when one of them is not as expected'],
      because: /leave no trace/,
    },
    (engine) => ({
      append: async (batch, options) => {
        if (batch.streams.length < 2 || batch.key || batch.condition) return await engine.append(batch, options);
        const answers: AppendAnswer[] = [];
        for (const write of batch.streams) {
          const answer = await engine.append({ ...batch, streams: [write] }, options);
          if (answer.kind !== 'appended') return answer;
          answers.push(answer);
        }
        return joined(answers);
      },
    }),
  ),
  broken(
    'shows events that are not yet judged',
    {
      failing: ['no read shows a part of an append, or an event of an append that is refused'],
      because: /shows \d+ events, where appends are of five|position at the end|looked to \d+ only/,
    },
    (engine) => {
      const pending = new Set<AppendBatch>();
      const shownAfter = (head: number): readonly StoredEvent[] =>
        [...pending]
          .flatMap(({ streams }) =>
            streams.flatMap(({ streamId, events }) => events.map(({ record }) => ({ streamId, record }))),
          )
          .map((event, index) => ({
            ...event,
            partition: 0,
            version: index + 1,
            position: head + index + 1,
            recordedAt: 1,
          }));
      const headNow = async (): Promise<number> => (await engine.heads())[0] ?? 0;
      return {
        append: async (batch, options) => {
          pending.add(batch);
          await pause();
          pending.delete(batch);
          return await engine.append(batch, options);
        },
        readLog: async (request) => {
          const page = await engine.readLog(request);
          return request.direction === 'forward' && page.isEnd
            ? { ...page, events: [...page.events, ...shownAfter(page.scannedTo)], scannedTo: page.scannedTo }
            : page;
        },
        eventAt: async (partition, position) =>
          (await engine.eventAt(partition, position)) ??
          shownAfter(await headNow()).find((event) => event.position === position),
      };
    },
  ),
  broken(
    'forgets tags',
    {
      failing: [
        'a condition on tags is judged by all of its tags',
        'a query selects by types, by all tags of an item, and by any of its items',
      ],
      because: /was answered/,
    },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) => ({
          ...write,
          events: write.events.map((event) => ({ ...event, tags: [] })),
        })),
      })),
  ),
  broken(
    'keeps only the first tags of an event',
    { failing: ['many items, many tags and many types are all looked at'], because: /was answered/ },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        streams: batch.streams.map((write) => ({
          ...write,
          events: write.events.map((event) => ({ ...event, tags: event.tags.slice(0, 10) })),
        })),
      })),
  ),
  broken(
    'reuses a position',
    {
      failing: [
        'positions increase strictly along a partition, over streams and appends',
        'the log is read forward in the order of positions, and backward in the reverse',
      ],
      because: /goes from position|follows/,
    },
    (engine) => {
      const squeezed = (position: number): number => (position > 3 ? position - 1 : position);
      const shown = showing(engine, (event) => ({ ...event, position: squeezed(event.position) }));
      return {
        ...shown,
        append: async (batch, options) => {
          const answer = await engine.append(batch, options);
          if (!('written' in answer)) return answer;
          const partitions = answer.written.partitions.map((each) => ({
            ...each,
            firstPosition: squeezed(each.firstPosition),
            lastPosition: squeezed(each.lastPosition),
          }));
          return { ...answer, written: { ...answer.written, partitions } };
        },
        heads: async () => (await engine.heads()).map(squeezed),
      };
    },
  ),
  broken(
    'lets recordedAt follow the clock backward',
    {
      failing: [
        'recordedAt never decreases along a partition, though the clock goes backward',
        'a batch over streams takes the newest time of the places that it writes to',
      ],
      because: /times of appends|recordedAt decreases/,
    },
    (engine, { now, memory }) => {
      const timeOf = (event: StoredEvent): StoredEvent => ({
        ...event,
        recordedAt: Number(memory.get(`${event.position}`) ?? event.recordedAt),
      });
      return {
        ...showing(engine, timeOf),
        append: async (batch, options) => {
          const time = now();
          const answer = await engine.append(batch, options);
          if (answer.kind !== 'appended') return answer;
          for (const { firstPosition, lastPosition } of answer.written.partitions)
            for (let position = firstPosition; position <= lastPosition; position += 1) memory.set(`${position}`, time);
          return { ...answer, written: { ...answer.written, recordedAt: time } };
        },
      };
    },
  ),
  broken(
    'gives each event of a batch a time of its own',
    {
      failing: [
        'recordedAt is the time of the clock, in microseconds, and shared by a batch',
        'answers to appends that are not awaited name what was written of each',
      ],
      because: /recordedAt|time/,
    },
    (engine) => showing(engine, (event) => ({ ...event, recordedAt: event.recordedAt + event.position })),
  ),
  broken(
    'keeps times in milliseconds',
    {
      failing: [
        'recordedAt is the time of the clock, in microseconds, and shared by a batch',
        'copied events keep ids, records, times, streams, versions and order',
      ],
      because: /recordedAt|time/,
    },
    (engine) => showing(engine, (event) => ({ ...event, recordedAt: Math.floor(event.recordedAt / 1000) * 1000 })),
  ),
  broken(
    'stores records parsed and printed again',
    {
      failing: [
        'a record keeps numbers that JSON.parse would change, to the byte',
        'a record keeps the order of keys, and a key that occurs twice, to the byte',
        'a record keeps white space, to the byte',
        'a record keeps escapes where none are needed, to the byte',
      ],
      because: /1\.10|1\.1/,
    },
    (engine) => showing(engine, (event) => ({ ...event, record: JSON.stringify(JSON.parse(event.record)) })),
  ),
  broken(
    'drops what follows an escaped NUL',
    { failing: ['a record keeps an escaped NUL, to the byte'], because: /before/ },
    (engine) => showing(engine, (event) => ({ ...event, record: event.record.replace(/\\u0000[^"]*/, '') })),
  ),
  broken(
    'replaces lone surrogates',
    { failing: ['a record keeps escaped lone surrogates, to the byte'], because: /differs from character/ },
    (engine) =>
      showing(engine, (event) => ({
        ...event,
        record: event.record.replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd'),
      })),
  ),
  broken(
    'writes appends that are not awaited in any order',
    {
      failing: [
        'hundreds of appends that are not awaited are all written, in the order of the calls',
        'an append that expects the version before it is taken though the one before it is not yet answered',
        'a chain of appends that are not awaited, each following the one before, is written whole and in order',
      ],
      because: /The events of partition 0/,
    },
    (engine) => {
      let count = 0;
      return {
        append: async (batch, options) => {
          if ((count += 1) % 5 === 0) await pause();
          return await engine.append(batch, options);
        },
      };
    },
  ),
  broken(
    'takes an event id only once in the log',
    {
      failing: [
        'event ids may repeat, within a stream and across streams',
        'without an exact version nothing is recognised',
      ],
      because: /version|number of events/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const known = new Set((await allEvents(engine)).map(({ record }) => parseRecord(record).id));
        const streams = batch.streams.map((write) => ({
          ...write,
          events:
            typeof write.expectedVersion === 'number' ? write.events : write.events.filter(({ id }) => !known.has(id)),
        }));
        return await engine.append({ ...batch, streams }, options);
      },
    }),
  ),
  broken(
    'makes a stream of every check',
    {
      failing: [
        'streams that are only checked stay as they are beside those that are written',
        'a refused append leaves no trace in the log, the streams and the keyed store, for whatever reason',
      ],
      because: /streams that are listed|leave no trace/,
    },
    (engine, { memory }) => ({
      append: async (batch, options) => {
        for (const { streamId } of batch.streams) memory.set(streamId, true);
        return await engine.append(batch, options);
      },
      listStreams: async (request) => {
        const listed = await engine.listStreams(request);
        if (request.after !== undefined || request.prefix !== undefined || request.category !== undefined)
          return listed;
        const missing = [...memory.keys()].filter((streamId) => !listed.some((info) => info.streamId === streamId));
        return [...listed, ...(await Promise.all(missing.map((streamId) => engine.streamInfo(streamId))))];
      },
    }),
  ),
  broken(
    'writes the streams of an append in an order of its own',
    {
      failing: ['the events of several streams are written in the order in which the streams are given'],
      because: /The last events of partition 0/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(
          { ...batch, streams: batch.streams.toSorted((left, right) => (left.streamId < right.streamId ? -1 : 1)) },
          options,
        );
        if (!('written' in answer)) return answer;
        const streams = batch.streams.flatMap(({ streamId }) =>
          answer.written.streams.filter((each) => each.streamId === streamId),
        );
        return { ...answer, written: { ...answer.written, streams } };
      },
    }),
  ),
  broken(
    'names its answers after the first event only',
    {
      failing: [
        'the answer names the versions, positions, time and last event that a read then shows',
        'answers to appends that are not awaited name what was written of each',
      ],
      because: /last position|last event|positions/i,
    },
    (engine) => ({
      append: async (batch, options) => {
        const answer = await engine.append(batch, options);
        if (answer.kind !== 'appended') return answer;
        const partitions = answer.written.partitions.map((each) => ({ ...each, lastPosition: each.firstPosition }));
        return { ...answer, written: { ...answer.written, partitions } };
      },
    }),
  ),
  broken(
    'puts streams into partitions by another hash',
    {
      failing: [
        "a stream lives where Kafka's default partitioner would put its id",
        'the settings of a stream live beside it',
      ],
      because: /The partition of/,
    },
    (engine) => {
      const moved = (streamId: string): string => (partitionOf(streamId, 4) === 2 ? `${streamId}\u200B` : streamId);
      const back = (streamId: string): string => streamId.replace('\u200B', '');
      return {
        ...showing(engine, (event) => ({ ...event, streamId: back(event.streamId) })),
        append: async (batch, options) => {
          const answer = await engine.append(
            { ...batch, streams: batch.streams.map((write) => ({ ...write, streamId: moved(write.streamId) })) },
            options,
          );
          if (!('written' in answer)) return answer;
          return {
            ...answer,
            written: {
              ...answer.written,
              streams: answer.written.streams.map((each) => ({ ...each, streamId: back(each.streamId) })),
            },
          };
        },
      };
    },
    memoryFixture({ partitionCount: 4 }),
  ),
];

/** One answer for several appends, as if they had been one. */
function joined(answers: readonly AppendAnswer[]): AppendAnswer {
  const written = answers.flatMap((answer) => (answer.kind === 'appended' ? [answer.written] : []));
  const first = written[0];
  if (first === undefined) return answers[0] ?? { kind: 'conflict', conflicts: [] };
  const last = written.at(-1) ?? first;
  const streams = new Map(first.streams.map((each) => [each.streamId, each]));
  for (const each of written.flatMap((one) => one.streams))
    streams.set(each.streamId, {
      ...each,
      firstVersion: streams.get(each.streamId)?.firstVersion ?? each.firstVersion,
    });
  const partitions = first.partitions.map((each) => ({
    ...each,
    lastPosition: last.partitions[0]?.lastPosition ?? each.lastPosition,
    lastEventId: last.partitions[0]?.lastEventId ?? each.lastEventId,
  }));
  return { kind: 'appended', written: { recordedAt: last.recordedAt, streams: [...streams.values()], partitions } };
}
