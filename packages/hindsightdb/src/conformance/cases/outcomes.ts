/**
 * Appends as outcomes and timers make them: under a key, with a stream that is only checked in front, a predecessor, and entries
 * that are written or deleted at the revision at which they were read.
 */

import type { AppendBatch, KeyedWrite } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, present } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { oneStream } from '../event-maker.ts';

/** Appends that record what became of something, once. */
export const recordingOutcomes: Area = defineArea('outcomes', {
  'an append under a key whose first stream is only checked is written exactly when that stands where it should':
    async (log) => {
      const [entity = '', beside = ''] = pair(log);
      const events = log.make.many(2);
      await log.append(entity, events);
      await log.append(beside, log.make.many(1));
      const lastId = present(events.at(-1), 'The last event').id;
      const outcome = (checks: { readonly version: number; readonly predecessorId?: string }): AppendBatch =>
        checked(log, { entity, beside, key: 'k', ...checks });
      await log.expectConflict(outcome({ version: 1 }), [version(entity, { expected: 1, actual: 2 })]);
      await log.expectConflict(outcome({ version: 2, predecessorId: events[0]?.id ?? '' }), [
        version(entity, { expected: 2, actual: 2 }),
      ]);
      equal(await log.engine.answerOf('k'), undefined, 'What is remembered of appends that were refused');
      const batch = outcome({ version: 2, predecessorId: lastId });
      const written = await log.write(batch);
      equal(
        written.streams.map(({ streamId, firstVersion, lastVersion }) => [streamId, firstVersion, lastVersion]),
        [
          [entity, 3, 2],
          [beside, 2, 2],
        ],
        'The streams that the answer names',
      );
      equal(
        written.partitions.map(({ partition, lastEventId }) => [partition, lastEventId]),
        [[log.partitionOf(entity), batch.streams[1]?.events[0]?.id]],
        'The last event that the answer names',
      );
      await log.append(entity, log.make.many(1));
      await log.expectDuplicate(batch, written);
      await log.expectDuplicate(outcome({ version: 3 }), written);
      equal(await log.engine.answerOf('k'), { digest: 'k', written }, 'What is remembered under the key');
    },

  'a check that follows an append which is on its way holds exactly when that very append is written': async (log) => {
    const [entity = '', beside = ''] = pair(log);
    await log.append(entity, log.make.many(1));
    const decided = log.make.many(2);
    const predecessorId = present(decided.at(-1), 'The last event').id;
    const follow = (key: string): AppendBatch => checked(log, { entity, beside, key, version: 3, predecessorId });
    const failing = oneStream(entity, decided, {
      expectedVersion: 1,
      keyedWrites: [{ key: 'absent', value: '', expectedRevision: 4 }],
    });
    const foreign = oneStream(entity, log.make.many(2), { expectedVersion: 1 });
    const answers = await Promise.all([failing, foreign, follow('k')].map((batch) => log.engine.append(batch)));
    equal(
      answers.map(({ kind }) => kind),
      ['conflict', 'appended', 'conflict'],
      'The answers to the refused append, a foreign one of equal length, and the check behind it',
    );
    const again = log.make.many(1);
    const lastId = present(again.at(-1), 'The last event').id;
    const both = await Promise.all(
      [
        oneStream(entity, again, { expectedVersion: 3, key: { key: 'again', digest: 'd' } }),
        checked(log, { entity, beside, key: 'k', version: 4, predecessorId: lastId }),
      ].map((batch) => log.engine.append(batch)),
    );
    equal(
      both.map(({ kind }) => kind),
      ['appended', 'appended'],
      'The answers to an append, and to the check that follows it',
    );
    equal([await log.versionOf(entity), await log.versionOf(beside)], [4, 1], 'The versions');
  },

  'of outcomes that many handles record under one key, one is written, and all are answered with it': async (log) => {
    const [entity = '', beside = ''] = pair(log);
    await log.append(entity, log.make.many(1));
    const engines = log.isShared ? [log.engine, await log.another()] : [log.engine];
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const engine = present(engines[index % engines.length], 'An engine');
        return await engine.append(checked(log, { entity, beside, key: 'k', version: 1 }));
      }),
    );
    equal(answers.filter(({ kind }) => kind === 'appended').length, 1, 'How many were written');
    equal(answers.filter(({ kind }) => kind === 'duplicate').length, 19, 'How many were known');
    const told = answers.map((answer) => ('written' in answer ? answer.written : undefined));
    for (const written of told) equal(written, told[0], 'What one was answered, beside another');
    await log.eventually('The sight of the outcome', async () => (await log.versionOf(beside)) === 1);
  },

  'an append under a key that was written is answered before its entries are judged, and changes none of them': async (
    log,
  ) => {
    const set: KeyedWrite = { key: 'timer', value: 'first', expectedRevision: 0 };
    const batch = oneStream('order-1', log.make.many(1), { key: { key: 'set', digest: 'd' }, keyedWrites: [set] });
    const first = await log.write(batch);
    await log.expectDuplicate(batch, first);
    const revision = await revisionOf(log, 'timer');
    await log.expectConflict(
      oneStream('order-1', log.make.many(1), { key: { key: 'set again', digest: 'd' }, keyedWrites: [set] }),
      [{ kind: 'keyedStore', key: 'timer', expected: 0, actual: revision }],
    );
    const end: KeyedWrite = { key: 'timer', value: null, expectedRevision: revision };
    const ending = oneStream('order-1', log.make.many(1), { key: { key: 'end', digest: 'd' }, keyedWrites: [end] });
    const ended = await log.write(ending);
    equal(await log.engine.keyedGet('timer'), undefined, 'The entry after its end');
    await log.expectDuplicate(ending, ended);
    await log.expectDuplicate(batch, first);
    await log.expectConflict(
      oneStream('order-1', log.make.many(1), { key: { key: 'end again', digest: 'd' }, keyedWrites: [end] }),
      [{ kind: 'keyedStore', key: 'timer', expected: revision, actual: 0 }],
    );
    equal(await log.engine.answerOf('end again'), undefined, 'What is remembered of a second end');
    await log.expectNoTrace(async () => {
      const other = { ...ending, key: { key: 'end', digest: 'other' } };
      equal((await log.engine.append(other)).kind, 'keyReused', 'The answer to other content');
    });
  },

  'of many that fire one entry at once, each under a key of its own, one writes, and none fires what was moved': async (
    log,
  ) => {
    const engines = log.isShared ? [log.engine, await log.another()] : [log.engine];
    await log.engine.keyedWrite([
      { key: 'timer/a', value: 'v' },
      { key: 'due/1/a', value: '' },
    ]);
    const fireAt = async (dueKey: string, revisions: readonly number[]): Promise<readonly string[]> => {
      const writes = ['timer/a', dueKey].map((key, index) => ({
        key,
        value: null,
        expectedRevision: revisions[index] ?? 0,
      }));
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const engine = present(engines[index % engines.length], 'An engine');
          const key = { key: `${dueKey} ${revisions.join()} ${index}`, digest: 'd' };
          return await engine.append(oneStream('order-1', log.make.many(1), { key, keyedWrites: writes }));
        }),
      );
      return answers.map(({ kind }) => kind);
    };
    const stale = [await revisionOf(log, 'timer/a'), await revisionOf(log, 'due/1/a')];
    await log.engine.keyedWrite([
      { key: 'timer/a', value: 'v', expectedRevision: stale[0] ?? 0 },
      { key: 'due/1/a', value: null, expectedRevision: stale[1] ?? 0 },
      { key: 'due/2/a', value: '', expectedRevision: 0 },
    ]);
    equal(
      new Set(await fireAt('due/1/a', stale)),
      new Set(['conflict']),
      'The answers to those who fire what was moved',
    );
    const revisions = [await revisionOf(log, 'timer/a'), await revisionOf(log, 'due/2/a')];
    const kinds = await fireAt('due/2/a', revisions);
    equal(kinds.filter((kind) => kind === 'appended').length, 1, 'How many fired');
    equal(kinds.filter((kind) => kind === 'conflict').length, 9, 'How many came too late');
    await log.eventually('The sight of it', async () => (await log.versionOf('order-1')) === 1);
    equal(await log.engine.keyedScan({ prefix: '', limit: 10 }), [], 'The entries afterwards');
  },
});

/** Two streams in one partition. */
function pair(log: LogUnderTest): readonly string[] {
  const [entity = ''] = log.streamIds('order', 1);
  return [entity, ...log.neighboursOf(entity, 1)];
}

/** An append of one event to a stream, which checks another in front of it. */
function checked(
  log: LogUnderTest,
  of: {
    readonly entity: string;
    readonly beside: string;
    readonly key: string;
    readonly version: number;
    readonly predecessorId?: string;
  },
): AppendBatch {
  const { entity, beside, key, version: expectedVersion, predecessorId } = of;
  return {
    streams: [
      { streamId: entity, expectedVersion, events: [], ...(predecessorId !== undefined && { predecessorId }) },
      { streamId: beside, expectedVersion: 'any', events: log.make.many(1) },
    ],
    key: { key, digest: key },
  };
}

function version(streamId: string, of: { readonly expected: number; readonly actual: number }) {
  return { kind: 'version', streamId, ...of } as const;
}

async function revisionOf(log: LogUnderTest, key: string): Promise<number> {
  return present(await log.engine.keyedGet(key), `The entry ${key}`).revision;
}
