/**
 * Places in the log: heads, single events by position, positions by time.
 */

import { defineArea, type Area } from '../area.ts';
import { equal, present } from '../assertions.ts';
import { idOf } from '../event-maker.ts';
import { readWholeLog } from '../readings.ts';

/** Heads, positions and times. */
export const placing: Area = defineArea('places', {
  'the heads are the positions of the newest events, 0 where there is none': async (log) => {
    const heads = Array.from({ length: log.partitionCount }, () => 0);
    equal(await log.engine.heads(), heads, 'The heads of an empty log');
    for (let round = 0; round < 12; round += 1) {
      const written = await log.append(`order-${round}`, log.make.many(1 + (round % 2)));
      for (const { partition, lastPosition } of written.partitions) heads[partition] = lastPosition;
      equal(await log.engine.heads(), heads, `The heads after append ${round}`);
    }
    const settings = await log.set('order-1', { maxCount: 1 });
    for (const { partition, lastPosition } of settings.partitions) heads[partition] = lastPosition;
    equal(await log.engine.heads(), heads, "The heads after an event of the store's own");
  },

  'the event at a position is the one that a read shows there, and where there is none, there is none': async (log) => {
    for (let round = 0; round < 10; round += 1) await log.append(`order-${round}`, log.make.many(2));
    await log.set('order-1', { truncateBefore: 3 });
    const heads = await log.engine.heads();
    for (const [partition, head] of heads.entries()) {
      const events = (await readWholeLog(log.engine, { partition })).events;
      const positions = new Map(events.map((event) => [event.position, event]));
      for (let position = 0; position <= head + 3; position += 1)
        equal(
          await log.engine.eventAt(partition, position),
          positions.get(position),
          `The event at position ${position} of partition ${partition}`,
        );
      equal(
        await log.engine.eventAt(partition, Number.MAX_SAFE_INTEGER),
        undefined,
        'The event at the greatest position',
      );
    }
  },

  'the position at a time is that of the last event recorded at or before it, also where several share a time': async (
    log,
  ) => {
    const batches: { readonly time: number; readonly last: number }[] = [];
    for (let round = 0; round < 6; round += 1) {
      // Two appends at each second time, of several events each, so that times are shared within a batch and across.
      if (round % 2 === 0) await log.clock.pass(10_000);
      const written = await log.append('order-1', log.make.many(3));
      batches.push({
        time: written.recordedAt,
        last: present(written.partitions[0], 'The partition written to').lastPosition,
      });
    }
    const partition = log.partitionOf('order-1');
    const first = present(batches[0], 'The first batch');
    const expectedAt = (time: number): number => batches.findLast((batch) => batch.time <= time)?.last ?? 0;
    for (const { time } of batches) {
      for (const offset of [-1, 0, 1, 5000])
        equal(
          await log.engine.positionAtTime(partition, time + offset),
          expectedAt(time + offset),
          `The position at ${time} ${offset} microseconds`,
        );
    }
    for (const time of [0, 1, first.time - 1])
      equal(await log.engine.positionAtTime(partition, time), 0, `The position at ${time}, before the first event`);
    equal(
      await log.engine.positionAtTime(partition, Number.MAX_SAFE_INTEGER),
      batches.at(-1)?.last,
      'The position at the end of time',
    );
  },

  'the position at a time is found in each partition by itself, and is 0 in an empty one': async (log) => {
    for (let partition = 0; partition < log.partitionCount; partition += 1)
      equal(
        await log.engine.positionAtTime(partition, Number.MAX_SAFE_INTEGER),
        0,
        `The position in the empty partition ${partition}`,
      );
    for (let round = 0; round < 20; round += 1) {
      await log.clock.pass(1000);
      await log.append(`order-${round}`, log.make.many(1));
    }
    for (let partition = 0; partition < log.partitionCount; partition += 1) {
      const { events } = await readWholeLog(log.engine, { partition });
      for (const event of events)
        equal(
          await log.engine.positionAtTime(partition, event.recordedAt),
          events.findLast(({ recordedAt }) => recordedAt <= event.recordedAt)?.position,
          `The position at ${event.recordedAt}`,
        );
    }
  },

  'the position at a time counts the events of the store itself': async (log) => {
    await log.append('order-1', log.make.many(1));
    await log.clock.pass(10_000);
    const settings = await log.set('order-1', { maxCount: 4 });
    const { partition, lastPosition, lastEventId } = present(settings.partitions[0], 'The partition written to');
    equal(
      await log.engine.positionAtTime(partition, settings.recordedAt),
      lastPosition,
      'The position at the time of the settings',
    );
    equal(
      idOf(present(await log.engine.eventAt(partition, lastPosition), 'The event')),
      lastEventId,
      'The id of the event there',
    );
  },

  'the position at a time is found in a long log with a clock that went backward': async (log) => {
    const start = log.clock.now();
    for (let round = 0; round < 200; round += 1) {
      if (log.clock.isExact) log.clock.set(start + ((round * 7919) % 1000) * 1000);
      await log.append('order-1', log.make.many(1));
    }
    const partition = log.partitionOf('order-1');
    const { events } = await readWholeLog(log.engine, { partition });
    for (const time of new Set(events.map(({ recordedAt }) => recordedAt))) {
      for (const offset of [-1, 0])
        equal(
          await log.engine.positionAtTime(partition, time + offset),
          events.findLast(({ recordedAt }) => recordedAt <= time + offset)?.position ?? 0,
          `The position at ${time} ${offset}`,
        );
    }
  },
});
