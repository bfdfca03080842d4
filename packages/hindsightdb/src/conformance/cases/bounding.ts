/**
 * Dynamic consistency boundaries: an append is refused when an event after a place matches its query.
 */

import { matchesQuery, type Query } from '../../core/query.ts';
import { parseRecord } from '../../core/record.ts';
import type { AppendBatch, BoundaryCondition } from '../../engine/contract.ts';
import { defineArea, withBoundary, type Area } from '../area.ts';
import { equal, fail, holds, present } from '../assertions.ts';
import { show } from '../difference.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { idOf, oneStream } from '../event-maker.ts';

/** Dynamic consistency boundaries. */
export const bounding: Area = defineArea('consistency boundaries', {
  'a condition on types is judged by the type': withBoundary(async (log) => {
    await log.append('course-1', [log.make.one({ type: 'Opened' }), log.make.one({ type: 'Closed', tags: ['a'] })]);
    await expectVerdicts(log, [
      [[{ types: ['Opened'] }], 'refused'],
      [[{ types: ['Closed'] }], 'refused'],
      [[{ types: ['Opened', 'Unknown'] }], 'refused'],
      [[{ types: ['Unknown', 'Closed'], tags: [] }], 'refused'],
      [[{ types: ['Unknown'] }], 'taken'],
      [[{ types: ['opened'] }], 'taken'],
      [[{ types: ['Open'] }], 'taken'],
      [[{ types: ['OpenedAgain'] }], 'taken'],
      [[{ types: ['a'] }], 'taken'],
    ]);
  }),

  'a condition on tags is judged by all of its tags': withBoundary(async (log) => {
    await log.append('course-1', [
      log.make.one({ tags: ['a', 'b', 'c'] }),
      log.make.one({ tags: ['b', 'd'] }),
      log.make.one(),
    ]);
    await expectVerdicts(log, [
      [[{ tags: ['a'] }], 'refused'],
      [[{ tags: ['b'] }], 'refused'],
      [[{ tags: ['c', 'a'] }], 'refused'],
      [[{ tags: ['a', 'b', 'c'], types: [] }], 'refused'],
      [[{ tags: ['a', 'd'] }], 'taken'],
      [[{ tags: ['a', 'unknown'] }], 'taken'],
      [[{ tags: ['unknown'] }], 'taken'],
      [[{ tags: ['Happened'] }], 'taken'],
    ]);
  }),

  'a condition on types and tags needs both on one event': withBoundary(async (log) => {
    await log.append('course-1', [
      log.make.one({ type: 'Opened', tags: ['a'] }),
      log.make.one({ type: 'Closed', tags: ['b', 'c'] }),
    ]);
    await expectVerdicts(log, [
      [[{ types: ['Opened'], tags: ['a'] }], 'refused'],
      [[{ types: ['Opened', 'Closed'], tags: ['b'] }], 'refused'],
      [[{ types: ['Closed'], tags: ['c', 'b'] }], 'refused'],
      [[{ types: ['Opened'], tags: ['b'] }], 'taken'],
      [[{ types: ['Closed'], tags: ['a'] }], 'taken'],
      [[{ types: ['Opened', 'Closed'], tags: ['a', 'b'] }], 'taken'],
    ]);
  }),

  'the items of a condition are joined by OR, wherever the one that matches stands': withBoundary(async (log) => {
    await log.append('course-1', [log.make.one({ type: 'Opened', tags: ['a'] })]);
    const never = { types: ['Never'] };
    const neither = { tags: ['no', 'such'] };
    await expectVerdicts(log, [
      [[{ types: ['Opened'] }, never], 'refused'],
      [[never, { types: ['Opened'] }], 'refused'],
      [[never, neither, { tags: ['a'] }], 'refused'],
      [[neither, { types: ['Opened'], tags: ['a'] }, never], 'refused'],
      [[never, neither], 'taken'],
      [
        [
          { types: ['Opened'], tags: ['b'] },
          { types: ['Never'], tags: ['a'] },
        ],
        'taken',
      ],
    ]);
  }),

  'events at or before the place do not count, and the one right after it does': withBoundary(async (log) => {
    const places: (readonly number[])[] = [await log.engine.heads()];
    for (let round = 0; round < 5; round += 1) {
      await log.append('course-1', log.make.many(1, { tags: ['a'] }));
      places.push(await log.engine.heads());
    }
    await log.append('course-1', log.make.many(1));
    for (const [index, after] of places.entries())
      await expectVerdict(log, { query: [{ tags: ['a'] }], after }, index < 5 ? 'refused' : 'taken');
    await expectVerdict(log, { query: [{ tags: ['a'] }], after: await log.engine.heads() }, 'taken');
  }),

  'a condition past the head holds, and one from the beginning sees everything': withBoundary(async (log) => {
    await log.append('course-1', log.make.many(3, { tags: ['a'] }));
    const heads = await log.engine.heads();
    await expectVerdict(log, { query: [{ tags: ['a'] }], after: heads.map((head) => head + 1000) }, 'taken');
    await expectVerdict(log, { query: [{ tags: ['a'] }], after: heads.map(() => 0) }, 'refused');
  }),

  'the place of a condition counts in each partition by itself': withBoundary(async (log) => {
    const streams = log.streamIds('course', log.partitionCount);
    for (const [index, streamId] of streams.entries())
      await log.append(streamId, log.make.many(index + 1, { tags: ['a', streamId] }));
    const heads = await log.engine.heads();
    for (const streamId of streams) {
      const own = log.partitionOf(streamId);
      const after = heads.map((head, partition) => (partition === own ? head - 1 : head));
      await expectVerdict(log, { query: [{ tags: ['a'] }], after }, 'refused');
      await expectVerdict(
        log,
        { query: [{ tags: [streamId] }], after: heads.map((head, partition) => (partition === own ? head : 0)) },
        'taken',
      );
    }
    await expectVerdict(log, { query: [{ tags: ['a'] }], after: heads }, 'taken');
  }),

  'events of the stream that is written count like any other': withBoundary(async (log) => {
    await log.append('course-1', log.make.many(1, { tags: ['a'] }));
    const condition = { query: [{ tags: ['a'] }], after: (await log.engine.heads()).map(() => 0) };
    await expectRefused(log, oneStream('course-1', log.make.many(1), { expectedVersion: 1, condition }));
  }),

  'events of the append itself do not count': withBoundary(async (log) => {
    const condition = { query: [{ tags: ['a'] }, { types: ['Happened'] }], after: await log.engine.heads() };
    await log.append('course-1', log.make.many(3, { tags: ['a'] }), { condition });
    await expectRefused(log, oneStream('course-1', log.make.many(3, { tags: ['a'] }), { condition }));
  }),

  'a condition and an expected version must both hold': withBoundary(async (log) => {
    await log.append('course-1', log.make.many(2, { tags: ['a'] }));
    const condition = { query: [{ tags: ['a'] }], after: (await log.engine.heads()).map(() => 0) };
    const passing = { query: [{ tags: ['b'] }], after: condition.after };
    await expectRefused(log, oneStream('course-1', log.make.many(1), { expectedVersion: 2, condition }));
    await log.expectConflict(oneStream('course-1', log.make.many(1), { expectedVersion: 1, condition: passing }), [
      { kind: 'version', streamId: 'course-1', expected: 1, actual: 2 },
    ]);
    await log.append('course-1', log.make.many(1), { expectedVersion: 2, condition: passing });
  }),

  'a condition is judged for an append that only checks streams or only writes to the keyed store': withBoundary(
    async (log) => {
      await log.append('course-1', log.make.many(2, { tags: ['a'] }));
      const condition = { query: [{ tags: ['a'] }], after: (await log.engine.heads()).map(() => 0) };
      await expectRefused(log, oneStream('course-1', [], { expectedVersion: 2, condition }));
      await expectRefused(
        log,
        oneStream('course-1', [], { expectedVersion: 2, condition, keyedWrites: [{ key: 'entry', value: '1' }] }),
      );
    },
  ),

  'a condition is judged for an append to several streams': withBoundary(async (log) => {
    const [first = '', second = ''] = log.streamIds('course', 2);
    await log.append(first, log.make.many(1, { tags: ['a'] }));
    const streams = [first, second].map((streamId) => ({
      streamId,
      expectedVersion: 'any' as const,
      events: log.make.many(1),
    }));
    const after = await log.engine.heads();
    await expectRefused(log, { streams, condition: { query: [{ tags: ['a'] }], after: after.map(() => 0) } });
    await log.write({ streams, condition: { query: [{ tags: ['a'] }], after } });
  }),

  'every event of an append to several streams counts, with its own type and tags': withBoundary(async (log) => {
    const streams = log.streamIds('course', 3);
    const after = await log.engine.heads();
    await log.write({
      streams: streams.map((streamId) => ({
        streamId,
        expectedVersion: 'any',
        events: [1, 2].map((number) =>
          log.make.one({ type: `Type ${number} of ${streamId}`, tags: [`${streamId}/${number}`] }),
        ),
      })),
    });
    for (const streamId of streams) {
      for (const number of [1, 2]) {
        const [types, tags] = [[`Type ${number} of ${streamId}`], [`${streamId}/${number}`]];
        await expectVerdict(log, { query: [{ types, tags }], after }, 'refused');
        equal(
          (await log.wholeLogBy({ query: [{ types, tags }], includeReserved: false })).map((event) => event.streamId),
          [streamId],
          'The streams of the events found',
        );
      }
    }
  }),

  'events that were truncated, tombstoned or physically removed still count, under their type and tags': withBoundary(
    async (log) => {
      for (const [index, end] of ['truncated', 'tombstoned', 'removed', 'removed after a tombstone'].entries()) {
        const streamId = `course-${index}`;
        const after = await log.engine.heads();
        await log.append(streamId, [log.make.one({ type: 'Opened', tags: [streamId, 'a'] }), log.make.one()]);
        await log.set(streamId, end.includes('tombstone') ? { tombstone: true } : { truncateBefore: 2 });
        if (end.includes('removed')) await log.remove(streamId, 2);
        for (const item of [
          { types: ['Opened'] },
          { tags: [streamId] },
          { types: ['Opened'], tags: ['a', streamId] },
        ]) {
          const answer = await log.engine.append(
            oneStream('other-1', log.make.many(1), { condition: { query: [item], after } }),
          );
          holds(answer.kind === 'conflict', `A condition on ${show(item)} did not see an event that was ${end}.`);
        }
        await expectVerdict(log, { query: [{ types: ['$removed'] }], after }, 'taken');
      }
    },
  ),

  "the store's own events match no condition": withBoundary(async (log) => {
    const after = await log.engine.heads();
    await log.append('course-1', log.make.many(1));
    await log.set('course-1', { truncateBefore: 1 });
    await expectVerdict(log, { query: [{ types: ['$settingsChanged'] }], after }, 'taken');
    await expectVerdict(log, { query: [{ types: ['Happened'] }], after }, 'refused');
  }),

  'many items, many tags and many types are all looked at': withBoundary(async (log) => {
    const { queryItemsMax, tagsPerEventMax } = log.engine.capabilities.limits;
    const tags = Array.from({ length: Math.min(tagsPerEventMax, 64) }, (_, index) => `tag:${index}`);
    await log.append('course-1', [log.make.one({ type: 'Opened', tags })]);
    const never = Array.from({ length: Math.min(queryItemsMax, 128) - 1 }, (_, index) => ({
      tags: [`never:${index}`],
    }));
    await expectVerdicts(log, [
      [[...never, { tags: [tags.at(-1) ?? ''] }], 'refused'],
      [[{ tags: [tags.at(-1) ?? ''] }, ...never], 'refused'],
      [[{ tags }], 'refused'],
      [[{ types: [...never.keys()].map((index) => `Never${index}`).concat('Opened') }], 'refused'],
      [[...never, { tags: [...tags.slice(1), 'never'] }], 'taken'],
      [[...never, { tags: ['tag:1000'] }], 'taken'],
    ]);
  }),

  'of many appends at once under the same condition exactly one is written': withBoundary(async (log) => {
    for (let round = 0; round < 3; round += 1) {
      const condition = { query: [{ tags: ['seat:1'] }], after: await log.engine.heads() };
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          log.engine.append(
            oneStream(`booking-${index}`, log.make.many(1, { tags: ['seat:1', `by:${index}`] }), { condition }),
          ),
        ),
      );
      const winners = answers.filter(({ kind }) => kind === 'appended');
      equal(winners.length, 1, `How many of 40 appends under the same condition were written in round ${round}`);
      equal((await log.wholeLog()).length, round + 1, 'The number of events in the log');
    }
  }),

  'of appends at once whose conditions overlap in a chain, no two neighbours are both written': withBoundary(
    async (log) => {
      const after = await log.engine.heads();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const tags = [`seat:${index}`, `seat:${index + 1}`];
          const condition = { query: tags.map((tag) => ({ tags: [tag] })), after };
          return log.engine.append(oneStream(`booking-${index}`, log.make.many(1, { tags }), { condition }));
        }),
      );
      answers.forEach(({ kind }, index) => {
        if (kind === 'appended')
          holds(
            answers[index + 1]?.kind !== 'appended',
            `Bookings ${index} and ${index + 1} share a seat and were both written.`,
          );
        else
          holds(
            answers[index - 1]?.kind === 'appended' || answers[index + 1]?.kind === 'appended',
            `Booking ${index} was refused, though neither neighbour was written.`,
          );
      });
    },
  ),

  'appends at once whose conditions do not overlap are all written': withBoundary(async (log) => {
    const after = await log.engine.heads();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const tags = [`seat:${index}`];
        return log.engine.append(
          oneStream(`booking-${index}`, log.make.many(1, { tags }), { condition: { query: [{ tags }], after } }),
        );
      }),
    );
    equal(answers.filter(({ kind }) => kind === 'appended').length, 40, 'How many of 40 appends were written');
    equal((await log.wholeLog()).length, 40, 'The number of events in the log');
  }),

  'an append sees the events of the appends before it that are not yet answered': withBoundary(async (log) => {
    const condition = { query: [{ tags: ['a'] }], after: await log.engine.heads() };
    const [first, second, third] = await Promise.all([
      log.engine.append(oneStream('course-1', log.make.many(1, { tags: ['a'] }))),
      log.engine.append(oneStream('course-2', log.make.many(1), { condition })),
      log.engine.append(oneStream('course-2', log.make.many(1))),
    ]);
    equal([first?.kind, second?.kind, third?.kind], ['appended', 'conflict', 'appended'], 'The answers');
  }),
});

/** Whether an event stands against an append under a condition. */
type Verdict = 'refused' | 'taken';

async function expectVerdicts(log: LogUnderTest, verdicts: readonly (readonly [Query, Verdict])[]): Promise<void> {
  const after = (await log.engine.heads()).map(() => 0);
  for (const [query, verdict] of verdicts) await expectVerdict(log, { query, after }, verdict);
}

/** Whether an append under the condition is refused, with the matching event named. What is written where it is not matches no query. */
async function expectVerdict(log: LogUnderTest, condition: BoundaryCondition, verdict: Verdict): Promise<void> {
  const batch = oneStream('probe-1', [log.make.one({ type: 'Probed' })], { condition });
  if (verdict === 'refused') return await expectRefused(log, batch);
  const { kind } = await log.engine.append(batch);
  equal(kind, 'appended', `The answer under a condition that nothing matches, ${show(condition)}`);
}

/** The append is refused for its condition alone, and the event named does match it. */
async function expectRefused(log: LogUnderTest, batch: AppendBatch): Promise<void> {
  const condition = present(batch.condition, 'The condition');
  await log.expectNoTrace(async () => {
    const answer = await log.engine.append(batch);
    if (answer.kind !== 'conflict')
      fail(`An append under a condition that an event matches, ${show(condition)}, was answered ${show(answer)}.`);
    equal(
      answer.conflicts.map(({ kind }) => kind),
      ['condition'],
      'The checks that failed',
    );
    const [conflict] = answer.conflicts;
    if (conflict?.kind !== 'condition') return;
    const { partition, position, eventId } = conflict;
    holds(
      position > (condition.after[partition] ?? 0),
      `The matching event is named at ${position}, not after ${show(condition.after)}.`,
    );
    const event = present(await log.engine.eventAt(partition, position), `The matching event at ${position}`);
    equal(idOf(event), eventId, 'The id of the matching event');
    holds(
      event.record.includes('$removed') || matches(condition.query, event.record),
      `The event that is named, ${show(event.record)}, does not match ${show(condition.query)}.`,
    );
  });
}

function matches(query: Query, record: string): boolean {
  const { type, tags = [] } = parseRecord(record);
  return matchesQuery(query, type, tags);
}
