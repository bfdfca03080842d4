/**
 * Statements of the views that an append carries: executed with it, behind its events, or not at all.
 */

import { isHindsightError } from '../../core/errors.ts';
import { isoOfMicros } from '../../core/time.ts';
import type { Pending, SqlStatement, SqlValue } from '../../engine/views.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, outcomeOf } from '../assertions.ts';
import { oneStream } from '../event-maker.ts';
import { execute, query, refusesStatement, statement, whenSql } from '../sql-under-test.ts';
import { completeViews, expectComplete, fact, viewOf } from '../view-maker.ts';

/** Views in SQL in the transaction of an append. */
export const viewingBySql: Area = defineArea('SQL of views', {
  'statements of a view are executed with the facts of its append filled in': whenSql(async (log, sql) => {
    const [one = '', two = ''] = log.streamIds('order', 2);
    await execute(sql, 'CREATE TABLE kept (position INTEGER, version INTEGER, time TEXT, given TEXT)');
    await log.append(one, log.make.many(2));
    await completeViews(log, 'progress');
    const inserting = (place: Partial<Pending>): SqlStatement<SqlValue | Pending> => ({
      sql: 'INSERT INTO kept VALUES (?, ?, ?, ?)',
      parameters: [fact('position', place), fact('version', place), fact('recordedAt', place), 'given'],
    });
    const places = [{}, { event: 1 }, { stream: 1 }];
    const written = await log.write({
      streams: [
        { streamId: one, expectedVersion: 'any', events: log.make.many(2) },
        { streamId: two, expectedVersion: 0, events: log.make.many(1) },
      ],
      views: [viewOf('progress', { statements: places.map(inserting) })],
    });
    const time = isoOfMicros(written.recordedAt);
    const events = [...(await log.stream(one)).slice(2), ...(await log.stream(two))];
    equal(
      await query(sql, 'SELECT * FROM kept'),
      events.map(({ position, version }) => ({ position, version, time, given: 'given' })),
      'The rows',
    );
    await expectComplete(log, 'progress');
  }),

  'a statement of a view that fails leaves nothing of its append, and nobody else is affected': whenSql(
    async (log, sql) => {
      await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
      await completeViews(log, 'progress');
      const carrying = (streamId: string, ...statements: readonly SqlStatement[]) =>
        oneStream(streamId, log.make.many(1), {
          keyedWrites: [{ key: `entry/${streamId}`, value: '1' }],
          views: [viewOf('progress', { keyedWrites: [{ key: `doc/${streamId}`, value: '1' }], statements })],
        });
      const inserting = statement('INSERT INTO kept (id) VALUES (?)', 1);
      await log.expectNoTrace(() =>
        refusesStatement(1, 'an append with a wrong statement', () =>
          log.engine.append(carrying('order-1', inserting, statement('INSERT INTO missing VALUES (1)'))),
        ),
      );
      const outcomes = await Promise.all(
        [
          carrying('order-1', inserting),
          carrying('order-2', statement('DELETE FROM kept'), inserting, inserting),
          oneStream('order-3', log.make.many(1)),
        ].map((batch) => outcomeOf(() => log.engine.append(batch))),
      );
      equal(
        outcomes.map((outcome) => (outcome.kind === 'fulfilled' ? outcome.value.kind : codeOf(outcome.reason))),
        ['appended', 'VIEW_SQL_FAILED', 'appended'],
        'The answers to appends of which the second has a wrong statement',
      );
      const { keyed, streams } = await log.picture();
      equal(
        [streams.map(({ streamId }) => streamId), keyed.map(({ key }) => key)],
        [
          ['order-1', 'order-3'],
          ['doc/order-1', 'entry/order-1', 'progress'],
        ],
        'The streams and the entries',
      );
      equal(await query(sql, 'SELECT * FROM kept'), [{ id: 1 }], 'The rows');
    },
  ),

  'a refused append executes no statement of its views': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
    await log.append('order-1', log.make.many(1));
    const views = [viewOf('progress', { statements: [statement('INSERT INTO kept DEFAULT VALUES')] })];
    const batch = oneStream('order-1', log.make.many(1), { expectedVersion: 1, views });
    await log.expectNoTrace(async () =>
      equal((await log.engine.append(batch)).kind, 'viewStale', 'The answer to an append whose view is absent'),
    );
    await completeViews(log, 'progress');
    await log.expectNoTrace(async () =>
      equal(
        (await log.engine.append(oneStream('order-1', log.make.many(1), { expectedVersion: 0, views }))).kind,
        'conflict',
        'The answer to an append at another version',
      ),
    );
    equal(await query(sql, 'SELECT * FROM kept'), [], 'The rows of refused appends');
    const first = await log.write(batch);
    await log.expectDuplicate(batch, first);
    equal(await query(sql, 'SELECT * FROM kept'), [{ id: 1 }], 'The rows of an append and its repetition');
  }),
});

function codeOf(reason: unknown): unknown {
  return isHindsightError(reason) ? reason.code : reason;
}
