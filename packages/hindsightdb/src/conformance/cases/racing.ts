/**
 * Concurrency within a process: appends that are not awaited, and followers that read while others write.
 */

import type { ExpectedVersion } from '../../core/condition.ts';
import type { AppendBatch, StoredEvent } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, fail, holds } from '../assertions.ts';
import { Follower } from '../follower.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';
import { readWholeLog, readWholeStream } from '../readings.ts';

/** Concurrency within a process. */
export const racing: Area = defineArea('concurrency', {
  'hundreds of appends that are not awaited are all written, in the order of the calls': async (log) => {
    const events = log.make.many(400);
    const answers = await Promise.all(
      events.map((event, index) => log.engine.append(oneStream(`order-${index % 4}`, [event]))),
    );
    for (const { kind } of answers) equal(kind, 'appended', 'The answer to an append');
    const ids = (await log.wholeLog()).map((event) => ({ partition: event.partition, id: idOf(event) }));
    for (let partition = 0; partition < log.partitionCount; partition += 1) {
      const expected = events
        .filter((_, index) => log.partitionOf(`order-${index % 4}`) === partition)
        .map(({ id }) => id);
      equal(
        ids.filter((each) => each.partition === partition).map(({ id }) => id),
        expected,
        `The events of partition ${partition}`,
      );
    }
  },

  'answers to appends that are not awaited name what was written of each': async (log) => {
    const batches = Array.from({ length: 100 }, (_, index) =>
      oneStream(`order-${index % 3}`, log.make.many(1 + (index % 4))),
    );
    const answers = await Promise.all(batches.map((batch) => log.engine.append(batch)));
    const all = await log.wholeLog();
    equal(all.length, 250, 'The number of events in the log');
    answers.forEach((answer, index) => {
      if (answer.kind !== 'appended') fail(`Append ${index} was answered with ${answer.kind}.`);
      const ids = batches[index]?.streams.flatMap(({ events }) => events.map(({ id }) => id)) ?? [];
      for (const { partition, firstPosition, lastPosition, lastEventId } of answer.written.partitions) {
        const own = all.filter(
          (event) => event.partition === partition && event.position >= firstPosition && event.position <= lastPosition,
        );
        equal(
          [own.map(idOf), lastEventId],
          [ids, ids.at(-1)],
          `The events at the positions that answer ${index} names`,
        );
        for (const event of own)
          equal(event.recordedAt, answer.written.recordedAt, `The time of an event of append ${index}`);
        const [stream] = answer.written.streams;
        equal(
          [own[0]?.version, own.at(-1)?.version],
          [stream?.firstVersion, stream?.lastVersion],
          `The versions that answer ${index} names`,
        );
      }
    });
  },

  'the events of one append stand together, whatever is written at the same time': async (log) => {
    const batches = Array.from({ length: 60 }, (_, index) => oneStream(`order-${index % 5}`, log.make.many(3)));
    await Promise.all(batches.map((batch) => log.engine.append(batch)));
    const all = (await log.wholeLog()).map(idOf);
    for (const { streams } of batches) {
      const ids = streams.flatMap(({ events }) => events.map(({ id }) => id));
      const start = all.indexOf(ids[0] ?? '');
      equal(all.slice(start, start + 3), ids, 'Three events that were appended together');
    }
  },

  'no read shows a part of an append, or an event of an append that is refused': async (log) => {
    const first = 'order-1';
    const [neighbour = ''] = log.neighboursOf(first, 1);
    const partition = log.partitionOf(first);
    let isWriting = true;
    const writing = writeInTurns(log, first, neighbour).finally(() => (isWriting = false));
    writing.catch(() => undefined);
    const seen = new Map<string, number>();
    let reads = 0;
    while (isWriting || reads === 0) {
      const [{ events }, own, other] = await Promise.all([
        readWholeLog(log.engine, { partition }),
        readWholeStream(log.engine, first),
        readWholeStream(log.engine, neighbour),
      ]);
      holds(events.length % 5 === 0, `A read of the log shows ${events.length} events, where appends are of five.`);
      holds(
        own.version % 2 === 0 && other.version % 3 === 0,
        `Reads of the streams show versions ${own.version} and ${other.version}, where appends are of two and three.`,
      );
      equal(
        [own.events.length, other.events.length],
        [own.version, other.version],
        'The number of events shown and the versions named',
      );
      for (const event of events) seen.set(idOf(event), event.position);
      reads += 1;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writing;
    const final = new Map(
      (await readWholeLog(log.engine, { partition })).events.map((event) => [idOf(event), event.position]),
    );
    equal(final.size, 250, 'The number of events in the log at the end');
    for (const [id, position] of seen)
      equal(final.get(id), position, `The position at the end of event ${id}, which was shown at ${position}`);
  },

  'what a read has shown, every later read shows again, with more behind it': async (log) => {
    const partition = log.partitionOf('order-1');
    let isWriting = true;
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let index = 0; index < 12; index += 1)
          await log.append(log.neighboursOf('order-1', 8)[writer] ?? '', log.make.many(1 + (index % 3)));
      }),
    ).finally(() => (isWriting = false));
    writing.catch(() => undefined);
    let before: readonly StoredEvent[] = [];
    while (isWriting) {
      const heads = await log.engine.heads();
      const { events } = await readWholeLog(log.engine, { partition });
      equal(events.slice(0, before.length), before, 'The events that an earlier read has shown');
      holds(
        (events.at(-1)?.position ?? 0) >= (heads[partition] ?? 0),
        `A read ends at ${events.at(-1)?.position}, before the head ${heads[partition]} that was named before it.`,
      );
      before = events;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writing;
  },

  'what a read of a stream, a version or a head has shown, a read of the log that begins after it shows too': async (
    log,
  ) => {
    const partition = log.partitionOf('order-1');
    const streams = log.neighboursOf('order-1', 3);
    let isWriting = true;
    const writing = Promise.all(
      streams.map(async (streamId) => {
        for (let index = 0; index < 15; index += 1) await log.append(streamId, log.make.many(1 + (index % 2)));
      }),
    ).finally(() => (isWriting = false));
    writing.catch(() => undefined);
    while (isWriting) {
      const [head = 0] = (await log.engine.heads()).slice(partition);
      const infos = await Promise.all(streams.map((streamId) => log.engine.streamInfo(streamId)));
      const pages = await Promise.all(streams.map((streamId) => readWholeStream(log.engine, streamId)));
      const { events } = await readWholeLog(log.engine, { partition });
      const ids = new Set(events.map(idOf));
      holds(head === 0 || events.some(({ position }) => position === head), `The log does not show its head ${head}.`);
      for (const { lastEventId } of infos)
        holds(
          lastEventId === undefined || ids.has(lastEventId),
          `The log does not show ${lastEventId}, the last event of a stream.`,
        );
      for (const event of pages.flatMap((page) => page.events))
        holds(ids.has(idOf(event)), `The log does not show ${idOf(event)}, which a read of its stream has shown.`);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writing;
  },

  'followers that start anywhere see exactly the log while many write': async (log) => {
    const filters = [
      { includeReserved: false },
      { includeReserved: false, query: [{ tags: ['even'] }] },
      { includeReserved: false, category: 'order' },
    ];
    const followers = new Map<
      Follower,
      { readonly partition: number; readonly from: number; readonly index: number }
    >();
    const startAll = async (): Promise<void> => {
      const heads = await log.engine.heads();
      for (const [partition, from] of heads.entries())
        for (const [index, filter] of filters.entries())
          followers.set(new Follower(log.engine, { partition, from, filter, limit: 1 + index * 3 }), {
            partition,
            from,
            index,
          });
    };
    await startAll();
    const writers = Array.from({ length: 12 }, async (_, writer) => {
      for (let round = 0; round < 12; round += 1) {
        const tags = round % 2 === 0 ? ['even'] : [];
        await log.append(
          `${writer % 3 === 0 ? 'invoice' : 'order'}-${(writer + round) % 7}`,
          log.make.many(1 + (writer % 3), { tags }),
        );
        if (writer === 0 && round % 4 === 3) await startAll();
      }
    });
    await Promise.all(writers);
    const all = await log.wholeLog();
    for (const [follower, { partition, from, index }] of followers) {
      const expected = all.filter(
        (event) =>
          event.partition === partition &&
          event.position > from &&
          (index !== 1 || event.record.includes('"even"')) &&
          (index !== 2 || event.streamId.startsWith('order-')),
      );
      await log.eventually(
        `The sight of all ${expected.length} events by a follower from ${from}`,
        async () => follower.events.length >= expected.length,
      );
      await follower.end();
      equal(
        follower.events.map(idOf),
        expected.map(idOf),
        `What a follower of partition ${partition} from ${from} saw`,
      );
    }
  },

  'many writers that decide on what they read, and try again when refused, lose no decision': async (log) => {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let step = 0; step < 4; step += 1) {
          for (let attempt = 1; ; attempt += 1) {
            holds(attempt <= 1000, 'A decision was refused a thousand times.');
            const version = await log.versionOf('counter-1');
            const answer = await log.engine.append(
              oneStream('counter-1', log.make.many(1, { dataText: String(version + 1) }), { expectedVersion: version }),
            );
            if (answer.kind === 'appended') break;
            equal(answer.kind, 'conflict', 'The answer to an append that came too late');
          }
        }
      }),
    );
    const events = await log.stream('counter-1');
    equal(
      events.map(({ version, record }) => record.endsWith(`"data":${version}}`)),
      Array.from({ length: 32 }, () => true),
      'Whether each event was decided on the version before it',
    );
  },

  'bookings of seats under conditions, by many at once, never book a seat twice': withBoundary(async (log) => {
    const seats = 6;
    const book = async (guest: number): Promise<void> => {
      for (let seat = 0; seat < seats; seat += 1) {
        const tags = [`seat:${seat}`];
        const after = await log.engine.heads();
        const taken = await log.wholeLogBy({ query: [{ tags }], includeReserved: false });
        if (taken.length > 0) continue;
        const batch = oneStream(`booking-${guest}`, log.make.many(1, { tags }), {
          condition: { query: [{ tags }], after },
        });
        if ((await log.engine.append(batch)).kind === 'appended') return;
      }
    };
    await Promise.all(Array.from({ length: 15 }, (_, guest) => book(guest)));
    const booked = (await log.wholeLog()).map(({ record }) => /seat:\d+/.exec(record)?.[0]);
    equal(
      [booked.length, new Set(booked).size],
      [seats, seats],
      'The number of bookings, and of different seats booked',
    );
  }),

  'appends and writes to the keyed store at the same time are all done': async (log) => {
    const work = Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0
        ? log.append('order-1', log.make.many(1), { keyedWrites: [{ key: 'from-append', value: String(index) }] })
        : log.engine.keyedWrite([{ key: `entry-${index}`, value: '1' }]),
    );
    await Promise.all(work);
    equal(
      [
        (await log.stream('order-1')).length,
        (await log.picture()).keyed.length,
        (await log.engine.keyedGet('from-append'))?.value,
      ],
      [30, 31, '58'],
      'Events, entries, and the entry written last',
    );
  },
});

/** Appends of two and three events to two streams at once, and appends of the same that are refused, not awaited in groups. */
async function writeInTurns(log: LogUnderTest, first: string, second: string): Promise<void> {
  for (let round = 0; round < 25; round += 1) {
    const batch = (expectedVersion: ExpectedVersion): AppendBatch => ({
      streams: [
        { streamId: first, expectedVersion: 'any', events: log.make.many(2) },
        { streamId: second, expectedVersion, events: log.make.many(3) },
      ],
    });
    await Promise.all([batch('any'), batch(100_000), batch('any')].map((each) => log.engine.append(each)));
  }
}
