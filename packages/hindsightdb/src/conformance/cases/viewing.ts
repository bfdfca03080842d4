/**
 * Views that an append carries with it: taken only where they are complete, written with the events, and moved on.
 */

import { isoOfMicros } from '../../core/time.ts';
import type { AppendAnswer, AppendBatch } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, present } from '../assertions.ts';
import { oneStream } from '../event-maker.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { completeViews, expectComplete, fact, progressOf, viewOf } from '../view-maker.ts';

/** Views in the transaction of an append. */
export const viewing: Area = defineArea('views of an append', {
  'an append writes to a view that is complete, in order, and moves its entry to the new head': async (log) => {
    await log.append('order-1', log.make.many(3));
    await completeViews(log, 'progress');
    const keyedWrites = [
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
      { key: 'a', value: null },
      { key: 'b', value: '2' },
    ];
    await log.append('order-1', log.make.many(2), { views: [viewOf('progress', { keyedWrites })] });
    await expectComplete(log, 'progress');
    equal(await valuesOf(log, 'a', 'b'), [undefined, '2'], 'The entries of the view');
  },

  'an append is stale where a view is behind, ahead, absent or says nothing that can be read': async (log) => {
    await log.append('order-1', log.make.many(3));
    const heads = await log.engine.heads();
    const off = (by: number): string => JSON.stringify(heads.map((head) => head + by));
    const batch = oneStream('order-1', log.make.many(1), { views: [viewOf('progress', { keyedWrites: docs })] });
    await expectStale(log, batch, ['progress']);
    const wrong = ['', 'null', '{}', '3', '"3"', JSON.stringify(heads.map(String)), '[]', '[', off(-1), off(1)];
    for (const value of [...wrong, JSON.stringify([...heads, 0])]) {
      await log.engine.keyedWrite([{ key: 'progress', value }]);
      await expectStale(log, batch, ['progress']);
    }
    await completeViews(log, 'progress');
    await log.write(batch);
    await expectComplete(log, 'progress');
  },

  'an append without a view leaves it behind, and is taken again with it when it was brought up': async (log) => {
    await completeViews(log, 'progress');
    await log.append('order-1', log.make.many(1));
    const batch = oneStream('order-1', log.make.many(1), { views: [viewOf('progress', { keyedWrites: docs })] });
    await expectStale(log, batch, ['progress']);
    await completeViews(log, 'progress');
    await log.write(batch);
    await expectComplete(log, 'progress');
    equal(await log.versionOf('order-1'), 2, 'The version of the stream');
  },

  'every view that is stale is named, and one is enough to refuse the whole append': async (log) => {
    await log.append('order-1', log.make.many(1));
    await completeViews(log, 'one', 'three');
    const views = ['one', 'two', 'three', 'four'].map((key) =>
      viewOf(key, { keyedWrites: [{ key: `${key}/doc`, value: '1' }] }),
    );
    await expectStale(log, oneStream('order-1', log.make.many(1), { views }), ['two', 'four']);
    await completeViews(log, 'two', 'four');
    await log.append('order-1', log.make.many(1), { views });
    await expectComplete(log, 'one', 'two', 'three', 'four');
  },

  'whatever else stands against an append comes before its views': async (log) => {
    await log.append('order-1', log.make.many(1));
    const views = [viewOf('absent', { keyedWrites: docs })];
    await log.expectConflict(oneStream('order-1', log.make.many(1), { expectedVersion: 0, views }), [
      { kind: 'version', streamId: 'order-1', expected: 0, actual: 1 },
    ]);
    const keyedWrites = [{ key: 'k', value: '1', expectedRevision: 7 }];
    await log.expectConflict(oneStream('order-1', log.make.many(1), { keyedWrites, views }), [
      { kind: 'keyedStore', key: 'k', expected: 7, actual: 0 },
    ]);
    await log.append('order-1', log.make.many(1), { key: { key: 'k', digest: 'one' } });
    const reused = oneStream('order-1', log.make.many(1), { key: { key: 'k', digest: 'two' }, views });
    await log.expectNoTrace(async () =>
      equal(await log.engine.append(reused), { kind: 'keyReused', key: 'k' }, 'The answer under a key that was used'),
    );
  },

  'a repetition gets its first answer whatever has become of its views': async (log) => {
    await completeViews(log, 'progress');
    const views = [viewOf('progress', { keyedWrites: docs })];
    const keyed = oneStream('order-1', log.make.many(2), { key: { key: 'k', digest: 'd' }, views });
    const first = await log.write(keyed);
    const exact = oneStream('order-2', log.make.many(2), { expectedVersion: 0, views });
    const second = await log.write(exact);
    await log.append('order-1', log.make.many(1));
    await log.append('order-2', log.make.many(1));
    await log.expectDuplicate(keyed, first);
    await log.expectDuplicate(exact, second);
    await log.engine.keyedWrite([{ key: 'progress', value: null }]);
    await log.expectDuplicate(keyed, first);
  },

  'positions, versions and times are filled in where they stand for an event of the append': async (log) => {
    const [one = '', two = ''] = log.streamIds('order', 2);
    await log.append(one, log.make.many(2));
    await completeViews(log, 'progress');
    const facts = (pending: 'position' | 'version'): (string | ReturnType<typeof fact>)[] =>
      [0, 1].flatMap((stream) => [0, 1].flatMap((event) => [fact(pending, { stream, event }), ' ']));
    const written = await log.write({
      streams: [
        { streamId: one, expectedVersion: 'any', events: log.make.many(2) },
        { streamId: two, expectedVersion: 0, events: log.make.many(2) },
      ],
      views: [
        viewOf('progress', {
          keyedWrites: [
            { key: 'positions', value: facts('position') },
            { key: ['versions/', fact('version', { event: 1 })], value: facts('version') },
            { key: 'time', value: ['{"at":"', fact('recordedAt', { stream: 1, event: 1 }), '"}'] },
            { key: ['time/', fact('recordedAt')], value: [] },
          ],
        }),
      ],
    });
    const positions = [...(await log.stream(one)).slice(2), ...(await log.stream(two))].map(({ position }) => position);
    const time = isoOfMicros(written.recordedAt);
    equal(
      await valuesOf(log, 'positions', 'versions/4', 'time', `time/${time}`),
      [`${positions.join(' ')} `, '3 4 1 2 ', `{"at":"${time}"}`, ''],
      'The entries with their facts',
    );
    equal(
      (await log.stream(two)).map(({ recordedAt }) => recordedAt),
      [written.recordedAt, written.recordedAt],
      'The times of the events',
    );
  },

  'a view that has nothing to write is moved, and an append without events moves none': async (log) => {
    await completeViews(log, 'progress');
    await log.append('order-1', log.make.many(2), { views: [viewOf('progress')] });
    await expectComplete(log, 'progress');
    const before = await log.engine.keyedGet('progress');
    await log.write(
      oneStream('order-1', [], { expectedVersion: 2, views: [viewOf('progress', { keyedWrites: docs })] }),
    );
    equal(await log.engine.keyedGet('progress'), before, 'The entry after an append without events');
    equal(await valuesOf(log, 'doc'), ['1'], 'The entry that it wrote');
  },

  'a view moves in the partitions that are written to, and keeps its places in the others': async (log) => {
    const ids = Array.from({ length: 12 }, (_, index) => `order-${index}`);
    for (const id of ids) await log.append(id, log.make.many(1));
    const heads = await log.engine.heads();
    const partition = log.partitionOf('order-1');
    // Behind everywhere but where is written to.
    await log.engine.keyedWrite([
      { key: 'progress', value: JSON.stringify(heads.map((head, each) => (each === partition ? head : head - 1))) },
    ]);
    await log.append('order-1', log.make.many(2), { views: [viewOf('progress')] });
    const now = await log.engine.heads();
    equal(
      await progressOf(log, 'progress'),
      heads.map((head, each) => (each === partition ? now[each] : head - 1)),
      'How far the view is complete',
    );
  },

  'a view is stale where an entry is not at the revision that its write expects': async (log) => {
    await completeViews(log, 'progress');
    await log.engine.keyedWrite([{ key: 'doc', value: '0' }]);
    const { revision } = present(await log.engine.keyedGet('doc'), 'The entry');
    const writing = (expectedRevision: number, key: string | readonly (string | ReturnType<typeof fact>)[] = 'doc') =>
      oneStream('order-1', log.make.many(1), {
        views: [viewOf('progress', { keyedWrites: [{ key, value: '1', expectedRevision }] })],
      });
    await expectStale(log, writing(0), ['progress']);
    await expectStale(log, writing(revision + 1), ['progress']);
    await expectStale(log, writing(3, ['doc/', fact('version')]), ['progress']);
    await log.write(writing(revision));
    await expectStale(log, writing(revision), ['progress']);
    await log.write(writing(0, ['doc/', fact('version')]));
    equal(await valuesOf(log, 'doc', 'doc/2'), ['1', '1'], 'The entries');
    await log.engine.keyedWrite([{ key: 'doc/3', value: 'taken' }]);
    await expectStale(log, writing(0, ['doc/', fact('version')]), ['progress']);
    await expectComplete(log, 'progress');
  },

  'appends that are not awaited carry a view one after the other': async (log) => {
    await completeViews(log, 'progress', 'other');
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        log.engine.append(
          oneStream(`order-${index % 3}`, log.make.many(1 + (index % 2)), {
            views: [
              viewOf('progress', { keyedWrites: [{ key: ['doc/', String(index)], value: [fact('position')] }] }),
              ...(index < 20 ? [viewOf('other')] : []),
            ],
          }),
        ),
      ),
    );
    equal(
      kindsOf(answers),
      Array.from({ length: 40 }, () => 'appended'),
      'The answers',
    );
    await expectComplete(log, 'progress');
    const events = await log.wholeLog();
    for (let index = 0; index < 40; index += 1) {
      const answer = answers[index];
      const position = answer?.kind === 'appended' ? answer.written.partitions[0]?.firstPosition : undefined;
      equal(await valuesOf(log, `doc/${index}`), [String(position)], 'The entry with the position');
    }
    equal(events.length, 60, 'The number of events');
    // The other view was carried by the first twenty alone, and is behind by what came after.
    const batch = oneStream('order-0', log.make.many(1), { views: [viewOf('other')] });
    await expectStale(log, batch, ['other']);
  },

  'of appends that are not awaited, those with a view are stale behind one without it': async (log) => {
    await completeViews(log, 'progress');
    const views = [viewOf('progress', { keyedWrites: docs })];
    const answers = await Promise.all([
      log.engine.append(oneStream('order-1', log.make.many(1), { views })),
      log.engine.append(oneStream('order-1', log.make.many(1))),
      log.engine.append(oneStream('order-1', log.make.many(1), { views })),
      log.engine.append(oneStream('order-1', log.make.many(1))),
    ]);
    equal(kindsOf(answers), ['appended', 'appended', 'viewStale', 'appended'], 'The answers');
    equal(await log.versionOf('order-1'), 3, 'The version of the stream');
  },

  'who writes the entry of a view between its appends is judged by its present revision, and heeded': async (log) => {
    await completeViews(log, 'progress');
    const { value, revision } = present(await log.engine.keyedGet('progress'), 'The entry');
    const views = [viewOf('progress')];
    const [first, refused, second, taken, third] = await Promise.all([
      log.engine.append(oneStream('order-1', log.make.many(1), { views })),
      log.engine.keyedWrite([{ key: 'progress', value, expectedRevision: revision }]),
      log.engine.append(oneStream('order-1', log.make.many(1), { views })),
      log.engine.keyedWrite([{ key: 'progress', value }]),
      log.engine.append(oneStream('order-1', log.make.many(1), { views })),
    ]);
    equal(kindsOf([first, second, third]), ['appended', 'appended', 'viewStale'], 'The answers to the appends');
    equal([refused.length, taken], [1, []], 'The answers to the keyed writes');
    equal((await log.engine.keyedGet('progress'))?.value, value, 'The entry, as it was set back');
  },

  'a view that was moved is found so when the log is opened again': async (log) => {
    await completeViews(log, 'progress');
    await log.append('order-1', log.make.many(2), { views: [viewOf('progress', { keyedWrites: docs })] });
    await expectComplete(log, 'progress');
    if (!log.isDurable) return;
    await log.reopenAfterLoss();
    await expectComplete(log, 'progress');
    equal(await valuesOf(log, 'doc'), ['1'], 'The entry of the view');
    await log.append('order-1', log.make.many(1), { views: [viewOf('progress')] });
    await expectComplete(log, 'progress');
  },

  'a view is behind what another handle has appended without it': async (log) => {
    await completeViews(log, 'progress');
    const batch = oneStream('order-1', log.make.many(1), { views: [viewOf('progress')] });
    await log.write(batch);
    const engine = log.isShared ? await log.another() : log.engine;
    await log.write(oneStream('order-1', log.make.many(1)), engine);
    await expectStale(log, oneStream('order-1', log.make.many(1), { views: [viewOf('progress')] }), ['progress']);
    await completeViews(log, 'progress');
    await log.write(oneStream('order-1', log.make.many(1), { views: [viewOf('progress')] }), engine);
    await log.append('order-1', log.make.many(1), { views: [viewOf('progress')] });
    await expectComplete(log, 'progress');
  },
});

const docs = [{ key: 'doc', value: '1' }] as const;

async function expectStale(log: LogUnderTest, batch: AppendBatch, progressKeys: readonly string[]): Promise<void> {
  await log.expectNoTrace(async () =>
    equal(
      await log.engine.append(batch),
      { kind: 'viewStale', progressKeys },
      'The answer to an append with a stale view',
    ),
  );
}

async function valuesOf(log: LogUnderTest, ...keys: readonly string[]): Promise<readonly (string | undefined)[]> {
  return await Promise.all(keys.map(async (key) => (await log.engine.keyedGet(key))?.value));
}

function kindsOf(answers: readonly AppendAnswer[]): readonly string[] {
  return answers.map(({ kind }) => kind);
}
