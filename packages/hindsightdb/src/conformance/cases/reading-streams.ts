/**
 * Reads of a stream: both directions, every starting point, every size of page.
 */

import type { Direction } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { readWholeStream, wide } from '../readings.ts';

/** Reads of a stream. */
export const readingStreams: Area = defineArea('reads of a stream', {
  'a stream that does not exist has no events and version 0': async (log) => {
    await log.append('order-1', log.make.many(1));
    for (const streamId of ['order-2', 'order', 'order-', 'order-11', 'Order-1']) {
      for (const direction of ['forward', 'backward'] as const) {
        const page = await log.engine.readStream({ streamId, direction, fromVersion: 1, ...wide });
        equal(page, { events: [], version: 0, nextVersion: undefined }, `The ${direction} page of ${streamId}`);
      }
    }
  },

  'a stream is read forward from its first event and backward from its last': async (log) => {
    const events = log.make.many(7);
    await log.append('order-1', events.slice(0, 3));
    await log.append('order-2', log.make.many(2));
    await log.append('order-1', events.slice(3));
    const forward = await readWholeStream(log.engine, 'order-1');
    equal(
      forward.events.map(({ record }) => record),
      events.map(({ record }) => record),
      'The records forward',
    );
    equal(
      forward.events.map(({ version }) => version),
      [1, 2, 3, 4, 5, 6, 7],
      'The versions forward',
    );
    const backward = await readWholeStream(log.engine, 'order-1', { direction: 'backward' });
    equal(backward.events, forward.events.toReversed(), 'The events backward');
    equal([forward.version, backward.version], [7, 7], 'The version that both name');
  },

  'a read begins at the version asked for, inclusive, in both directions': async (log) => {
    await fill(log, 6);
    const all = await log.stream('order-1');
    for (let version = 1; version <= 8; version += 1) {
      const forward = await readWholeStream(log.engine, 'order-1', { fromVersion: version });
      equal(
        forward.events,
        all.filter((event) => event.version >= version),
        `The events forward from ${version}`,
      );
      const backward = await readWholeStream(log.engine, 'order-1', { fromVersion: version, direction: 'backward' });
      equal(
        backward.events,
        all.filter((event) => event.version <= version).toReversed(),
        `The events backward from ${version}`,
      );
      equal([forward.version, backward.version], [6, 6], `The version named by reads from ${version}`);
    }
    equal(
      (await readWholeStream(log.engine, 'order-1', { fromVersion: 0 })).events,
      all,
      'The events forward from version 0',
    );
    equal(
      (await readWholeStream(log.engine, 'order-1', { fromVersion: 0, direction: 'backward' })).events,
      [],
      'The events backward from version 0',
    );
  },

  'pages of any size join to the whole stream, and the last one says that it is the last': async (log) => {
    await fill(log, 9);
    const all = await log.stream('order-1');
    for (const direction of ['forward', 'backward'] as const) {
      for (let limit = 1; limit <= 10; limit += 1) {
        const { events, pages } = await readWholeStream(log.engine, 'order-1', { direction, limit });
        equal(events, inDirection(all, direction), `The events ${direction} in pages of ${limit}`);
        equal(pages.length, Math.ceil(9 / limit), `The number of pages of ${limit} ${direction}`);
        for (const page of pages) equal(page.version, 9, 'The version that each page names');
      }
    }
  },

  'a page ends before its bytes exceed the bound, and holds at least one event': async (log) => {
    for (let index = 0; index < 8; index += 1)
      await log.append('order-1', [log.make.one({ dataText: JSON.stringify('x'.repeat(100 * (index % 4))) })]);
    const all = await log.stream('order-1');
    for (const direction of ['forward', 'backward'] as const) {
      for (const bytesMax of [1, 100, 250, 400, 700, 5000]) {
        const { events } = await readWholeStream(log.engine, 'order-1', { direction, bytesMax });
        equal(events, inDirection(all, direction), `The events ${direction} in pages of ${bytesMax} bytes`);
      }
      const { pages } = await readWholeStream(log.engine, 'order-1', { direction, bytesMax: 1 });
      equal(
        pages.map((page) => page.events.length),
        all.map(() => 1),
        'The events of pages that are smaller than an event',
      );
    }
  },

  'events that are appended between two pages of a forward read are read as well': async (log) => {
    await fill(log, 3);
    const first = await log.engine.readStream({
      streamId: 'order-1',
      direction: 'forward',
      fromVersion: 1,
      ...wide,
      limit: 2,
    });
    await fill(log, 2);
    const rest = await readWholeStream(log.engine, 'order-1', { fromVersion: first.nextVersion ?? 0 });
    equal(
      [first, rest].flatMap(({ events }) => events),
      await log.stream('order-1'),
      'The events of both pages',
    );
    equal([first.version, rest.version], [3, 5], 'The versions that the pages name');
  },

  'a read of one stream shows nothing of streams with similar ids': async (log) => {
    const ids = [
      'order-1',
      'order-10',
      'order-1-1',
      'order-1 ',
      'order-1%',
      'order_1',
      'ORDER-1',
      'order',
      'order-',
      '1',
      'xorder-1',
    ];
    for (const streamId of ids) await log.append(streamId, log.make.many(2, { type: `In ${streamId}` }));
    for (const streamId of ids) {
      const events = await log.stream(streamId);
      equal(
        events.map((event) => [event.streamId, event.version, event.record.includes(`"In ${streamId}"`)]),
        [
          [streamId, 1, true],
          [streamId, 2, true],
        ],
        `The events of ${JSON.stringify(streamId)}`,
      );
    }
  },

  'a stream of a thousand events is read whole in pages': async (log) => {
    await log.append('order-1', log.make.many(1000));
    const { events } = await readWholeStream(log.engine, 'order-1', { limit: 100 });
    equal(
      events.map(({ version }) => version),
      Array.from({ length: 1000 }, (_, index) => index + 1),
      'The versions',
    );
  },
});

async function fill(log: LogUnderTest, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await log.append('order-1', log.make.many(1));
    await log.append('order-2', log.make.many(1));
  }
}

function inDirection<Item>(items: readonly Item[], direction: Direction): readonly Item[] {
  return direction === 'forward' ? items : items.toReversed();
}
