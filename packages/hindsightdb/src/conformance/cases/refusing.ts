/**
 * Refusals: an append that is not as it states leaves no trace, and says everything that stood against it.
 */

import type { Conflict } from '../../core/errors.ts';
import type { AppendBatch, StreamWrite } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, fail, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';

/** Refusals, and that they leave no trace. */
export const refusing: Area = defineArea('refusals', {
  'an append to several streams is refused whole when one of them is not as expected': async (log) => {
    const streams = log.streamIds('order', 4);
    await log.append(streams[0] ?? '', log.make.many(2));
    for (const [failing, streamId] of streams.entries()) {
      const actual = await log.versionOf(streamId);
      const writes: StreamWrite[] = [];
      for (const [index, id] of streams.entries())
        writes.push({
          streamId: id,
          expectedVersion: index === failing ? 7 : await log.versionOf(id),
          events: log.make.many(2),
        });
      await log.expectConflict({ streams: writes }, [{ kind: 'version', streamId, expected: 7, actual }]);
    }
    for (const streamId of streams.slice(1))
      equal(
        await log.engine.streamInfo(streamId),
        { streamId, version: 0, settings: undefined, settingsVersion: 0, lastEventId: undefined },
        'What is known of a stream that was never written',
      );
  },

  'a stream that is only checked refuses the writes to the others': async (log) => {
    const [first = '', second = ''] = log.streamIds('order', 2);
    for (const order of ['before', 'after']) {
      const write: StreamWrite = { streamId: first, expectedVersion: 'any', events: log.make.many(2) };
      const check: StreamWrite = { streamId: second, expectedVersion: 'exists', events: [] };
      const streams = order === 'before' ? [check, write] : [write, check];
      await log.expectConflict({ streams }, [{ kind: 'version', streamId: second, expected: 'exists', actual: 0 }]);
    }
  },

  'an append that only checks is refused when the check does not hold': async (log) => {
    await log.append('order-1', log.make.many(2));
    await log.expectConflict(oneStream('order-1', [], { expectedVersion: 1 }), [
      { kind: 'version', streamId: 'order-1', expected: 1, actual: 2 },
    ]);
  },

  'every check that fails is listed with what was found, in the order streams, condition, keyed store': async (log) => {
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = log.streamIds('order', 5);
    await log.append(first, log.make.many(2));
    await log.append(second, log.make.many(3));
    await log.set(second, { tombstone: true });
    await log.append(fourth, log.make.many(1));
    await log.engine.keyedWrite([
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
    ]);
    const revision = (await log.engine.keyedGet('a'))?.revision ?? 0;
    const streams: readonly StreamWrite[] = [
      { streamId: first, expectedVersion: 1, events: log.make.many(1) },
      { streamId: second, expectedVersion: 3, events: log.make.many(1) },
      { streamId: third, expectedVersion: 'exists', events: [] },
      { streamId: fourth, expectedVersion: 1, events: log.make.many(1) },
      { streamId: fifth, expectedVersion: 4, events: log.make.many(1) },
    ];
    const keyedWrites = [
      { key: 'a', value: '2', expectedRevision: revision + 77 },
      { key: 'b', value: '2' },
      { key: 'c', value: '2', expectedRevision: 5 },
    ];
    const expected: Conflict[] = [
      { kind: 'version', streamId: first, expected: 1, actual: 2 },
      { kind: 'tombstone', streamId: second, actual: 3 },
      { kind: 'version', streamId: third, expected: 'exists', actual: 0 },
      { kind: 'version', streamId: fifth, expected: 4, actual: 0 },
      { kind: 'keyedStore', key: 'a', expected: revision + 77, actual: revision },
      { kind: 'keyedStore', key: 'c', expected: 5, actual: 0 },
    ];
    await log.expectConflict({ streams, keyedWrites }, expected);
    if (log.canSpan) await expectWithCondition(log, { streams, keyedWrites }, expected);
  },

  'a refused append leaves no trace in the log, the streams and the keyed store, for whatever reason': withBoundary(
    async (log) => {
      await log.append('order-1', log.make.many(2, { tags: ['a'] }), { key: { key: 'known', digest: 'one' } });
      await log.engine.keyedWrite([{ key: 'entry', value: 'before' }]);
      await log.append('order-9', log.make.many(1));
      await log.set('order-9', { tombstone: true });
      const keyedWrites = [
        { key: 'entry', value: 'after' },
        { key: 'other', value: 'new' },
        { key: 'more', value: null },
      ];
      const known = await log.stream('order-1');
      const tagged = { query: [{ tags: ['a'] }], after: (await log.engine.heads()).map(() => 0) };
      const refused: Readonly<Record<string, AppendBatch>> = {
        version: oneStream('order-2', log.make.many(2), {
          expectedVersion: 1,
          keyedWrites,
          key: { key: 'new', digest: 'x' },
        }),
        tombstone: oneStream('order-9', log.make.many(2), { keyedWrites, key: { key: 'new', digest: 'x' } }),
        condition: oneStream('order-2', log.make.many(2), {
          condition: tagged,
          keyedWrites,
          key: { key: 'new', digest: 'x' },
        }),
        'keyed store': oneStream('order-2', log.make.many(2), {
          keyedWrites: [...keyedWrites, { key: 'last', value: '', expectedRevision: 9 }],
          key: { key: 'new', digest: 'x' },
        }),
        predecessor: oneStream('order-1', log.make.many(2), {
          expectedVersion: 2,
          predecessorId: 'never-written',
          keyedWrites,
          key: { key: 'new', digest: 'x' },
        }),
        'reused key': oneStream('order-2', log.make.many(2), { keyedWrites, key: { key: 'known', digest: 'two' } }),
        settings: { ...log.settingsBatch('order-1', { truncateBefore: 2 }, { expectedVersion: 4, keyedWrites }) },
        mixture: oneStream(
          'order-1',
          [log.make.one({ id: idOf(present(known[0], 'The first event')) }), log.make.one()],
          { expectedVersion: 0, keyedWrites },
        ),
      };
      for (const [reason, batch] of Object.entries(refused)) {
        await log.expectNoTrace(async () => {
          const { kind } = await log.engine.append(batch);
          if (kind === 'appended' || kind === 'duplicate')
            fail(`An append that must be refused for its ${reason} was answered with ${kind}.`);
        });
      }
      await log.append('order-1', log.make.many(1), { expectedVersion: 2 });
      await log.append('order-2', log.make.many(1), { expectedVersion: 0, key: { key: 'new', digest: 'other' } });
    },
  ),

  'a refused append does not stand in the way of the ones that wait behind it': async (log) => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: index % 3 === 1 ? 1000 : 'any' })),
      ),
    );
    equal(
      answers.map(({ kind }) => kind),
      answers.map((_, index) => (index % 3 === 1 ? 'conflict' : 'appended')),
      'The answers',
    );
    equal(await log.versionOf('order-1'), 40, 'The version of the stream');
    await log.picture();
  },

  'an append is not judged by one before it that is refused, though that one is not yet answered': withBoundary(
    async (log) => {
      const [neighbour = ''] = log.neighboursOf('order-1', 1);
      const condition = { query: [{ tags: ['a'] }], after: await log.engine.heads() };
      const keyedWrites = [{ key: 'entry', value: '1', expectedRevision: 0 }];
      const refused = oneStream('order-1', log.make.many(2, { tags: ['a'] }), {
        expectedVersion: 50,
        keyedWrites,
        key: { key: 'k', digest: 'one' },
      });
      const taken = [
        oneStream('order-1', log.make.many(1), { expectedVersion: 0, condition }),
        oneStream(neighbour, log.make.many(1), { keyedWrites }),
        oneStream(neighbour, log.make.many(1), { expectedVersion: 1, key: { key: 'k', digest: 'two' } }),
      ];
      const answers = await Promise.all([refused, ...taken].map((batch) => log.engine.append(batch)));
      equal(
        answers.map(({ kind }) => kind),
        ['conflict', 'appended', 'appended', 'appended'],
        'The answers to an append that is refused and to those behind it',
      );
    },
  ),

  'a refusal never comes before the answer to the append that it rests on': async (log) => {
    for (let round = 0; round < 20; round += 1) {
      const answered: string[] = [];
      const send = async (): Promise<unknown> =>
        answered.push(
          (await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: round }))).kind,
        );
      await Promise.all([send(), send(), send()]);
      equal(answered, ['appended', 'conflict', 'conflict'], 'The answers in the order in which they came');
    }
  },

  'settings of a refused append are not applied': async (log) => {
    await log.append('order-1', log.make.many(3));
    await log.set('order-1', { maxCount: 2 });
    await log.expectNoTrace(async () => {
      const answer = await log.engine.append(log.settingsBatch('order-1', { tombstone: true }, { expectedVersion: 0 }));
      equal(
        answer,
        { kind: 'conflict', conflicts: [{ kind: 'version', streamId: '$settings-order-1', expected: 0, actual: 1 }] },
        'The answer',
      );
    });
  },
});

async function expectWithCondition(
  log: LogUnderTest,
  batch: AppendBatch,
  expected: readonly Conflict[],
): Promise<void> {
  const matching = log.make.one({ tags: ['the-only-one'] });
  const written = await log.append('customer-1', [matching]);
  const { partition = 0, lastPosition = 0 } = written.partitions[0] ?? {};
  const condition = { query: [{ tags: ['the-only-one'] }], after: (await log.engine.heads()).map(() => 0) };
  const found: Conflict = { kind: 'condition', partition, position: lastPosition, eventId: matching.id };
  await log.expectConflict({ ...batch, condition }, [...expected.slice(0, 4), found, ...expected.slice(4)]);
}
