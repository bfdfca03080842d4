/**
 * Reads of the log: ranges, pages and how far was looked.
 */

import type { LogFilter, StoredEvent } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, holds, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf } from '../event-maker.ts';
import { everything, readWholeLog, wide } from '../readings.ts';

const ordinary: LogFilter = { includeReserved: false };
const rare: LogFilter = { includeReserved: false, query: [{ types: ['Rare'] }] };

/** Reads of the log. */
export const readingLog: Area = defineArea('reads of the log', {
  'an empty partition is at its end at once, in both directions and from anywhere': async (log) => {
    for (const direction of ['forward', 'backward'] as const) {
      for (const from of [0, 1, 1000]) {
        const page = await log.engine.readLog({ partition: 0, direction, from, filter: ordinary, ...wide });
        equal(
          page,
          { events: [], scannedTo: from, scannedEventId: undefined, isEnd: true },
          `The ${direction} page from ${from}`,
        );
      }
    }
  },

  'the log is read forward in the order of positions, and backward in the reverse': async (log) => {
    await fill(log, 30);
    for (let partition = 0; partition < log.partitionCount; partition += 1) {
      const forward = await readWholeLog(log.engine, { partition });
      const backward = await readWholeLog(log.engine, { partition, direction: 'backward' });
      equal(backward.events, forward.events.toReversed(), `The events of partition ${partition} backward`);
      equal(
        forward.scannedTo,
        (await log.engine.heads())[partition],
        `How far partition ${partition} was read forward`,
      );
      equal(
        backward.scannedTo,
        forward.events[0]?.position ?? Number.MAX_SAFE_INTEGER,
        `How far partition ${partition} was read backward`,
      );
    }
    equal((await log.wholeLog()).length, 30, 'The number of events in all partitions');
  },

  'a forward read begins after a position, a backward one before it': async (log) => {
    const all = await fill(log, 12);
    for (const from of [0, ...all.map(({ position }) => position)]) {
      const { partition } = all[0] ?? { partition: 0 };
      const forward = await readWholeLog(log.engine, { partition, from });
      equal(
        forward.events,
        all.filter(({ position }) => position > from),
        `The events after ${from}`,
      );
      const backward = await readWholeLog(log.engine, { partition, from, direction: 'backward' });
      equal(backward.events, all.filter(({ position }) => position < from).toReversed(), `The events before ${from}`);
    }
  },

  'a range ends with its last position, inclusive, and is then exhausted': async (log) => {
    const all = await fill(log, 8);
    const { partition } = present(all[0], 'The first event');
    for (const from of [0, ...all.map(({ position }) => position)]) {
      for (const until of all.map(({ position }) => position)) {
        for (const limit of [1, 3, 100]) {
          const forward = await readWholeLog(log.engine, { partition, from, until, limit });
          const expected = all.filter(({ position }) => position > from && position <= until);
          equal(forward.events, expected, `The events after ${from} until ${until} in pages of ${limit}`);
          equal(
            forward.scannedTo,
            expected.at(-1)?.position ?? from,
            `How far was looked after ${from} until ${until}`,
          );
          const backward = await readWholeLog(log.engine, { partition, from, until, limit, direction: 'backward' });
          const before = all.filter(({ position }) => position < from && position >= until).toReversed();
          equal(backward.events, before, `The events before ${from} until ${until} in pages of ${limit}`);
          equal(
            backward.scannedTo,
            before.at(-1)?.position ?? from,
            `How far was looked before ${from} until ${until}`,
          );
        }
      }
    }
  },

  'a range that ends past the head ends at the head, and what is appended then is read from there': async (log) => {
    const all = await fill(log, 5);
    const { partition } = present(all[0], 'The first event');
    const head = present(all.at(-1), 'The last event').position;
    for (const filter of [ordinary, rare, everything]) {
      const page = await readWholeLog(log.engine, { partition, until: head + 50, filter });
      equal(
        [page.scannedTo, page.scannedEventId],
        [head, idOf(present(all.at(-1), 'The last event'))],
        'How far was looked',
      );
    }
    const before = await readWholeLog(log.engine, { partition, until: head + 50, filter: rare });
    await log.append(present(all[0], 'The first event').streamId, log.make.many(1, { type: 'Rare' }));
    const after = await readWholeLog(log.engine, { partition, from: before.scannedTo, filter: rare });
    equal(after.events.length, 1, 'The number of events found by reading on');
  },

  'pages of any size join to the whole partition': async (log) => {
    const all = await fill(log, 17);
    const { partition } = present(all[0], 'The first event');
    for (let limit = 1; limit <= 18; limit += 1) {
      equal((await readWholeLog(log.engine, { partition, limit })).events, all, `The events in pages of ${limit}`);
      const backward = await readWholeLog(log.engine, { partition, limit, direction: 'backward' });
      equal(backward.events, all.toReversed(), `The events backward in pages of ${limit}`);
    }
  },

  'a page ends before its bytes exceed the bound, and what did not fit is read next': async (log) => {
    for (let index = 0; index < 10; index += 1)
      await log.append('order-1', [log.make.one({ dataText: JSON.stringify('x'.repeat(90 * (index % 4))) })]);
    const all = await log.stream('order-1');
    const partition = log.partitionOf('order-1');
    for (const direction of ['forward', 'backward'] as const) {
      for (const bytesMax of [1, 150, 320, 500, 900]) {
        for (const limit of [2, 1000]) {
          const { events } = await readWholeLog(log.engine, {
            partition,
            direction,
            bytesMax,
            limit,
            filter: ordinary,
          });
          equal(
            events,
            direction === 'forward' ? all : all.toReversed(),
            `The events ${direction} in pages of ${bytesMax} bytes and ${limit} events`,
          );
        }
      }
    }
  },

  'a filtered read finds rare events among many, whatever the size of its pages': async (log) => {
    const found: string[] = [];
    for (let index = 0; index < 120; index += 1) {
      const event = log.make.one(index % 37 === 5 ? { type: 'Rare' } : {});
      if (event.type === 'Rare') found.push(event.id);
      await log.append('order-1', [event]);
    }
    const partition = log.partitionOf('order-1');
    const head = (await log.engine.heads())[partition];
    for (const limit of [1, 2, 1000]) {
      const forward = await readWholeLog(log.engine, { partition, limit, filter: rare });
      equal(forward.events.map(idOf), found, `The rare events in pages of ${limit}`);
      equal(forward.scannedTo, head, 'How far was looked, though the last events did not match');
      const backward = await readWholeLog(log.engine, { partition, limit, filter: rare, direction: 'backward' });
      equal(backward.events.map(idOf), found.toReversed(), `The rare events backward in pages of ${limit}`);
    }
  },

  'reading on from where a page ended gives exactly the rest, for every page and filter': async (log) => {
    await fill(log, 40, (index) => (index % 3 === 0 ? 'Rare' : 'Happened'));
    for (let partition = 0; partition < log.partitionCount; partition += 1) {
      for (const filter of [ordinary, rare, { ...ordinary, category: 'order' }]) {
        const whole = (await readWholeLog(log.engine, { partition, filter })).events;
        const { pages } = await readWholeLog(log.engine, { partition, filter, limit: 3 });
        let count = 0;
        for (const page of pages) {
          count += page.events.length;
          const rest = await readWholeLog(log.engine, { partition, filter, from: page.scannedTo });
          equal(rest.events, whole.slice(count), `The rest of partition ${partition} after ${page.scannedTo}`);
        }
      }
    }
  },

  'a follower that reads on from the end sees exactly what is appended': async (log) => {
    const seen: StoredEvent[] = [];
    const places = Array.from({ length: log.partitionCount }, () => 0);
    for (let round = 0; round < 12; round += 1) {
      for (const [partition, from] of places.entries()) {
        const read = await readWholeLog(log.engine, { partition, from, filter: ordinary, limit: 2 });
        seen.push(...read.events);
        places[partition] = read.scannedTo;
      }
      await log.append(`order-${round % 5}`, log.make.many(round % 4 || 1));
    }
    equal(places.length, log.partitionCount, 'The number of places');
    const expected = (await log.wholeLog()).filter(({ partition, position }) => position <= (places[partition] ?? 0));
    equal(seen.toSorted(byPlace), expected, 'What the follower saw');
  },

  'an empty range is at its end, and its place stays': async (log) => {
    const all = await fill(log, 3);
    const { partition, position: first } = present(all[0], 'The first event');
    const last = present(all.at(-1), 'The last event').position;
    const page = await log.engine.readLog({
      partition,
      direction: 'forward',
      from: last,
      until: first,
      filter: ordinary,
      ...wide,
    });
    equal([page.events, page.scannedTo, page.isEnd], [[], last, true], 'A forward range that ends before it begins');
    const backward = await log.engine.readLog({
      partition,
      direction: 'backward',
      from: first,
      until: last,
      filter: ordinary,
      ...wide,
    });
    equal(
      [backward.events, backward.scannedTo, backward.isEnd],
      [[], first, true],
      'A backward range that ends before it begins',
    );
    const past = await log.engine.readLog({
      partition,
      direction: 'forward',
      from: last + 100,
      filter: ordinary,
      ...wide,
    });
    equal([past.events, past.scannedTo, past.isEnd], [[], last + 100, true], 'A read that begins past the head');
  },

  'events in the log are those of the stream reads, field by field': async (log) => {
    await fill(log, 10);
    const fromLog = (await log.wholeLog()).toSorted(byStream);
    const fromStreams: StoredEvent[] = [];
    for (const { streamId } of (await log.picture()).streams) fromStreams.push(...(await log.stream(streamId)));
    equal(fromStreams.toSorted(byStream), fromLog, 'The events of all streams');
    for (const event of fromLog)
      equal(await log.engine.eventAt(event.partition, event.position), event, `The event at ${event.position}`);
    holds(fromLog.length === 10, `${fromLog.length} events were read where 10 were written.`);
  },
});

/** Appends single events to streams that live in one partition, and gives them back as stored. */
async function fill(
  log: LogUnderTest,
  count: number,
  typeOf: (index: number) => string = () => 'Happened',
): Promise<readonly StoredEvent[]> {
  const streams = ['order-1', ...log.neighboursOf('order-1', 2)];
  for (let index = 0; index < count; index += 1)
    await log.append(streams[index % 3] ?? '', [log.make.one({ type: typeOf(index) })]);
  return (await readWholeLog(log.engine, { partition: log.partitionOf('order-1') })).events;
}

function byPlace(left: StoredEvent, right: StoredEvent): number {
  return left.partition - right.partition || left.position - right.position;
}

function byStream(left: StoredEvent, right: StoredEvent): number {
  if (left.streamId !== right.streamId) return left.streamId < right.streamId ? -1 : 1;
  return left.version - right.version;
}
