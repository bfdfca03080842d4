/**
 * Expected versions: every kind, on streams in every state, for streams that are written and streams that are only checked.
 */

import type { ExpectedVersion } from '../../core/condition.ts';
import type { AppendBatch } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, present } from '../assertions.ts';
import { writtenOf, type LogUnderTest } from '../log-under-test.ts';
import { oneStream } from '../event-maker.ts';

/** A state that a stream can be in, how it gets there, and which expectations hold in it. */
interface StreamState {
  readonly version: number;
  readonly isTombstoned: boolean;
  readonly holding: readonly ExpectedVersion[];
  readonly prepare: (log: LogUnderTest, streamId: string) => Promise<unknown>;
}

const states: Readonly<Record<string, StreamState>> = {
  'that does not exist': {
    version: 0,
    isTombstoned: false,
    holding: ['any', 'none', 0],
    prepare: async () => {},
  },
  'with one event': {
    version: 1,
    isTombstoned: false,
    holding: ['any', 'exists', 1],
    prepare: (log, id) => log.append(id, log.make.many(1)),
  },
  'with three events': {
    version: 3,
    isTombstoned: false,
    holding: ['any', 'exists', 3],
    prepare: async (log, id) => {
      await log.append(id, log.make.many(2));
      await log.append(id, log.make.many(1));
    },
  },
  'whose beginning was truncated': {
    version: 3,
    isTombstoned: false,
    holding: ['any', 'exists', 3],
    prepare: async (log, id) => {
      await log.append(id, log.make.many(3));
      await log.set(id, { truncateBefore: 3 });
    },
  },
  'of which everything is hidden': {
    version: 3,
    isTombstoned: false,
    holding: ['any', 'exists', 3],
    prepare: async (log, id) => {
      await log.append(id, log.make.many(3));
      await log.set(id, { truncateBefore: 4 });
      await log.remove(id, 4);
    },
  },
  'that has settings and no events': {
    version: 0,
    isTombstoned: false,
    holding: ['any', 'none', 0],
    prepare: (log, id) => log.set(id, { maxCount: 5 }),
  },
  'that was tombstoned': {
    version: 3,
    isTombstoned: true,
    holding: ['any', 3],
    prepare: async (log, id) => {
      await log.append(id, log.make.many(3));
      await log.set(id, { tombstone: true });
    },
  },
  'that was tombstoned before its first event': {
    version: 0,
    isTombstoned: true,
    holding: ['any', 'none', 0],
    prepare: (log, id) => log.set(id, { tombstone: true }),
  },
};

const expectations: readonly ExpectedVersion[] = ['any', 'exists', 'none', 0, 1, 2, 3, 4, 100];

/** Expected versions of every kind, on streams in every state. */
export const expecting: Area = defineArea('expected versions', {
  ...Object.fromEntries(
    Object.entries(states).flatMap(([name, state]) => [
      [
        `a write to a stream ${name} is taken exactly when the expected version holds`,
        (log: LogUnderTest) => testWrites(log, state),
      ],
      [
        `a check of a stream ${name} passes exactly when the expected version holds`,
        (log: LogUnderTest) => testChecks(log, state),
      ],
    ]),
  ),

  'the second of two appends that expect the same version is refused, also when neither is awaited': async (log) => {
    for (const version of [0, 1, 2]) {
      const answers = await Promise.all(
        [1, 2, 3].map(() => log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: version }))),
      );
      equal(
        answers.map(({ kind }) => kind),
        ['appended', 'conflict', 'conflict'],
        `The answers to three appends that expect version ${version}`,
      );
      equal(await log.versionOf('order-1'), version + 1, 'The version after them');
    }
  },

  'an append that expects the version before it is taken though the one before it is not yet answered': async (log) => {
    const batches = Array.from({ length: 60 }, (_, index) =>
      oneStream('order-1', log.make.many(1), { expectedVersion: index }),
    );
    const answers = await Promise.all(batches.map((batch) => log.engine.append(batch)));
    batches.forEach((batch, index) => {
      const answer = present(answers[index], 'The answer');
      equal(writtenOf(batch, answer).streams[0]?.lastVersion, index + 1, `The version after append ${index}`);
    });
    equal(
      (await log.stream('order-1')).map(({ record }) => record),
      batches.flatMap(({ streams }) => streams.flatMap(({ events }) => events.map(({ record }) => record))),
      'The stream',
    );
  },

  'the version that a refusal names lets the next append succeed': async (log) => {
    await log.append('order-1', log.make.many(4));
    for (let round = 0; round < 3; round += 1) {
      const answer = await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 2 }));
      const conflict = answer.kind === 'conflict' ? answer.conflicts[0] : undefined;
      equal(conflict, { kind: 'version', streamId: 'order-1', expected: 2, actual: 4 + round }, 'The conflict');
      await log.append('order-1', log.make.many(1), { expectedVersion: 4 + round });
    }
  },
});

async function testWrites(log: LogUnderTest, { version, isTombstoned, holding, prepare }: StreamState): Promise<void> {
  for (const [index, expected] of expectations.entries()) {
    const streamId = `order-${index}`;
    await prepare(log, streamId);
    const batch = oneStream(streamId, log.make.many(2), { expectedVersion: expected });
    if (isTombstoned) await log.expectConflict(batch, [{ kind: 'tombstone', streamId, actual: version }]);
    else if (!holding.includes(expected))
      await log.expectConflict(batch, [{ kind: 'version', streamId, expected, actual: version }]);
    else
      equal(
        (await log.write(batch)).streams[0]?.firstVersion,
        version + 1,
        `The first version written where ${expected} is expected`,
      );
  }
}

async function testChecks(log: LogUnderTest, { version, holding, prepare }: StreamState): Promise<void> {
  for (const [index, expected] of expectations.entries()) {
    // The stream that is written lies beside the checked one, so that this also works where appends cannot span partitions.
    const [streamId = '', other = ''] = log.streamIds(`order${index}`, 2);
    await prepare(log, streamId);
    const batch: AppendBatch = {
      streams: [
        { streamId: other, expectedVersion: 0, events: log.make.many(1) },
        { streamId, expectedVersion: expected, events: [] },
      ],
    };
    if (!holding.includes(expected))
      await log.expectConflict(batch, [{ kind: 'version', streamId, expected, actual: version }]);
    else
      equal(
        (await log.write(batch)).streams[1],
        { streamId, partition: log.partitionOf(streamId), firstVersion: version + 1, lastVersion: version },
        `A check for ${expected}`,
      );
  }
}
