/** Reads of streams, categories, queries and the log, in both directions and within any bounds, against the plainest oracle. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { Event, RecordedEvent } from '../../src/core/event.ts';
import { matchesQuery } from '../../src/core/query.ts';
import { categoryOf } from '../../src/core/stream-id.ts';
import { openStore } from '../../src/store/open.ts';
import type { LogReadOptions, StreamReadOptions } from '../../src/store/read-options.ts';
import type { LogPage } from '../../src/store/read.ts';
import type { Reading } from '../../src/store/reading.ts';
import type { Store } from '../../src/store/store.ts';
import { inFile, allStoreKinds, openAt, openNew, settableClock, type StoreKind } from '../open-stores.ts';

const anyStreamId = fc.constantFrom('order-1', 'order-2', 'order', 'cart-1', 'c-😀', '__proto__-1');
const anyEvent: fc.Arbitrary<Event> = fc.record({
  type: fc.constantFrom('A', 'B', 'C'),
  data: fc.nat(),
  tags: fc.subarray(['x', 'y', 'z']),
});
const anyAppends = fc.array(
  fc.record({ streamId: anyStreamId, events: fc.array(anyEvent, { minLength: 1, maxLength: 4 }), pause: fc.nat(3) }),
  { minLength: 1, maxLength: 25 },
);
const anyItem = fc
  .record({ types: fc.subarray(['A', 'B', 'C', 'D']), tags: fc.subarray(['x', 'y']) })
  .filter(({ types, tags }) => types.length + tags.length > 0);

/** A place in the log: how far along its end it lies, in thousandths. */
const anyPlace = fc.option(fc.nat(1200), { nil: undefined });
const anyRead = fc.record({
  what: fc.oneof(
    fc.record({ category: fc.constantFrom('order', 'cart', 'c', '__proto__', 'none') }),
    fc.record({ query: fc.array(anyItem, { minLength: 1, maxLength: 3 }) }),
    fc.constant({}),
  ),
  after: anyPlace,
  until: anyPlace,
  fromTime: anyPlace,
  untilTime: anyPlace,
  isBackward: fc.boolean(),
  limit: fc.option(fc.nat(30), { nil: undefined }),
  pageSize: fc.integer({ min: 1, max: 20 }),
  hasReserved: fc.boolean(),
});
const anyStreamRead = fc.record({
  streamId: fc.oneof(anyStreamId, fc.constant('none-1')),
  fromVersion: fc.option(fc.nat(12), { nil: undefined }),
  toVersion: fc.option(fc.nat(12), { nil: undefined }),
  isBackward: fc.boolean(),
  limit: fc.option(fc.nat(8), { nil: undefined }),
  pageSize: fc.integer({ min: 1, max: 5 }),
});

type ValueOf<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;

/** A store with these appends in it, some settings between them, and everything that it holds, each partition in its order. */
async function filled(store: Store, clock: { micros: number }, appends: ValueOf<typeof anyAppends>) {
  for (const { streamId, events, pause } of appends) {
    clock.micros += pause;
    await store.append(streamId, events);
  }
  await store.setStreamSettings('order-1', { custom: { read: true } });
  return await store.readLog({ includeReserved: true }).toArray();
}

/** What a read of the log means, said in one sentence an option. */
function expectedOf(
  all: readonly RecordedEvent[],
  { what, isBackward, limit, hasReserved }: ValueOf<typeof anyRead>,
  within: (event: RecordedEvent) => boolean,
): readonly RecordedEvent[] {
  const { category, query }: { category?: string; query?: Parameters<typeof matchesQuery>[0] } = what;
  const wanted = all.filter(
    (event) =>
      within(event) &&
      (hasReserved || !(event.streamId.startsWith('$') || event.type.startsWith('$'))) &&
      (category === undefined || categoryOf(event.streamId) === category) &&
      (query === undefined || matchesQuery(query, event.type, event.tags)),
  );
  // Partitions are read one after the other, in both directions.
  const partitions = [...new Set(all.map(({ partition }) => partition))].toSorted((left, right) => left - right);
  const ordered = partitions.flatMap((partition) => {
    const own = wanted.filter((event) => event.partition === partition);
    return isBackward ? own.toReversed() : own;
  });
  return ordered.slice(0, limit);
}

function readOf(store: Store, read: ValueOf<typeof anyRead>, options: LogReadOptions): Reading<RecordedEvent, LogPage> {
  const { category, query }: { category?: string; query?: Parameters<typeof matchesQuery>[0] } = read.what;
  if (category !== undefined) return store.readCategory(category, options);
  return query === undefined ? store.readLog(options) : store.readQuery(query, options);
}

async function checkLogRead(store: Store, all: readonly RecordedEvent[], read: ValueOf<typeof anyRead>) {
  const isSingle = store.identity.partitionCount === 1;
  const head = all.length;
  const positionAt = (place: number | undefined) => place && Math.floor((place * head) / 1000);
  const times = all.map(({ recordedAt }) => recordedAt).toSorted();
  const timeAt = (place: number | undefined) =>
    place === undefined ? undefined : times[Math.floor((place * head) / 1000)];
  const after = isSingle ? positionAt(read.after) : undefined;
  const until = isSingle ? positionAt(read.until) : undefined;
  const [fromTime, untilTime] = [timeAt(read.fromTime), timeAt(read.untilTime)];
  const options: LogReadOptions = {
    direction: read.isBackward ? 'backward' : 'forward',
    pageSize: read.pageSize,
    includeReserved: read.hasReserved,
    ...(read.limit !== undefined && { limit: read.limit }),
    ...(after !== undefined && { after }),
    ...(until !== undefined && { until }),
    ...(fromTime !== undefined && { fromTime }),
    ...(untilTime !== undefined && { untilTime }),
  };
  const expected = expectedOf(
    all,
    read,
    ({ position, recordedAt }) =>
      position > (after ?? 0) &&
      position <= (until ?? head) &&
      (fromTime === undefined || recordedAt >= fromTime) &&
      (untilTime === undefined || recordedAt <= untilTime),
  );
  assert.deepEqual(await readOf(store, read, options).toArray(), expected);

  // Read in two halves, the second from where the first one ended, it is the same.
  if (read.isBackward || !isSingle || expected.length === 0) return;
  const half: RecordedEvent[] = [];
  let place: LogReadOptions['after'] = after;
  for await (const page of readOf(store, read, options).pages()) {
    half.push(...page.events);
    place = page.checkpoint;
    if (half.length >= expected.length / 2) break;
  }
  const rest = expected.length - half.length;
  const second = await readOf(store, read, {
    ...options,
    limit: rest,
    ...(place !== undefined && { after: place }),
  }).toArray();
  assert.deepEqual([...half, ...second], expected);
}

async function checkStreamRead(store: Store, all: readonly RecordedEvent[], read: ValueOf<typeof anyStreamRead>) {
  const { streamId, fromVersion, toVersion, isBackward, limit, pageSize } = read;
  const own = all.filter((event) => event.streamId === streamId);
  const within = own.filter(({ version }) => version >= (fromVersion ?? 1) && version <= (toVersion ?? own.length));
  const options: StreamReadOptions = {
    direction: isBackward ? 'backward' : 'forward',
    pageSize,
    ...(fromVersion !== undefined && { fromVersion }),
    ...(toVersion !== undefined && { toVersion }),
    ...(limit !== undefined && { limit }),
  };
  const expected = (isBackward ? within.toReversed() : within).slice(0, limit);
  assert.deepEqual(await store.readStream(streamId, options).toArray(), expected);
  for await (const page of store.readStream(streamId, options).pages()) {
    assert.equal(page.version, own.length);
    assert.ok(page.events.length <= pageSize);
  }
  assert.deepEqual(await store.readStream(streamId, options).first(), expected[0]);
}

/** Fills a store with some hundred events and closes it, so that all of them are indexed. */
async function fillAndClose(address: string, clock: { micros: number; readonly now: () => number }): Promise<void> {
  await using store = await openStore(address, { now: clock.now });
  for (let count = 0; count < 600; count += 50) {
    clock.micros += 1;
    const events = Array.from({ length: 50 }, (_, index) => ({
      type: 'ABC'[(count + index * 7) % 3] ?? 'A',
      data: index,
      tags: ['x', 'y', 'z'].filter((_, bit) => ((index >> bit) & 1) === 1),
    }));
    await store.append(['order-1', 'cart-1', 'order'][(count / 50) % 3] ?? '', events);
  }
}

test('in SQLite it is the same where most of the log is indexed and its end is not', async (t) => {
  const roomy = <Read extends { readonly pageSize: number }>(read: Read): Read => ({
    ...read,
    pageSize: read.pageSize * 20,
  });
  const reads = fc.array(anyRead.map(roomy), { minLength: 60, maxLength: 60 });
  const streamReads = fc.array(anyStreamRead.map(roomy), { minLength: 30, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(anyAppends, reads, streamReads, async (appends, wanted, wantedOfStreams) => {
      const clock = settableClock();
      const address = await inFile.address(t);
      await fillAndClose(address, clock);
      const store = await openAt(t, address, { now: clock.now });
      const all = await filled(store, clock, appends);
      const tailLength = Number((await store.statistics())['writer.tailEvents']);
      assert.ok(tailLength <= all.length - 600, 'everything that was there at the opening is indexed');
      for (const read of wanted) await checkLogRead(store, all, read);
      for (const read of wantedOfStreams) await checkStreamRead(store, all, read);
    }),
    { numRuns: 2, endOnFailure: true },
  );
});

/** How often a store is filled, and how often each is read. */
function runsOf({ name }: StoreKind): { readonly fills: number; readonly reads: number } {
  return name === 'SQLite' ? { fills: 2, reads: 60 } : { fills: 15, reads: 15 };
}

for (const kind of allStoreKinds) {
  suite(`in ${kind.name} a read gives exactly what it should:`, () => {
    test('of the log, a category or a query, between any places and times, in any pages', async (t) => {
      const { fills, reads } = runsOf(kind);
      const many = fc.array(anyRead, { minLength: reads, maxLength: reads });
      await fc.assert(
        fc.asyncProperty(anyAppends, many, async (appends, wanted) => {
          const clock = settableClock();
          const store = await openNew(t, kind, { now: clock.now });
          const all = await filled(store, clock, appends);
          for (const read of wanted) await checkLogRead(store, all, read);
        }),
        { numRuns: fills, endOnFailure: kind.name === 'SQLite' },
      );
    });

    test('of a stream, between any versions, in any pages', async (t) => {
      const { fills, reads } = runsOf(kind);
      const many = fc.array(anyStreamRead, { minLength: reads, maxLength: reads });
      await fc.assert(
        fc.asyncProperty(anyAppends, many, async (appends, wanted) => {
          const clock = settableClock();
          const store = await openNew(t, kind, { now: clock.now });
          const all = await filled(store, clock, appends);
          for (const read of wanted) await checkStreamRead(store, all, read);
        }),
        { numRuns: fills, endOnFailure: kind.name === 'SQLite' },
      );
    });
  });
}
