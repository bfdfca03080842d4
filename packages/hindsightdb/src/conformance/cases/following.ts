/**
 * Predecessors: an append that was decided on events of another append, not yet committed, is written only if that very
 * append was.
 */

import type { AppendAnswer, AppendBatch } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, outcomeOf, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { oneStream } from '../event-maker.ts';

/** Appends that follow a predecessor. */
export const following: Area = defineArea('predecessors', {
  'an append whose predecessor ends the stream is taken': async (log) => {
    const [first, second] = [log.make.many(2), log.make.many(1)];
    await log.append('order-1', first);
    await log.append('order-1', second, { expectedVersion: 2, predecessorId: lastId(first) });
    await log.append('order-1', log.make.many(1), { expectedVersion: 'any', predecessorId: lastId(second) });
    equal(await log.versionOf('order-1'), 4, 'The version of the stream');
  },

  'an append whose predecessor was refused is refused, though nothing else was written': async (log) => {
    await log.append('order-1', log.make.many(1));
    const [refused, follower] = chain(log, 1);
    const answers = await sendAll(log, [refused, follower]);
    equal(kinds(answers), ['conflict', 'conflict'], 'The answers to the refused append and to the one that follows it');
    equal(await log.versionOf('order-1'), 1, 'The version of the stream');
  },

  'an append whose predecessor was refused is refused, though a foreign append of equal length was written in its place':
    async (log) => {
      await log.append('order-1', log.make.many(1));
      const [refused, follower] = chain(log, 1);
      const foreign = oneStream('order-1', log.make.many(2), { expectedVersion: 1 });
      const answers = await sendAll(log, [refused, foreign, follower]);
      equal(
        kinds(answers),
        ['conflict', 'appended', 'conflict'],
        'The answers to the refused append, the foreign one and the follower',
      );
      equal(
        answers[2],
        { kind: 'conflict', conflicts: [{ kind: 'version', streamId: 'order-1', expected: 3, actual: 3 }] },
        'The answer to the follower',
      );
      equal(
        (await log.stream('order-1')).map(({ record }) => record).slice(1),
        recordsOf(foreign),
        'The stream after its first event',
      );
    },

  'an append whose predecessor was overtaken by another handle is refused': async (log) => {
    if (!log.isShared) return equal(log.engine.capabilities.sharedAcrossProcesses, false, 'Whether the log is shared');
    await log.append('order-1', log.make.many(1));
    const other = await log.another();
    await log.write(oneStream('order-1', log.make.many(2), { expectedVersion: 1 }), other);
    const assumed = oneStream('order-1', log.make.many(2), { expectedVersion: 1 });
    const follower = oneStream('order-1', log.make.many(1), {
      expectedVersion: 3,
      predecessorId: lastId(assumed.streams[0]?.events ?? []),
    });
    const answers = await sendAll(log, [assumed, follower]);
    equal(kinds(answers), ['conflict', 'conflict'], 'The answers to the overtaken append and to its follower');
    equal(await log.versionOf('order-1'), 3, 'The version of the stream');
  },

  'a chain of appends that are not awaited, each following the one before, is written whole and in order': async (
    log,
  ) => {
    const batches: AppendBatch[] = [];
    for (let index = 0; index < 50; index += 1) {
      const before = batches.at(-1)?.streams[0]?.events;
      const predecessor = before === undefined ? {} : { predecessorId: lastId(before) };
      batches.push(oneStream('order-1', log.make.many(2), { expectedVersion: 2 * index, ...predecessor }));
    }
    const answers = await sendAll(log, batches);
    equal(new Set(kinds(answers)), new Set(['appended']), 'The kinds of answers');
    equal(
      (await log.stream('order-1')).map(({ record }) => record),
      batches.flatMap(recordsOf),
      'The stream',
    );
  },

  'when an append in a chain is refused, every later one is refused, and nothing of them is written': async (log) => {
    const batches: AppendBatch[] = [];
    for (let index = 0; index < 20; index += 1) {
      const before = batches.at(-1)?.streams[0]?.events;
      const predecessor = before === undefined ? {} : { predecessorId: lastId(before) };
      const failing = index === 7 ? { keyedWrites: [{ key: 'absent', value: '', expectedRevision: 4 }] } : {};
      batches.push(oneStream('order-1', log.make.many(1), { expectedVersion: 'any', ...predecessor, ...failing }));
    }
    const answers = await sendAll(log, batches);
    equal(
      kinds(answers),
      batches.map((_, index) => (index < 7 ? 'appended' : 'conflict')),
      'The answers',
    );
    equal(
      (await log.stream('order-1')).map(({ record }) => record),
      batches.slice(0, 7).flatMap(recordsOf),
      'The stream',
    );
  },

  'an append whose predecessor was withdrawn is refused': async (log) => {
    const assumed = log.make.many(1);
    const withdrawn = outcomeOf(() =>
      log.engine.append(oneStream('order-1', assumed, { expectedVersion: 0 }), { signal: AbortSignal.abort() }),
    );
    const follower = log.engine.append(
      oneStream('order-1', log.make.many(1), { expectedVersion: 'any', predecessorId: lastId(assumed) }),
    );
    equal([(await withdrawn).kind, (await follower).kind], ['rejected', 'conflict'], 'How both appends ended');
    equal(await log.versionOf('order-1'), 0, 'The version of the stream');
  },

  'a predecessor must be the last event of the stream, not an earlier one': async (log) => {
    const events = log.make.many(3);
    await log.append('order-1', events);
    for (const { id } of events.slice(0, 2)) {
      for (const expectedVersion of [3, 'any', 'exists'] as const)
        await log.expectConflict(oneStream('order-1', log.make.many(1), { expectedVersion, predecessorId: id }), [
          { kind: 'version', streamId: 'order-1', expected: expectedVersion, actual: 3 },
        ]);
    }
  },

  'a predecessor in another stream does not count': async (log) => {
    const elsewhere = log.make.many(1);
    await log.append('order-2', elsewhere);
    await log.append('order-1', log.make.many(1));
    const batch = oneStream('order-1', log.make.many(1), { expectedVersion: 1, predecessorId: lastId(elsewhere) });
    await log.expectConflict(batch, [{ kind: 'version', streamId: 'order-1', expected: 1, actual: 1 }]);
  },

  'a stream without events follows no predecessor': async (log) => {
    const batch = oneStream('order-1', log.make.many(1), { expectedVersion: 0, predecessorId: 'never-written' });
    await log.expectConflict(batch, [{ kind: 'version', streamId: 'order-1', expected: 0, actual: 0 }]);
  },

  'the predecessor of a stream that is only checked is checked as well': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    const events = log.make.many(2);
    await log.append(first, events);
    const check = (predecessorId: string): AppendBatch => ({
      streams: [
        { streamId: second, expectedVersion: 'any', events: log.make.many(1) },
        { streamId: first, expectedVersion: 2, events: [], predecessorId },
      ],
    });
    await log.expectConflict(check(events[0]?.id ?? ''), [
      { kind: 'version', streamId: first, expected: 2, actual: 2 },
    ]);
    await log.write(check(lastId(events)));
  },

  'a predecessor is still the last event when settings hide it': async (log) => {
    const events = log.make.many(2);
    await log.append('order-1', events);
    await log.set('order-1', { truncateBefore: 3 });
    await log.append('order-1', log.make.many(1), { expectedVersion: 2, predecessorId: lastId(events) });
  },

  'a retry under its key gets its first answer, though its predecessor no longer ends the stream': async (log) => {
    const first = log.make.many(1);
    await log.append('order-1', first);
    const batch = oneStream('order-1', log.make.many(1), {
      predecessorId: lastId(first),
      expectedVersion: 1,
      key: { key: 'k', digest: 'd' },
    });
    const written = await log.write(batch);
    await log.append('order-1', log.make.many(1));
    await log.expectDuplicate(batch, written);
  },
});

/** An append that will be refused for its keyed write though its version holds, and one decided on its two events. */
function chain(log: LogUnderTest, version: number): [AppendBatch, AppendBatch] {
  const keyedWrites = [{ key: 'absent', value: '', expectedRevision: 4 }];
  const assumed = log.make.many(2);
  const predecessorId = present(assumed[1], 'The last assumed event').id;
  return [
    oneStream('order-1', assumed, { expectedVersion: version, keyedWrites }),
    oneStream('order-1', log.make.many(1), { expectedVersion: version + 2, predecessorId }),
  ];
}

async function sendAll(log: LogUnderTest, batches: readonly AppendBatch[]): Promise<readonly AppendAnswer[]> {
  return await Promise.all(batches.map((batch) => log.engine.append(batch)));
}

function kinds(answers: readonly AppendAnswer[]): readonly string[] {
  return answers.map(({ kind }) => kind);
}

function recordsOf({ streams }: AppendBatch): readonly string[] {
  return streams.flatMap(({ events }) => events.map(({ record }) => record));
}

function lastId(events: readonly { readonly id: string }[]): string {
  return present(events.at(-1), 'The last event').id;
}
