/**
 * Filters: which events of the log a read by category, stream, types and tags shows.
 */

import { matchesQuery, type Query } from '../../core/query.ts';
import { parseRecord } from '../../core/record.ts';
import { categoryOf, isReserved } from '../../core/stream-id.ts';
import type { LogFilter, StoredEvent } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal } from '../assertions.ts';
import { show } from '../difference.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf } from '../event-maker.ts';
import { readWholeLog } from '../readings.ts';

const similarStreams = [
  'order-1',
  'order-2-3',
  'order',
  'order-',
  'order2-1',
  'order2',
  'orders-1',
  'Order-1',
  'ord-1',
  'order_-1',
  'order%-1',
  'xorder-1',
  '-order-1',
  '-',
  ' order-1',
  'order -1',
  'örder-1',
  'o\u0308rder-1',
  '🙂-1',
  '🙂',
];

/** Filters of reads of the log. */
export const filtering: Area = defineArea('filters', {
  'a category is the part of the stream id before its first dash, or the whole id, and nothing that looks alike':
    async (log) => {
      for (const streamId of similarStreams) await log.append(streamId, log.make.many(2));
      await nowAndReopened(log, async () => {
        for (const category of new Set(similarStreams.map(categoryOf))) {
          const expected = similarStreams.filter((streamId) => categoryOf(streamId) === category);
          const events = await log.wholeLogBy({ category, includeReserved: false });
          equal(streamsOf(events), expected.toSorted(), `The streams of the category ${JSON.stringify(category)}`);
          equal(events.length, 2 * expected.length, `The number of events in the category ${JSON.stringify(category)}`);
        }
        for (const category of ['orde', 'order-1', 'ORDER', '%', '_____', 'unknown', 'order*'])
          equal(
            await log.wholeLogBy({ category, includeReserved: false }),
            [],
            `The events of the category ${JSON.stringify(category)}`,
          );
      });
    },

  'a read of the log by stream shows the events of exactly that stream': async (log) => {
    for (const streamId of similarStreams) await log.append(streamId, log.make.many(2));
    await nowAndReopened(log, async () => {
      for (const streamId of [...similarStreams, 'unknown-1'])
        equal(
          await log.wholeLogBy({ streamId, includeReserved: false }),
          await log.stream(streamId),
          `The events of ${JSON.stringify(streamId)}`,
        );
    });
  },

  'a query selects by types, by all tags of an item, and by any of its items': async (log) => {
    const kinds: readonly [string, readonly string[]][] = [
      ['Opened', []],
      ['Opened', ['a']],
      ['Opened', ['a', 'b']],
      ['Closed', ['b']],
      ['Closed', ['b', 'c']],
      ['Closed', ['c', 'a', 'b']],
      ['Other', ['d']],
    ];
    for (let round = 0; round < 3; round += 1)
      for (const [index, [type, tags]] of kinds.entries())
        await log.append(`course-${index}`, [log.make.one({ type, tags })]);
    const queries: readonly Query[] = [
      [{ types: ['Opened'] }],
      [{ types: ['Opened', 'Other'] }],
      [{ types: ['Other', 'Unknown', 'Closed'] }],
      [{ tags: ['a'] }],
      [{ tags: ['b', 'a'] }],
      [{ tags: ['a', 'b', 'c'] }],
      [{ tags: ['a', 'd'] }],
      [{ types: ['Closed'], tags: ['b'] }],
      [{ types: ['Opened', 'Closed'], tags: ['a', 'b'] }],
      [{ types: ['Opened'], tags: ['c'] }],
      [{ types: ['Other'] }, { tags: ['a'] }],
      [{ tags: ['a'] }, { types: ['Other'] }],
      [{ types: ['Opened'], tags: ['a'] }, { types: ['Closed'], tags: ['c'] }, { tags: ['d'] }],
      [
        { types: [], tags: ['b'] },
        { types: ['Opened'], tags: [] },
      ],
      [{ types: ['Unknown'] }, { tags: ['unknown'] }],
    ];
    await nowAndReopened(log, async () => {
      for (const query of queries) await expectFiltered(log, { query, includeReserved: false });
    });
  },

  'an event that several items of a query match is shown once': async (log) => {
    await log.append('course-1', [log.make.one({ type: 'Opened', tags: ['a', 'b'] })]);
    const query = [
      { types: ['Opened'] },
      { tags: ['a'] },
      { tags: ['b'] },
      { types: ['Opened'], tags: ['a', 'b'] },
      { types: ['Opened', 'Opened'] },
    ];
    equal((await log.wholeLogBy({ query, includeReserved: false })).length, 1, 'The number of events shown');
  },

  'a category or a stream and a query must both match': async (log) => {
    for (const streamId of ['order-1', 'order-2', 'invoice-1', 'order2-1'])
      await log.append(streamId, [
        log.make.one({ type: 'Opened', tags: ['a'] }),
        log.make.one({ type: 'Closed', tags: ['a'] }),
        log.make.one({ type: 'Closed' }),
      ]);
    const queries: readonly Query[] = [
      [{ types: ['Closed'] }],
      [{ tags: ['a'] }],
      [{ types: ['Opened'] }, { types: ['Closed'], tags: ['a'] }],
    ];
    await nowAndReopened(log, async () => {
      for (const query of queries) {
        await expectFiltered(log, { category: 'order', query, includeReserved: false });
        await expectFiltered(log, { streamId: 'order-2', query, includeReserved: false });
        await expectFiltered(log, { category: 'order', streamId: 'order-1', query, includeReserved: false });
        await expectFiltered(log, { category: 'invoice', streamId: 'order-1', query, includeReserved: false });
      }
    });
  },

  'in a log of thousands of events every filter finds what it finds by hand': async (log) => {
    const streams = ['order-1', ...log.neighboursOf('order-1', 5), 'order2-1'];
    for (let round = 0; round < 30; round += 1) {
      const events = Array.from({ length: 100 }, (_, index) =>
        log.make.one({
          type: ['Opened', 'Closed', 'Paid'][(round + index) % 3] ?? '',
          tags: tagsOf(round * 100 + index),
        }),
      );
      await log.append(streams[round % streams.length] ?? '', events);
    }
    await log.set('order-1', { truncateBefore: 50 });
    await log.append('order-1', [log.make.one({ type: '$internal' })]);
    for (let round = 0; round < 10; round += 1) await log.append('order-1', log.make.many(100));
    const filters: readonly LogFilter[] = [
      { category: 'order', includeReserved: false },
      { streamId: 'order2-1', includeReserved: true },
      { streamId: 'order-1', includeReserved: false },
      { streamId: 'order-1', includeReserved: true },
      { streamId: 'order-1', category: 'order2', includeReserved: true },
      { streamId: '$settings-order-1', includeReserved: false },
      { streamId: '$settings-order-1', includeReserved: true },
      { query: [{ types: ['Paid'] }], includeReserved: false },
      { query: [{ tags: ['n:7'] }], includeReserved: false },
      { query: [{ tags: ['even', 'third'] }], includeReserved: false },
      {
        query: [{ types: ['Opened'], tags: ['n:3', 'even'] }, { tags: ['only:2999'] }, { tags: ['only:0'] }],
        includeReserved: false,
      },
      { streamId: 'order-1', query: [{ types: ['Closed'], tags: ['even'] }], includeReserved: false },
      { category: 'neighbour', query: [{ tags: ['third'] }], includeReserved: true },
    ];
    const whole = await log.wholeLog();
    await nowAndReopened(log, async () => {
      for (const filter of filters) {
        const expected = whole.filter((event) => isWanted(event, filter)).map(idOf);
        for (const limit of [7, 1000])
          equal(
            (await log.wholeLogBy(filter, limit)).map(idOf),
            expected,
            `The events of ${show(filter)} in pages of ${limit}`,
          );
      }
    });
  },

  "the store's own streams and types are hidden unless they are asked for": async (log) => {
    await log.append('order-1', log.make.many(3));
    await log.set('order-1', { maxCount: 2 });
    await log.append('order-1', [
      log.make.one(),
      log.make.one({ type: '$internal', tags: ['a'] }),
      log.make.one({ tags: ['a'] }),
    ]);
    await log.set('invoice-1', { custom: { note: '$' } });
    await log.append('or$der-1', [log.make.one({ type: 'Dollar$', tags: ['$tag'] })]);
    const filters: readonly Omit<LogFilter, 'includeReserved'>[] = [
      {},
      { category: 'order' },
      { category: '$settings' },
      { streamId: 'order-1' },
      { streamId: '$settings-order-1' },
      { query: [{ tags: ['a'] }] },
      { query: [{ tags: ['$tag'] }] },
      { query: [{ types: ['$settingsChanged'] }] },
      { query: [{ types: ['$internal', 'Happened'] }] },
    ];
    await nowAndReopened(log, async () => {
      for (const filter of filters)
        for (const includeReserved of [false, true]) await expectFiltered(log, { ...filter, includeReserved });
    });
    equal((await log.wholeLogBy({ includeReserved: true })).length, 9, 'The number of all events');
    equal((await log.wholeLogBy({ includeReserved: false })).length, 6, 'The number of events that are not reserved');
  },

  'a read that hides reserved events still looks past them': async (log) => {
    await log.append('order-1', log.make.many(1));
    await log.set('order-1', { maxCount: 2 });
    const partition = log.partitionOf('order-1');
    const read = await readWholeLog(log.engine, { partition, filter: { includeReserved: false } });
    equal(read.scannedTo, (await log.engine.heads())[partition], 'How far was looked');
  },
});

/** A filtered read shows, in both directions and in pages of any size, what picking from the whole log by hand gives. */
async function expectFiltered(log: LogUnderTest, filter: LogFilter): Promise<void> {
  const whole = await log.wholeLog();
  const expected = whole.filter((event) => isWanted(event, filter));
  for (const limit of [1, 4, 1000])
    equal(
      (await log.wholeLogBy(filter, limit)).map(idOf),
      expected.map(idOf),
      `The events of ${show(filter)} in pages of ${limit}`,
    );
  for (let partition = 0; partition < log.partitionCount; partition += 1) {
    const backward = await readWholeLog(log.engine, { partition, filter, direction: 'backward', limit: 2 });
    equal(
      backward.events,
      expected.filter((event) => event.partition === partition).toReversed(),
      `The events of ${show(filter)} backward`,
    );
  }
}

/** Checks at once, and again when a durable log was opened anew: an engine may keep its newest events in another place than older ones. */
async function nowAndReopened(log: LogUnderTest, check: () => Promise<void>): Promise<void> {
  await check();
  if (!log.isDurable) return;
  await log.reopen();
  await check();
}

function tagsOf(number: number): readonly string[] {
  const tags = [`n:${number % 10}`, `only:${number}`];
  if (number % 2 === 0) tags.push('even');
  if (number % 3 === 0) tags.push('third');
  return tags;
}

function isWanted(event: StoredEvent, { category, streamId, query, includeReserved }: LogFilter): boolean {
  const { type, tags = [] } = parseRecord(event.record);
  if (!includeReserved && (isReserved(event.streamId) || isReserved(type))) return false;
  if (category !== undefined && categoryOf(event.streamId) !== category) return false;
  return (
    (streamId === undefined || event.streamId === streamId) && (query === undefined || matchesQuery(query, type, tags))
  );
}

function streamsOf(events: readonly StoredEvent[]): readonly string[] {
  return [...new Set(events.map(({ streamId }) => streamId))].toSorted();
}
