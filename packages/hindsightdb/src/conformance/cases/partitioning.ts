/**
 * Partitions: a stream lives in exactly one, and each has its own order. What may concern several is a capability.
 */

import { settingsStreamOf } from '../../core/stream-id.ts';
import type { AppendBatch } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, fail, holds, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';

/** Where Kafka's default partitioner puts keys, out of four partitions: published values of its hash, made positive, modulo 4. */
const knownPartitions: Readonly<Record<string, number>> = {
  '21': 0,
  foobar: 2,
  'a-little-bit-long-string': 0,
  'a-little-bit-longer-string': 3,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: 1,
  abc: 3,
};

/** Partitions. */
export const partitioning: Area = defineArea('partitions', {
  'the log has as many partitions as it was opened with': async (log) => {
    equal(log.engine.identity.partitionCount, log.partitionCount, 'The number of partitions that the identity names');
    equal((await log.engine.heads()).length, log.partitionCount, 'The number of heads');
  },

  "a stream lives where Kafka's default partitioner would put its id": async (log) => {
    for (const [streamId, of4] of Object.entries(knownPartitions)) {
      const written = await log.append(streamId, log.make.many(1));
      if (log.partitionCount === 4) equal(written.streams[0]?.partition, of4, `The partition of ${streamId}`);
      if (log.partitionCount === 1) equal(written.streams[0]?.partition, 0, `The partition of ${streamId}`);
      equal(written.streams[0]?.partition, log.partitionOf(streamId), `The partition of ${streamId}`);
    }
    for (const streamId of ['é-1', '🙂-1', 'order-1', 'order-2', 'x'.repeat(200)])
      equal(
        (await log.append(streamId, log.make.many(1))).streams[0]?.partition,
        log.partitionOf(streamId),
        `The partition of ${streamId}`,
      );
  },

  'every event of a stream is in the partition of the stream, and in no other': async (log) => {
    for (let index = 0; index < 80; index += 1) await log.append(`order-${index % 20}`, log.make.many(1 + (index % 2)));
    const all = await log.wholeLog();
    equal(all.length, 120, 'The number of events in all partitions');
    for (const event of all)
      equal(event.partition, log.partitionOf(event.streamId), `The partition of an event of ${event.streamId}`);
    for (let index = 0; index < 20; index += 1) {
      const streamId = `order-${index}`;
      equal(
        await log.stream(streamId),
        all.filter((event) => event.streamId === streamId),
        `The events of ${streamId} by a read of the stream and of the log`,
      );
    }
    holds(
      log.partitionCount === 1 || new Set(all.map(({ partition }) => partition)).size > 1,
      'Twenty streams are all in one partition.',
    );
  },

  'the settings of a stream live beside it': async (log) => {
    for (let index = 0; index < 10; index += 1) {
      const written = await log.set(`order-${index}`, { maxCount: 5 });
      equal(
        written.streams[0],
        {
          streamId: settingsStreamOf(`order-${index}`),
          partition: log.partitionOf(`order-${index}`),
          firstVersion: 1,
          lastVersion: 1,
        },
        `The settings of order-${index}`,
      );
    }
  },

  'an append may concern several partitions exactly when the engine says so': async (log) => {
    if (log.partitionCount === 1)
      return equal(
        (await log.append('order-1', log.make.many(1))).partitions.length,
        1,
        'The number of partitions written to',
      );
    const apart = streamsApart(log);
    const batch: AppendBatch = {
      streams: apart.map((streamId) => ({ streamId, expectedVersion: 0, events: log.make.many(2) })),
    };
    if (!log.engine.capabilities.spansPartitions) {
      await log.expectRefusal('An append to several partitions', () => log.engine.append(batch), 'UNSUPPORTED');
      const check: AppendBatch = {
        streams: apart.map((streamId, index) => ({
          streamId,
          expectedVersion: 'any',
          events: index === 0 ? log.make.many(1) : [],
        })),
      };
      return await log.expectRefusal(
        'An append that checks streams of other partitions',
        () => log.engine.append(check),
        'UNSUPPORTED',
      );
    }
    const written = await log.write(batch);
    equal(
      new Set(written.partitions.map(({ partition }) => partition)),
      new Set(apart.map((streamId) => log.partitionOf(streamId))),
      'The partitions written to',
    );
    for (const { partition, lastEventId } of written.partitions) {
      const stream = present(
        batch.streams.find(({ streamId }) => log.partitionOf(streamId) === partition),
        'The stream in the partition',
      );
      equal(lastEventId, stream.events.at(-1)?.id, `The last event in partition ${partition}`);
    }
    for (const event of await log.wholeLog())
      equal(event.recordedAt, written.recordedAt, 'The time of an event of the append');
    const refused = {
      streams: batch.streams.map((write, index) => ({
        ...write,
        events: log.make.many(1),
        expectedVersion: index === apart.length - 1 ? 9 : 2,
      })),
    };
    await log.expectConflict(refused, [{ kind: 'version', streamId: apart.at(-1) ?? '', expected: 9, actual: 2 }]);
  },

  'a condition sees the events of every partition exactly when the engine says so': withBoundary(async (log) => {
    const apart = streamsApart(log);
    for (const [index, streamId] of apart.entries()) {
      const after = await log.engine.heads();
      await log.append(streamId, log.make.many(1, { tags: [`t:${index}`] }));
      for (const other of apart) {
        const answer = await log.engine.append({
          streams: [{ streamId: other, expectedVersion: 'any', events: log.make.many(1) }],
          condition: { query: [{ tags: [`t:${index}`] }], after },
        });
        if (answer.kind !== 'conflict')
          fail(
            `An append to partition ${log.partitionOf(other)} did not see the matching event in partition ${log.partitionOf(streamId)}.`,
          );
        equal(
          answer.conflicts.map((conflict) => conflict.kind === 'condition' && conflict.partition),
          [log.partitionOf(streamId)],
          'The partition of the matching event',
        );
      }
    }
  }),
});

/** One stream in each partition. */
function streamsApart(log: LogUnderTest): readonly string[] {
  const found = new Map<number, string>();
  for (let number = 1; found.size < log.partitionCount; number += 1) {
    const streamId = `order-${number}`;
    if (!found.has(log.partitionOf(streamId))) found.set(log.partitionOf(streamId), streamId);
  }
  return [...found.values()];
}
