/**
 * Copying into an empty log: events keep their ids, times and order, and settings come back with them.
 */

import { parseRecord } from '../../core/record.ts';
import { settingsStreamOf } from '../../core/stream-id.ts';
import type { RecordedWrite, StoredEvent } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, holds, present, refuses } from '../assertions.ts';
import { openLogUnderTest, type LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';

/** Copying into an empty log. */
export const copying: Area = defineArea('copying', {
  'copied events keep ids, records, times, streams, versions and order': async (log) => {
    const writes = history(log, 60);
    await log.engine.beginCopy();
    await log.engine.appendRecorded(writes.slice(0, 1));
    await log.engine.appendRecorded([]);
    await log.engine.appendRecorded(writes.slice(1, 40));
    await log.engine.appendRecorded(writes.slice(40));
    await log.engine.endCopy();
    await expectHistory(log, writes);
  },

  'after a copy, appends go on behind it': async (log) => {
    const writes = history(log, 30);
    await log.engine.beginCopy();
    await log.engine.appendRecorded(writes);
    await log.engine.endCopy();
    const newest = Math.max(...writes.map(({ recordedAt }) => recordedAt));
    const streamId = present(writes.at(-1), 'The last event').streamId;
    const version = writes.filter((write) => write.streamId === streamId).length;
    const heads = await log.engine.heads();
    const written = await log.append(streamId, log.make.many(2), {
      expectedVersion: version,
      predecessorId: present(writes.at(-1), 'The last event').id,
    });
    const { partition, firstPosition } = present(written.partitions[0], 'The partition written to');
    holds(firstPosition > (heads[partition] ?? 0), `Position ${firstPosition} follows ${heads[partition]}.`);
    const last = writes.findLast((write) => log.partitionOf(write.streamId) === partition)?.recordedAt ?? 0;
    holds(
      written.recordedAt >= last,
      `recordedAt ${written.recordedAt} follows ${last}; the newest copied is ${newest}.`,
    );
    await log.picture();
  },

  'copied times that lie ahead of the clock are not passed by later appends': async (log) => {
    const ahead = log.clock.now() + 3_600_000_000;
    await log.engine.beginCopy();
    await log.engine.appendRecorded([{ ...log.make.one(), streamId: 'order-1', recordedAt: ahead }]);
    await log.engine.endCopy();
    equal((await log.append('order-1', log.make.many(1))).recordedAt, ahead, 'The time of an append after the copy');
    const partition = log.partitionOf('order-1');
    equal(await log.engine.positionAtTime(partition, ahead - 1), 0, 'The position before the copied time');
    equal(
      await log.engine.positionAtTime(partition, ahead),
      (await log.engine.heads())[partition],
      'The position at the copied time',
    );
  },

  'copied events are found by type, tags and category, and judged by conditions': withBoundary(async (log) => {
    await log.engine.beginCopy();
    await log.engine.appendRecorded([
      { ...log.make.one({ type: 'Opened', tags: ['a', 'b'] }), streamId: 'course-1', recordedAt: 5 },
      { ...log.make.one({ type: 'Closed' }), streamId: 'order-1', recordedAt: 6 },
    ]);
    await log.engine.endCopy();
    const found = async (filter: object) =>
      (await log.wholeLogBy({ includeReserved: false, ...filter })).map(({ streamId }) => streamId);
    equal(
      [
        await found({ query: [{ tags: ['b', 'a'] }] }),
        await found({ query: [{ types: ['Closed'] }] }),
        await found({ category: 'course' }),
      ],
      [['course-1'], ['order-1'], ['course-1']],
      'What filtered reads show',
    );
    const after = (await log.engine.heads()).map(() => 0);
    const answer = await log.engine.append(
      oneStream('course-2', log.make.many(1), { condition: { query: [{ tags: ['a'] }], after } }),
    );
    equal(answer.kind, 'conflict', 'The answer under a condition that a copied event matches');
  }),

  'settings that were copied are in force': async (log) => {
    const settings = (streamId: string, dataText: string, recordedAt: number): RecordedWrite => ({
      ...log.make.one({ type: '$settingsChanged', dataText }),
      streamId: settingsStreamOf(streamId),
      recordedAt,
    });
    const plain = (streamId: string, recordedAt: number): RecordedWrite => ({
      ...log.make.one(),
      streamId,
      recordedAt,
    });
    await log.engine.beginCopy();
    await log.engine.appendRecorded([
      plain('order-1', 1),
      plain('order-1', 2),
      settings('order-1', '{"maxCount":1}', 3),
      plain('order-2', 4),
      settings('order-2', '{"tombstone":true}', 5),
      plain('order-1', 6),
      settings('order-1', '{"truncateBefore":2,"custom":{"a":[1]}}', 7),
      {
        ...log.make.one({ type: '$eventsRemoved', dataText: '{"beforeVersion":2}' }),
        streamId: settingsStreamOf('order-1'),
        recordedAt: 8,
      },
      {
        ...log.make.one({ type: '$settingsChanged', dataText: '{"tombstone":true}' }),
        streamId: '$other-order-1',
        recordedAt: 9,
      },
    ]);
    await log.engine.endCopy();
    equal(
      (await log.stream('order-1')).map(({ version }) => version),
      [2, 3],
      'The versions that the truncated stream shows',
    );
    const info = await log.engine.streamInfo('order-1');
    equal(
      [info.settings, info.settingsVersion],
      [{ truncateBefore: 2, custom: { a: [1] } }, 2],
      'The settings of the truncated stream',
    );
    await log.expectConflict(oneStream('order-2', log.make.many(1)), [
      { kind: 'tombstone', streamId: 'order-2', actual: 1 },
    ]);
    await log.set('order-1', { maxCount: 1 }, { expectedVersion: 3 });
  },

  'a copy that is read from one log and written to another gives the same log': async (log) => {
    for (let round = 0; round < 12; round += 1) {
      await log.append(`order-${round % 4}`, log.make.many(1 + (round % 3), { tags: [`t:${round % 2}`] }));
      await log.clock.pass(1000 * round);
    }
    await log.set('order-1', { truncateBefore: 2 });
    await log.set('order-2', { tombstone: true });
    const copy = await openLogUnderTest(log.fixture);
    try {
      await copy.engine.beginCopy();
      for (const event of await log.wholeLog()) await copy.engine.appendRecorded([writeOf(event)]);
      await copy.engine.endCopy();
      const [original, copied] = [await log.picture(), await copy.picture()];
      equal(
        [copied.partitions.map(withoutPositions), copied.streams, copied.shown],
        [original.partitions.map(withoutPositions), original.streams, original.shown],
        'The copy',
      );
    } finally {
      await copy.dispose();
    }
  },

  'nothing can be copied into a log that has events': async (log) => {
    await log.append('order-1', log.make.many(1));
    await log.expectRefusal('Copying into a log that has events', () => log.engine.beginCopy(), 'STORE_EXISTS');
    await log.expectRefusal('A copied event after that', () => log.engine.appendRecorded(history(log, 1)));
    await log.append('order-1', log.make.many(1), { expectedVersion: 1 });
  },

  'nothing can be copied into a log a second time': async (log) => {
    await log.engine.beginCopy();
    await log.engine.appendRecorded(history(log, 3));
    await log.engine.endCopy();
    await log.expectRefusal('A second copy', () => log.engine.beginCopy(), 'STORE_EXISTS');
  },

  'copied events are taken only between begin and end': async (log) => {
    await log.expectRefusal('A copied event before the begin', () => log.engine.appendRecorded(history(log, 1)));
    await log.engine.beginCopy();
    await log.engine.endCopy();
    await log.expectRefusal('A copied event after the end', () => log.engine.appendRecorded(history(log, 1)));
    await log.append('order-1', log.make.many(1), { expectedVersion: 0 });
  },

  'ordinary appends are refused during a copy, and taken after it': async (log) => {
    await log.engine.beginCopy();
    await log.expectRefusal('An append to a log that is still empty', () =>
      log.engine.append(oneStream('order-1', log.make.many(1))),
    );
    await log.engine.appendRecorded([{ ...log.make.one(), streamId: 'order-1', recordedAt: 5 }]);
    await log.expectRefusal('An append in the middle of a copy', () =>
      log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 1, key: { key: 'k', digest: 'd' } })),
    );
    await log.engine.endCopy();
    await log.append('order-1', log.make.many(1), { expectedVersion: 1, key: { key: 'k', digest: 'd' } });
  },

  'a copy that was begun can be begun again and goes on where it stood': async (log) => {
    const writes = history(log, 20);
    await log.engine.beginCopy();
    await log.engine.appendRecorded(writes.slice(0, 7));
    await log.engine.beginCopy();
    await log.engine.appendRecorded(writes.slice(7, 12));
    if (log.isDurable) {
      await log.reopen();
      await refuses('An append to a log whose copy was not ended', () =>
        log.engine.append(oneStream('order-1', log.make.many(1))),
      );
      await log.engine.beginCopy();
    }
    await log.engine.appendRecorded(writes.slice(12));
    await log.engine.endCopy();
    await expectHistory(log, writes);
  },

  'keyed writes come with copied events, in the same step': async (log) => {
    await log.engine.beginCopy();
    await log.engine.appendRecorded(history(log, 2), [
      { key: 'copied-to', value: '2' },
      { key: 'gone', value: 'x' },
    ]);
    await log.engine.appendRecorded(history(log, 1), [
      { key: 'copied-to', value: '3' },
      { key: 'gone', value: null },
    ]);
    await log.engine.endCopy();
    equal(
      (await log.picture()).keyed.map(({ key, value }) => [key, value]),
      [['copied-to', '3']],
      'The entries',
    );
    equal((await log.wholeLog()).length, 3, 'The number of events');
  },

  'a copy wakes followers': async (log) => {
    let calls = 0;
    const end = log.engine.wake(() => (calls += 1));
    await log.engine.beginCopy();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const before = calls;
    await log.engine.appendRecorded(history(log, 1));
    await log.eventually('The call of the listener', async () => calls > before);
    await log.engine.endCopy();
    end();
  },
});

/** Events of several streams with times of their own, some of which are shared. */
function history(log: LogUnderTest, count: number): readonly RecordedWrite[] {
  return Array.from({ length: count }, (_, index) => ({
    ...log.make.one({
      type: index % 3 === 0 ? 'Opened' : 'Closed',
      tags: index % 2 === 0 ? ['a'] : [],
      dataText: '{"amount":1.10}',
    }),
    streamId: `order-${index % 5}`,
    recordedAt: 1_500_000_000_000_001 + Math.floor(index / 3) * 1_000_003,
  }));
}

async function expectHistory(log: LogUnderTest, writes: readonly RecordedWrite[]): Promise<void> {
  const expected = writes.map(({ streamId, recordedAt, record }, index) => ({
    streamId,
    recordedAt,
    record,
    version: writes.slice(0, index + 1).filter((each) => each.streamId === streamId).length,
  }));
  const { partitions } = await log.picture();
  for (const [partition, events] of partitions.entries())
    equal(
      events.map(({ streamId, recordedAt, record, version }) => ({ streamId, recordedAt, record, version })),
      expected.filter(({ streamId }) => log.partitionOf(streamId) === partition),
      `The events of partition ${partition}`,
    );
}

function writeOf(event: StoredEvent): RecordedWrite {
  const { streamId, recordedAt, record } = event;
  const { type, tags = [] } = parseRecord(record);
  return { streamId, recordedAt, record, id: idOf(event), type, tags };
}

function withoutPositions(events: readonly StoredEvent[]): readonly Omit<StoredEvent, 'position'>[] {
  return events.map(({ streamId, version, partition, recordedAt, record }) => ({
    streamId,
    version,
    partition,
    recordedAt,
    record,
  }));
}
