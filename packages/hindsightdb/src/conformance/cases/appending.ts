/**
 * Appending: what is written, in which order, under which numbers and times.
 */

import type { NewEvent, StoredEvent, Written } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, holds, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';
import { readWholeStream } from '../readings.ts';

/** Appends: what is written, in which order, under which numbers and times. */
export const appending: Area = defineArea('appending', {
  'a new log is empty': async (log) => {
    equal(
      await log.picture(),
      {
        heads: Array.from({ length: log.partitionCount }, () => 0),
        partitions: Array.from({ length: log.partitionCount }, () => []),
        streams: [],
        shown: [],
        keyed: [],
      },
      'A new log',
    );
  },

  'the first event of a stream has version 1 and a positive position': async (log) => {
    const written = await log.append('order-1', log.make.many(1), { expectedVersion: 0 });
    const [event] = await log.stream('order-1');
    equal(event?.version, 1, 'The version of the first event');
    equal(
      written.streams,
      [{ streamId: 'order-1', partition: log.partitionOf('order-1'), firstVersion: 1, lastVersion: 1 }],
      'The streams written',
    );
    holds((event?.position ?? 0) > 0, `The position of the first event is ${event?.position}.`);
  },

  'the events of a batch are all written, the last one too, in their order': async (log) => {
    let version = 0;
    for (const count of [1, 2, 3, 10, 99, 1, 250]) {
      const events = log.make.many(count);
      const written = await log.append('order-1', events, { expectedVersion: version });
      const stored = await readWholeStream(log.engine, 'order-1', { fromVersion: version + 1 });
      equal(
        stored.events.map((event) => event.record),
        events.map((event) => event.record),
        `The records of a batch of ${count}`,
      );
      equal(
        stored.events.map((event) => event.version),
        events.map((_, index) => version + 1 + index),
        `The versions of a batch of ${count}`,
      );
      equal(written.streams[0]?.lastVersion, version + count, `The last version of a batch of ${count}`);
      version += count;
    }
    equal(await log.versionOf('order-1'), version, 'The version of the stream');
    await log.picture();
  },

  'the answer names the versions, positions, time and last event that a read then shows': async (log) => {
    const [first = '', second = '', third = ''] = log.streamIds('order', 3);
    await log.append(second, log.make.many(2));
    await log.clock.pass(1_000_003);
    const written = await log.write({
      streams: [
        { streamId: first, expectedVersion: 0, events: log.make.many(2) },
        { streamId: second, expectedVersion: 2, events: log.make.many(3) },
        { streamId: third, expectedVersion: 'any', events: log.make.many(1) },
      ],
    });
    equal(
      written.streams.map(({ firstVersion, lastVersion }) => [firstVersion, lastVersion]),
      [
        [1, 2],
        [3, 5],
        [1, 1],
      ],
      'First and last versions',
    );
    await checkAnswer(log, written, 6);
  },

  'the events of several streams are written in the order in which the streams are given': async (log) => {
    const streams = log.streamIds('order', 4).toReversed();
    await log.append(streams[0] ?? '', log.make.many(1));
    const events = streams.map(() => log.make.many(2));
    await log.write({
      streams: streams.map((streamId, index) => ({ streamId, expectedVersion: 'any', events: events[index] ?? [] })),
    });
    for (let partition = 0; partition < log.partitionCount; partition += 1) {
      const here = streams
        .map((streamId, index) => ({ streamId, events: events[index] ?? [] }))
        .filter(({ streamId }) => log.partitionOf(streamId) === partition);
      const expected = here.flatMap((each) => each.events.map((event) => event.id));
      const own = (await log.wholeLog()).filter((event) => event.partition === partition).map(idOf);
      equal(own.slice(-expected.length || own.length), expected, `The last events of partition ${partition}`);
    }
  },

  'positions increase strictly along a partition, over streams and appends': async (log) => {
    const last = Array.from({ length: log.partitionCount }, () => 0);
    for (let round = 0; round < 40; round += 1) {
      const written = await log.append(`order-${round % 7}`, log.make.many(1 + (round % 3)));
      for (const { partition, firstPosition, lastPosition } of written.partitions) {
        holds(firstPosition > (last[partition] ?? 0), `Position ${firstPosition} follows ${last[partition]}.`);
        holds(
          lastPosition >= firstPosition + (round % 3),
          `${1 + (round % 3)} events took the positions ${firstPosition} to ${lastPosition}.`,
        );
        last[partition] = lastPosition;
      }
    }
    equal(await log.engine.heads(), last, 'The heads');
    const positions = (await log.wholeLog()).map(({ partition, position }) => `${partition}/${position}`);
    equal(new Set(positions).size, positions.length, 'The number of different positions');
  },

  'an append to one stream leaves every other stream as it was': async (log) => {
    await log.append('order-1', log.make.many(2));
    await log.append('order-2', log.make.many(2));
    const before = await log.stream('order-1');
    const info = await log.engine.streamInfo('order-1');
    await log.append('order-2', log.make.many(3));
    await log.append('order-11', log.make.many(3));
    equal(await log.stream('order-1'), before, 'The other stream');
    equal(await log.engine.streamInfo('order-1'), info, 'What is known of the other stream');
  },

  'what was written stays as it was, whatever is written after it': async (log) => {
    await log.append('order-1', log.make.many(3, { tags: ['a'] }));
    const first = await log.wholeLog();
    for (let round = 0; round < 5; round += 1) {
      await log.clock.pass(1_000_000);
      await log.append('order-1', log.make.many(1));
      await log.append(`order-${round}`, log.make.many(2));
    }
    const later = await log.wholeLog();
    equal(
      later.filter((event) => first.some((each) => isSamePlace(event, each))),
      first,
      'The first events',
    );
  },

  'event ids may repeat, within a stream and across streams': async (log) => {
    const event = log.make.one({ id: 'the-same-id' });
    await log.append('order-1', [event]);
    await log.append('order-1', [event, event]);
    await log.append('order-2', [event]);
    equal(await log.versionOf('order-1'), 3, 'The version of a stream that holds an id three times');
    equal(await log.versionOf('order-2'), 1, 'The version of another stream with the id');
    equal((await log.wholeLog()).length, 4, 'The number of events');
  },

  'recordedAt is the time of the clock, in microseconds, and shared by a batch': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    for (const step of [0, 1, 999, 1_000_000]) {
      await log.clock.pass(step);
      const earliest = log.clock.now();
      const written = await log.write({
        streams: [first, second].map((streamId) => ({ streamId, expectedVersion: 'any', events: log.make.many(2) })),
      });
      const last = [...(await log.stream(first)), ...(await log.stream(second))].filter(
        (event) => event.recordedAt === written.recordedAt,
      );
      holds(last.length >= 4, `The four events of a batch do not share its time ${written.recordedAt}.`);
      if (log.clock.isExact) equal(written.recordedAt, earliest, 'recordedAt by a clock that stands still');
      holds(Number.isSafeInteger(written.recordedAt), `recordedAt is ${written.recordedAt}, not whole microseconds.`);
    }
  },

  'recordedAt never decreases along a partition, though the clock goes backward': async (log) => {
    const start = log.clock.now();
    const times: number[] = [];
    for (const offset of [0, 5_000_000, -3_600_000_000, 1, 5_000_001, -1]) {
      log.clock.set(start + offset);
      times.push((await log.append('order-1', log.make.many(2))).recordedAt);
    }
    equal(
      times,
      times.toSorted((left, right) => left - right),
      'The times of appends to one stream',
    );
    if (log.clock.isExact)
      equal(
        times,
        [0, 5_000_000, 5_000_000, 5_000_000, 5_000_001, 5_000_001].map((offset) => start + offset),
        'The times of the appends',
      );
    await log.picture();
  },

  'a batch over streams takes the newest time of the places that it writes to': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    const start = log.clock.now();
    log.clock.set(start + 9_000_000);
    await log.append(second, log.make.many(1));
    log.clock.set(start);
    const written = await log.write({
      streams: [first, second].map((streamId) => ({ streamId, expectedVersion: 'any', events: log.make.many(1) })),
    });
    equal((await log.stream(first)).at(-1)?.recordedAt, written.recordedAt, 'The time in the first stream');
    equal((await log.stream(second)).at(-1)?.recordedAt, written.recordedAt, 'The time in the second stream');
    if (log.clock.isExact) equal(written.recordedAt, start + 9_000_000, 'The time of the batch');
    await log.picture();
  },

  'an append that only checks writes nothing and says where the streams stand': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    await log.append(first, log.make.many(3));
    await log.expectNoTrace(async () => {
      const written = await log.write({
        streams: [
          { streamId: first, expectedVersion: 3, events: [] },
          { streamId: second, expectedVersion: 'none', events: [] },
        ],
      });
      equal(written.partitions, [], 'The partitions written to');
      equal(
        written.streams,
        [
          { streamId: first, partition: log.partitionOf(first), firstVersion: 4, lastVersion: 3 },
          { streamId: second, partition: log.partitionOf(second), firstVersion: 1, lastVersion: 0 },
        ],
        'The streams checked',
      );
    });
  },

  'streams that are only checked stay as they are beside those that are written': async (log) => {
    const [first = '', second = '', third = ''] = log.streamIds('order', 3);
    await log.append(first, log.make.many(2));
    const written = await log.write({
      streams: [
        { streamId: first, expectedVersion: 2, events: [] },
        { streamId: second, expectedVersion: 0, events: log.make.many(2) },
        { streamId: third, expectedVersion: 'none', events: [] },
      ],
    });
    equal(
      written.streams.map(({ firstVersion, lastVersion }) => [firstVersion, lastVersion]),
      [
        [3, 2],
        [1, 2],
        [1, 0],
      ],
      'First and last versions',
    );
    equal(
      written.partitions.map(({ partition }) => partition),
      [log.partitionOf(second)],
      'The partitions written to',
    );
    equal(await log.versionOf(first), 2, 'The version of a stream that was only checked');
    equal(await log.versionOf(third), 0, 'The version of an absent stream that was only checked');
    equal(
      (await log.picture()).streams.map(({ streamId }) => streamId).toSorted(),
      [first, second].toSorted(),
      'The streams that exist',
    );
  },

  'after an append is answered, every kind of read shows it': async (log) => {
    for (let round = 1; round <= 20; round += 1) {
      const event = log.make.one({ tags: ['seen'] });
      const written = await log.append('order-1', [event]);
      const { partition, lastPosition: position } = present(written.partitions[0], 'The partition written to');
      const stored = present(await log.engine.eventAt(partition, position), `The event at position ${position}`);
      const page = { limit: 1, bytesMax: 1000 };
      const filter = { query: [{ tags: ['seen'] }], includeReserved: false };
      const [info, heads, stream, part] = await Promise.all([
        log.engine.streamInfo('order-1'),
        log.engine.heads(),
        log.engine.readStream({ streamId: 'order-1', direction: 'backward', fromVersion: round, ...page }),
        log.engine.readLog({ partition, direction: 'backward', from: position + 1, filter, ...page }),
      ]);
      equal(
        [idOf(stored), info.version, info.lastEventId, heads[partition], stream.version],
        [event.id, round, event.id, position, round],
        'Event, version, last id, head and stream version',
      );
      equal([stream.events, part.events], [[stored], [stored]], 'The newest event of the stream and of the log');
    }
  },
});

/** The answer agrees with what reads show of the events written last. */
async function checkAnswer(log: LogUnderTest, written: Written, count: number): Promise<void> {
  let found = 0;
  for (const { partition, firstPosition, lastPosition, lastEventId } of written.partitions) {
    const events = (await log.wholeLog()).filter(
      (event) => event.partition === partition && event.position >= firstPosition,
    );
    found += events.length;
    equal(events[0]?.position, firstPosition, `The first position in partition ${partition}`);
    equal(events.at(-1)?.position, lastPosition, `The last position in partition ${partition}`);
    equal(
      events.at(-1) && idOf(present(events.at(-1), 'The last event')),
      lastEventId,
      `The last event's id in partition ${partition}`,
    );
    for (const event of events)
      equal(event.recordedAt, written.recordedAt, `The time of the event at ${event.position}`);
    const ranges = new Map(written.streams.map((each) => [each.streamId, each]));
    for (const { streamId, version } of events) {
      const range = present(ranges.get(streamId), `Stream ${streamId} in the answer`);
      holds(
        version >= range.firstVersion && version <= range.lastVersion,
        `Version ${version} of ${streamId} is outside of what the answer names.`,
      );
      equal(range.partition, partition, `The partition of ${streamId}`);
    }
  }
  equal(found, count, 'The number of events at the positions that the answer names');
  equal(
    new Set(written.partitions.map(({ partition }) => partition)).size,
    written.partitions.length,
    'The number of different partitions named',
  );
}

function isSamePlace(left: StoredEvent, right: StoredEvent): boolean {
  return left.partition === right.partition && left.position === right.position;
}

/** Many single appends, not awaited in between. */
export function appendAll(log: LogUnderTest, streamId: string, events: readonly NewEvent[]): Promise<unknown>[] {
  return events.map((event) => log.engine.append(oneStream(streamId, [event])));
}
