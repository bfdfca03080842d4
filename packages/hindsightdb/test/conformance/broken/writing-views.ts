/**
 * Engines that write the views of an append wrongly.
 */

import type { AppendAnswer, AppendBatch, Engine } from '../../../src/engine/contract.ts';
import type { Pending, PendingText, ViewKeyedWrite, ViewWrite } from '../../../src/engine/views.ts';
import { inTurn, pause } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

/** An engine that changes the views that it is given. */
function receivingViews(engine: Engine, change: (view: ViewWrite) => ViewWrite): Partial<Engine> {
  return receiving(engine, (batch) => ({ ...batch, ...(batch.views && { views: batch.views.map(change) }) }));
}

/** An engine that does something more when an append with views was answered. */
function answering(
  engine: Engine,
  more: (given: {
    readonly batch: AppendBatch;
    readonly views: readonly ViewWrite[];
    readonly before: readonly (string | undefined)[];
    readonly answer: AppendAnswer;
  }) => Promise<AppendAnswer>,
): Partial<Engine> {
  const turn = inTurn();
  return {
    append: (batch, options) =>
      turn(async () => {
        const { views = [] } = batch;
        const entries = await Promise.all(views.map(({ progressKey }) => engine.keyedGet(progressKey)));
        const before = entries.map((entry) => entry?.value);
        const answer = await engine.append(batch, options);
        return views.length === 0 ? answer : await more({ batch, views, before, answer });
      }),
  };
}

/** Says of views that they are complete, whether or not they are. */
async function complete(engine: Engine, views: readonly ViewWrite[]): Promise<void> {
  const value = JSON.stringify(await engine.heads());
  await engine.keyedWrite(views.map(({ progressKey: key }) => ({ key, value })));
}

const ofFirstEvent = (text: string | PendingText): string | PendingText =>
  typeof text === 'string'
    ? text
    : text.map((part): string | Pending => (typeof part === 'string' ? part : { ...part, event: 0 }));

/** Engines with faults in the views of an append. */
export const viewsBroken: readonly BrokenEngine[] = [
  broken(
    'does not move the entry of a view',
    {
      failing: [
        'an append writes to a view that is complete, in order, and moves its entry to the new head',
        'a view that has nothing to write is moved, and an append without events moves none',
      ],
      because: /How far the view "progress" is complete/,
    },
    (engine) =>
      answering(engine, async ({ views, before, answer }) => {
        if (answer.kind !== 'appended') return answer;
        await engine.keyedWrite(views.map(({ progressKey: key }, index) => ({ key, value: before[index] ?? null })));
        return answer;
      }),
  ),
  broken(
    'moves only views that have something to write',
    {
      failing: ['a view that has nothing to write is moved, and an append without events moves none'],
      because: /How far the view "progress" is complete/,
    },
    (engine) =>
      receiving(engine, (batch) => ({
        ...batch,
        ...(batch.views && { views: batch.views.filter(({ keyedWrites }) => keyedWrites.length > 0) }),
      })),
  ),
  broken(
    'moves views with appends without events',
    {
      failing: ['a view that has nothing to write is moved, and an append without events moves none'],
      because: /The entry after an append without events/,
    },
    (engine) =>
      answering(engine, async ({ batch, views, answer }) => {
        if (batch.streams.every(({ events }) => events.length === 0)) await complete(engine, views);
        return answer;
      }),
  ),
  broken(
    'moves a view in partitions that were not written to',
    {
      failing: ['a view moves in the partitions that are written to, and keeps its places in the others'],
      because: /How far the view is complete/,
    },
    (engine) =>
      answering(engine, async ({ views, answer }) => {
        if (answer.kind === 'appended') await complete(engine, views);
        return answer;
      }),
    memoryFixture({ partitionCount: 4 }),
  ),
  broken(
    'writes to views that are behind',
    {
      failing: [
        'an append is stale where a view is behind, ahead, absent or says nothing that can be read',
        'an append without a view leaves it behind, and is taken again with it when it was brought up',
        'every view that is stale is named, and one is enough to refuse the whole append',
      ],
      because: /The answer to an append with a stale view/,
    },
    (engine) =>
      answering(engine, async ({ batch, views, answer }) => {
        if (answer.kind !== 'viewStale') return answer;
        await complete(engine, views);
        return await engine.append(batch);
      }),
  ),
  broken(
    'takes a view for complete when it is asked, and not when it writes',
    {
      failing: ['of appends that are not awaited, those with a view are stale behind one without it'],
      because: /The answers/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const { views = [] } = batch;
        if (views.length === 0) return await engine.append(batch, options);
        const heads = JSON.stringify(await engine.heads());
        const entries = await Promise.all(views.map(({ progressKey }) => engine.keyedGet(progressKey)));
        await pause();
        if (entries.every((entry) => entry?.value === heads)) await complete(engine, views);
        return await engine.append(batch, options);
      },
    }),
  ),
  broken(
    'names the first stale view alone',
    {
      failing: ['every view that is stale is named, and one is enough to refuse the whole append'],
      because: /The answer to an append with a stale view/,
    },
    (engine) =>
      answering(engine, async ({ answer }) =>
        answer.kind === 'viewStale' ? { ...answer, progressKeys: answer.progressKeys.slice(0, 1) } : answer,
      ),
  ),
  broken(
    'judges views before everything else',
    {
      failing: [
        'whatever else stands against an append comes before its views',
        'a repetition gets its first answer whatever has become of its views',
      ],
      because: /The answer to an append that must be refused/,
    },
    (engine) => ({
      append: async (batch, options) => {
        const heads = JSON.stringify(await engine.heads());
        const stale: string[] = [];
        for (const { progressKey } of batch.views ?? [])
          if ((await engine.keyedGet(progressKey))?.value !== heads) stale.push(progressKey);
        return stale.length > 0 ? { kind: 'viewStale', progressKeys: stale } : await engine.append(batch, options);
      },
    }),
  ),
  broken(
    'does not judge the revisions that the writes of a view expect',
    {
      failing: ['a view is stale where an entry is not at the revision that its write expects'],
      because: /The answer to an append with a stale view/,
    },
    (engine) =>
      receivingViews(engine, (view) => ({
        ...view,
        keyedWrites: view.keyedWrites.map(({ key, value }): ViewKeyedWrite => ({ key, value })),
      })),
  ),
  broken(
    'answers a conflict where a view is no longer what its writes were computed from',
    {
      failing: ['a view is stale where an entry is not at the revision that its write expects'],
      because: /The answer to an append with a stale view/,
    },
    (engine) =>
      answering(engine, async ({ views, before, answer }) => {
        const isComplete = JSON.stringify(await engine.heads()) === before[0];
        const key = views[0]?.keyedWrites[0]?.key;
        if (answer.kind !== 'viewStale' || !isComplete || typeof key !== 'string') return answer;
        return { kind: 'conflict', conflicts: [{ kind: 'keyedStore', key, expected: 0, actual: 0 }] };
      }),
  ),
  broken(
    'writes the views of refused appends',
    {
      failing: [
        'whatever else stands against an append comes before its views',
        'an append is stale where a view is behind, ahead, absent or says nothing that can be read',
      ],
      because: /leave no trace/,
    },
    (engine) =>
      answering(engine, async ({ views, answer }) => {
        if (answer.kind !== 'conflict' && answer.kind !== 'viewStale') return answer;
        for (const { key, value } of views.flatMap(({ keyedWrites }) => keyedWrites))
          if (typeof key === 'string' && typeof value === 'string') await engine.keyedWrite([{ key, value }]);
        return answer;
      }),
  ),
  broken(
    'fills in the facts of the first event for all of them',
    {
      failing: ['positions, versions and times are filled in where they stand for an event of the append'],
      because: /The entries with their facts/,
    },
    (engine) =>
      receivingViews(engine, (view) => ({
        ...view,
        keyedWrites: view.keyedWrites.map(({ value, ...write }) => ({
          ...write,
          value: value === null ? null : ofFirstEvent(value),
        })),
      })),
  ),
  broken(
    'leaves out the microseconds of a time',
    {
      failing: ['positions, versions and times are filled in where they stand for an event of the append'],
      because: /The entries with their facts/,
    },
    (engine) =>
      answering(engine, async ({ answer }) => {
        const entry = await engine.keyedGet('time');
        if (entry) await engine.keyedWrite([{ key: 'time', value: entry.value.replace(/\.\d+Z/, 'Z') }]);
        return answer;
      }),
  ),
  broken(
    'writes the entries of a view in the opposite order',
    {
      failing: ['an append writes to a view that is complete, in order, and moves its entry to the new head'],
      because: /The entries of the view/,
    },
    (engine) => receivingViews(engine, (view) => ({ ...view, keyedWrites: view.keyedWrites.toReversed() })),
  ),
  broken(
    'moves a view on over what somebody else wrote to its entry',
    {
      failing: ['who writes the entry of a view between its appends is judged by its present revision, and heeded'],
      because: /The answers to/,
    },
    (engine) => {
      const known = new Map<string, string>();
      return {
        ...answering(engine, async ({ batch, views, answer }) => {
          const isKnown = views.every(({ progressKey }) => known.has(progressKey));
          let last = answer;
          if (answer.kind === 'viewStale' && isKnown) {
            await complete(engine, views);
            last = await engine.append(batch);
          }
          for (const { progressKey } of views)
            known.set(progressKey, (await engine.keyedGet(progressKey))?.value ?? '');
          return last;
        }),
      };
    },
  ),
];
