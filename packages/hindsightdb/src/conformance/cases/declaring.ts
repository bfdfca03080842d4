/**
 * Declarations: what an engine says of itself and of the log is well-formed and true.
 */

import { portableLimits } from '../../core/limits.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, holds, present } from '../assertions.ts';
import { oneStream } from '../event-maker.ts';

/** Declarations of the engine and of the log. */
export const declaring: Area = defineArea('declarations', {
  'the capabilities are complete and well-formed': async (log) => {
    const { engine, durability, spansPartitions, sharedAcrossProcesses, wakeWithinMs, limits } =
      log.engine.capabilities;
    holds(engine.length > 0, 'The engine has no name.');
    holds(['none', 'process', 'power'].includes(durability), `Durability is ${durability}.`);
    equal(
      [typeof spansPartitions, typeof sharedAcrossProcesses],
      ['boolean', 'boolean'],
      'The types of two capabilities',
    );
    holds(wakeWithinMs >= 0 && Number.isFinite(wakeWithinMs), `wakeWithinMs is ${wakeWithinMs}.`);
    for (const [name, bound] of Object.entries(portableLimits)) {
      const own: unknown = Reflect.get(limits, name);
      holds(
        typeof own === 'number' && own >= bound,
        `The limit ${name} is ${String(own)}, less than the portable ${bound} that every engine takes.`,
      );
    }
  },

  'the identity names the log, and every partition in each epoch': async (log) => {
    const { logId, lineage, partitionCount } = log.engine.identity;
    holds(
      logId.length > 0 && !logId.includes('~'),
      `The log id is ${JSON.stringify(logId)}; checkpoints name it between tildes.`,
    );
    holds(lineage.length > 0, 'The lineage is empty.');
    for (const { epoch, firstPositions, beganAt } of lineage) {
      holds(epoch.length > 0 && !epoch.includes('~'), `An epoch is called ${JSON.stringify(epoch)}.`);
      equal(firstPositions.length, partitionCount, 'The number of first positions');
      holds(Number.isSafeInteger(beganAt), `An epoch began at ${beganAt}.`);
    }
    equal(new Set(lineage.map(({ epoch }) => epoch)).size, lineage.length, 'The number of different epochs');
    const written = await log.append('order-1', log.make.many(1));
    const { partition, firstPosition } = present(written.partitions[0], 'The partition written to');
    holds(
      firstPosition >= (lineage.at(-1)?.firstPositions[partition] ?? 0),
      'The first event stands before the first position of the epoch.',
    );
  },

  'an append of as many events, streams and tags as the limits allow is taken': async (log) => {
    const { eventsPerAppendMax, streamsPerAppendMax, tagsPerEventMax } = log.engine.capabilities.limits;
    const count = Math.min(eventsPerAppendMax, 10_000);
    await log.append('order-1', log.make.many(count));
    equal(await log.versionOf('order-1'), count, 'The version after one append of as many events as one may have');
    equal((await log.stream('order-1')).length, count, 'The number of events that a read of the stream shows');
    const streams = log.canSpan
      ? Array.from({ length: Math.min(streamsPerAppendMax, 1000) }, (_, index) => `many-${index}`)
      : log.neighboursOf('order-1', Math.min(streamsPerAppendMax, 100));
    const written = await log.write({
      streams: streams.map((streamId, index) => ({
        streamId,
        expectedVersion: 0,
        events: index % 2 === 0 ? log.make.many(1) : [],
      })),
    });
    equal(
      written.streams.map(({ streamId, lastVersion }) => [streamId, lastVersion]),
      streams.map((streamId, index) => [streamId, index % 2 === 0 ? 1 : 0]),
      'The streams of an append to as many as one may have',
    );
    const tags = Array.from({ length: Math.min(tagsPerEventMax, 256) }, (_, index) => `tag:${index}`);
    await log.append('tagged-1', log.make.many(2, { tags }));
    for (const tag of [tags[0] ?? '', tags.at(-1) ?? ''])
      equal(
        (await log.wholeLogBy({ query: [{ tags: [tag] }], includeReserved: false })).length,
        2,
        `The number of events found by ${tag}`,
      );
  },

  'statistics are numbers and texts': async (log) => {
    await log.append('order-1', log.make.many(3));
    for (const [name, value] of Object.entries(await log.engine.statistics()))
      holds(typeof value === 'number' || typeof value === 'string', `The statistic ${name} is ${typeof value}.`);
  },

  'a check of a sound log finds nothing, and counts what is there': async (log) => {
    const { maintenance } = log.engine;
    if (maintenance === undefined) return equal(maintenance, undefined, 'The maintenance of an engine that has none');
    await log.append('order-1', log.make.many(3, { tags: ['a'] }));
    await log.append('order-2', log.make.many(2));
    await log.set('order-1', { truncateBefore: 3 });
    await log.remove('order-1', 3);
    await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 77 }));
    const { findings, eventCount, streamCount } = await maintenance.check();
    equal(findings, [], 'What the check found');
    equal([eventCount, streamCount], [7, 3], 'The numbers of events and streams');
  },
});
