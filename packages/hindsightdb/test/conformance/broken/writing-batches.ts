/**
 * Engines that write other events than they were given, or in another order.
 */

import { parseRecord } from '../../../src/core/record.ts';
import { partitionOf } from '../../../src/core/stream-id.ts';
import type { AppendAnswer, AppendBatch, StoredEvent } from '../../../src/engine/contract.ts';
import { allEvents, pause, showing } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';
import { broken, type BrokenEngine } from './broken-engine.ts';

/** Engines with faults in what is written. */
export const batchesBroken: readonly BrokenEngine[] = [
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
