/**
 * Sharing: several handles on one log, in one process or in several, behave like one. A log that is not shared says so, and
 * refuses the second handle.
 */

import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, holds, refuses } from '../assertions.ts';
import { Follower } from '../follower.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';
import { pictureOf } from '../picture.ts';

/** Several handles on one log, and what is asserted of logs that are not shared. */
export const sharing: Area = defineArea('sharing', {
  'a shared log can be opened by a second handle, and one that is not shared refuses it': async (log) => {
    const { wakeWithinMs } = log.engine.capabilities;
    if (log.isShared) {
      holds(log.ways.openAnother, 'The fixture of a shared log does not say how it is opened a second time.');
      holds(wakeWithinMs > 0, 'A shared log must say within which time it wakes followers in other processes.');
      const other = await log.another();
      equal(
        [other.identity, other.capabilities],
        [log.engine.identity, log.engine.capabilities],
        'Identity and capabilities of the second handle',
      );
      return;
    }
    if (log.ways.openAnother) await refuses('A second handle on a log that is not shared', () => log.tryAnother());
    equal(wakeWithinMs, 0, 'The time within which a log that is not shared wakes other processes');
  },

  'each handle sees what the other wrote': whenShared(async (log) => {
    const other = await log.another();
    for (let round = 1; round <= 5; round += 1) {
      await log.append('order-1', log.make.many(1), {
        expectedVersion: 2 * (round - 1),
        keyedWrites: [{ key: 'entry', value: `first ${round}` }],
      });
      await log.eventually(
        'The sight of an append by the second handle',
        async () => (await other.streamInfo('order-1')).version === 2 * round - 1,
      );
      await log.write(
        oneStream('order-1', log.make.many(1), {
          expectedVersion: 2 * round - 1,
          keyedWrites: [{ key: 'entry', value: `second ${round}` }],
        }),
        other,
      );
      await log.eventually(
        'The sight of an append by the first handle',
        async () => (await log.versionOf('order-1')) === 2 * round,
      );
    }
    await log.set('order-1', { truncateBefore: 4 });
    await log.eventually(
      'The sight of settings by the second handle',
      async () => (await other.streamInfo('order-1')).settingsVersion === 1,
    );
    equal(await pictureOf(other), await log.picture(), 'The log as both handles show it');
  }),

  'versions, tombstones and keyed entries are judged by what any handle wrote': whenShared(async (log) => {
    const other = await log.another();
    await log.write(
      oneStream('order-1', log.make.many(2), {
        expectedVersion: 0,
        keyedWrites: [{ key: 'entry', value: '1', expectedRevision: 0 }],
      }),
      other,
    );
    equal(
      await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 0 })),
      { kind: 'conflict', conflicts: [{ kind: 'version', streamId: 'order-1', expected: 0, actual: 2 }] },
      'The answer to a version that another handle has passed',
    );
    equal(
      (await log.engine.keyedWrite([{ key: 'entry', value: '2', expectedRevision: 0 }])).length,
      1,
      'The number of checks that stand against the keyed write',
    );
    await log.append('order-1', log.make.many(1), { expectedVersion: 2 });
    await log.set('order-1', { tombstone: true });
    equal(
      await other.append(oneStream('order-1', log.make.many(1))),
      { kind: 'conflict', conflicts: [{ kind: 'tombstone', streamId: 'order-1', actual: 3 }] },
      'The answer to a stream that another handle has ended',
    );
  }),

  'a key that one handle used is known to the other': whenShared(async (log) => {
    const other = await log.another();
    const batch = oneStream('order-1', log.make.many(2), { key: { key: 'k', digest: 'one' } });
    const written = await log.write(batch);
    equal(await other.append(batch), { kind: 'duplicate', written }, 'The answer to the repetition');
    equal(
      await other.append(oneStream('order-1', log.make.many(1), { key: { key: 'k', digest: 'two' } })),
      { kind: 'keyReused', key: 'k' },
      'The answer to other content',
    );
  }),

  'of appends by several handles at once under the same check exactly one is written': whenShared(async (log) => {
    const others = [await log.another(), await log.another()];
    const handles = [log.engine, ...others];
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 18 }, (_, index) =>
          (handles[index % 3] ?? log.engine).append(oneStream('order-1', log.make.many(1), { expectedVersion: round })),
        ),
      );
      equal(
        answers.filter(({ kind }) => kind === 'appended').length,
        1,
        `How many of 18 appends that expect version ${round} were written`,
      );
      const keyed = await Promise.all(
        Array.from({ length: 18 }, (_, index) =>
          (handles[index % 3] ?? log.engine).keyedWrite([
            { key: `lease-${round}`, value: String(index), expectedRevision: 0 },
          ]),
        ),
      );
      equal(
        keyed.filter((conflicts) => conflicts.length === 0).length,
        1,
        'How many of 18 first writes of an entry were done',
      );
    }
    await log.eventually('The sight of the last append', async () => (await log.versionOf('order-1')) === 4);
  }),

  'of appends by several handles at once under the same condition exactly one is written': whenShared(
    withBoundary(async (log) => {
      const handles = [log.engine, await log.another(), await log.another()];
      for (let round = 0; round < 4; round += 1) {
        const tags = [`seat:${round}`];
        const condition = { query: [{ tags }], after: (await log.engine.heads()).map(() => 0) };
        const answers = await Promise.all(
          Array.from({ length: 18 }, (_, index) =>
            (handles[index % 3] ?? log.engine).append(
              oneStream(`booking-${index}`, log.make.many(1, { tags }), { condition }),
            ),
          ),
        );
        equal(
          answers.filter(({ kind }) => kind === 'appended').length,
          1,
          `How many of 18 appends for seat ${round} were written`,
        );
      }
    }),
  ),

  'a follower is woken for what another handle writes': whenShared(async (log) => {
    const other = await log.another();
    const partition = log.partitionOf('order-1');
    const follower = new Follower(log.engine, { partition });
    for (let round = 1; round <= 5; round += 1) {
      await log.write(oneStream('order-1', log.make.many(1)), other);
      await log.eventually(
        `The sight of append ${round} of another handle by a waiting follower`,
        async () => follower.events.length === round,
      );
    }
    await follower.end();
  }),

  'followers on every handle see exactly the log while every handle writes': whenShared(async (log) => {
    const handles = [log.engine, await log.another()];
    const partition = log.partitionOf('order-1');
    const streams = ['order-1', ...log.neighboursOf('order-1', 5)];
    const followers = handles.map((engine) => new Follower(engine, { partition, limit: 7 }));
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let round = 0; round < 12; round += 1)
          await log.write(
            oneStream(streams[(writer + round) % 6] ?? '', log.make.many(1 + (round % 3))),
            handles[writer % 2],
          );
      }),
    );
    const late = handles.map((engine) => new Follower(engine, { partition, limit: 50 }));
    await log.eventually(
      'The sight of all events by the first handle',
      async () => (await log.wholeLog()).length === 192,
    );
    const expected = (await log.wholeLog()).map(idOf);
    for (const follower of [...followers, ...late]) {
      await log.eventually(
        'The sight of all events by a follower',
        async () => follower.events.length >= expected.length,
      );
      await follower.end();
      equal(follower.events.map(idOf), expected, 'What a follower saw');
    }
    await log.picture();
  }),

  'closing one handle leaves the others as they are': whenShared(async (log) => {
    const other = await log.another();
    await log.append('order-1', log.make.many(1));
    await other.close();
    await log.append('order-1', log.make.many(1), { expectedVersion: 1 });
    equal((await log.stream('order-1')).length, 2, 'The number of events');
    const third = await log.another();
    await log.write(oneStream('order-1', log.make.many(1), { expectedVersion: 2 }), third);
  }),

  'a copy that one handle began keeps the appends of the others out': whenShared(async (log) => {
    const other = await log.another();
    await log.engine.beginCopy();
    await log.engine.appendRecorded([{ ...log.make.one(), streamId: 'order-1', recordedAt: 5 }]);
    await refuses('An append by another handle in the middle of a copy', () =>
      other.append(oneStream('order-1', log.make.many(1))),
    );
    await log.engine.endCopy();
    await log.write(oneStream('order-1', log.make.many(1), { expectedVersion: 1 }), other);
  }),
});

/** A test of shared logs. Of a log that is not shared it is asserted that it does not claim to be. */
function whenShared(run: (log: LogUnderTest) => Promise<void>): (log: LogUnderTest) => Promise<void> {
  return async (log) => {
    if (log.isShared) return await run(log);
    equal(
      [log.engine.capabilities.sharedAcrossProcesses, log.engine.capabilities.wakeWithinMs],
      [false, 0],
      'Whether the log is shared, and the time within which it wakes other processes',
    );
  };
}
