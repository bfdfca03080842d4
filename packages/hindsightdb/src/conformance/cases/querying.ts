/**
 * SQL beside the log: written whole or not at all, durable like an append, and read by queries that change nothing. Where an
 * engine has none, the refusal is tested in its place.
 */

import type { SqlStatement, SqlValue } from '../../engine/views.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, holds, present } from '../assertions.ts';
import { show } from '../difference.ts';
import { oneStream } from '../event-maker.ts';
import { execute, expectNoSql, query, refusesStatement, sqlOf, statement, whenSql } from '../sql-under-test.ts';
import { completeViews, viewOf } from '../view-maker.ts';

/** SQL in tables of the user's own. */
export const querying: Area = defineArea('SQL', {
  'an engine has SQL exactly when it says so, and else refuses the statements of views': async (log) => {
    const { sql } = log.engine.capabilities;
    holds(['none', 'sqlite'].includes(sql), `Its capability for SQL is ${sql}.`);
    if (sql === 'none') return await expectNoSql(log);
    equal(await sqlOf(log).query({ sql: 'SELECT 1 AS one', parameters: [] }), [{ one: 1 }], 'The rows of a query');
  },

  'rows come back by the names of their columns, with the values that were written': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY, value, text TEXT, number REAL)');
    const values: readonly SqlValue[] = [
      'text',
      '',
      'é🙂\u2028',
      0,
      -5,
      1.5,
      1e300,
      Number.MAX_SAFE_INTEGER,
      -Number.MAX_SAFE_INTEGER,
      2n ** 53n + 1n,
      -(2n ** 63n),
      2n ** 63n - 1n,
      null,
      Uint8Array.of(0, 1, 255),
      new Uint8Array(0),
      'x'.repeat(100_000),
    ];
    const rows = values.map((value, id) => ({ id, value, text: `${id}`, number: 0.5 }));
    await sql.write({
      keyedWrites: [],
      statements: rows.map(({ id, value, text, number }) => ({
        sql: 'INSERT INTO kept VALUES (?, ?, ?, ?)',
        parameters: [id, value, text, number],
      })),
    });
    equal(await query(sql, 'SELECT * FROM kept ORDER BY id'), rows, 'The rows');
    equal(
      await query(sql, 'SELECT id FROM kept WHERE value = ? OR value = ? ORDER BY id', 'é🙂\u2028', 2n ** 53n + 1n),
      [{ id: 2 }, { id: 9 }],
      'The rows that are found by their values',
    );
    equal(await query(sql, 'SELECT 5 FROM kept WHERE id < 0'), [], 'The rows of a query that finds none');
  }),

  'whole numbers are integers in a table': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (anything, text TEXT)');
    await execute(sql, 'INSERT INTO kept VALUES (?, ?)', 5, 5);
    equal(
      await query(sql, 'SELECT typeof(anything) AS type, text FROM kept'),
      [{ type: 'integer', text: '5' }],
      'The row',
    );
  }),

  'statements and keyed writes are done together, in order': whenSql(async (log, sql) => {
    const conflicts = await sql.write({
      keyedWrites: [{ key: 'checkpoint', value: '1', expectedRevision: 0 }],
      statements: [
        statement('CREATE TABLE kept (id INTEGER PRIMARY KEY, value)'),
        statement('INSERT INTO kept VALUES (1, ?)', 'a'),
        statement('UPDATE kept SET value = value || ?', 'b'),
        statement('INSERT INTO kept SELECT id + 1, value || ? FROM kept', 'c'),
      ],
    });
    equal(conflicts, [], 'The answer');
    equal(
      await query(sql, 'SELECT value FROM kept ORDER BY id'),
      [{ value: 'ab' }, { value: 'abc' }],
      'The rows that the statements left',
    );
    equal((await log.engine.keyedGet('checkpoint'))?.value, '1', 'The entry');
  }),

  'a write whose expected revision is not the present one executes nothing': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
    const keyedWrites = [
      { key: 'other', value: '1' },
      { key: 'checkpoint', value: '1', expectedRevision: 7 },
    ];
    await log.expectNoTrace(async () =>
      equal(
        await sql.write({ keyedWrites, statements: [statement('INSERT INTO kept VALUES (1)')] }),
        [{ kind: 'keyedStore', key: 'checkpoint', expected: 7, actual: 0 }],
        'The answer',
      ),
    );
    equal(await query(sql, 'SELECT * FROM kept'), [], 'The rows');
  }),

  'where a statement fails, nothing of the write is done, and the error names it': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
    const wrong = [
      'INSERT INTO missing VALUES (1)',
      'INSERT INTO kept VALUES (1)',
      'INSERT OR ROLLBACK INTO kept VALUES (1)',
      'this is no SQL',
      '',
      '-- nothing',
      'INSERT INTO kept VALUES (7); INSERT INTO kept VALUES (8)',
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      'SAVEPOINT mine',
      'PRAGMA foreign_keys = ON',
      `ATTACH ':memory:' AS other`,
      'CREATE TEMP TABLE mine (id)',
    ];
    for (const text of wrong) {
      const statements = [
        statement('INSERT INTO kept VALUES (1)'),
        statement('CREATE TABLE made (id)'),
        statement(text),
      ];
      await log.expectNoTrace(() =>
        refusesStatement(2, text, () => sql.write({ keyedWrites: [{ key: 'entry', value: '1' }], statements })),
      );
      equal(await query(sql, 'SELECT * FROM kept'), [], `The rows after ${JSON.stringify(text)}`);
    }
    await refusesStatement(0, 'too many parameters', () => execute(sql, 'INSERT INTO kept VALUES (?)', 1, 2));
    for (const parameter of [true, undefined, {}, [1], new Date(0)]) {
      // What callers without types may give.
      const parameters = [parameter as SqlValue];
      const statements = [statement('SELECT 1'), { sql: 'INSERT INTO kept VALUES (?)', parameters }];
      await refusesStatement(1, `the parameter ${show(parameter)}`, () => sql.write({ keyedWrites: [], statements }));
    }
    await execute(sql, 'CREATE TABLE made (id)');
    await execute(sql, 'INSERT INTO kept VALUES (1); -- one statement, and a remark');
    await log.append('order-1', log.make.many(1));
    equal(await query(sql, 'SELECT * FROM kept'), [{ id: 1 }], 'The rows in the end');
  }),

  'a query only reads, and one that fails says why': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
    for (const text of [
      'INSERT INTO kept VALUES (1)',
      'INSERT INTO kept VALUES (1) RETURNING id',
      'DELETE FROM kept',
      'DROP TABLE kept',
      'CREATE TABLE other (id)',
      'PRAGMA query_only = OFF',
      'BEGIN',
      'SELECT * FROM missing',
      'SELECT 1; SELECT 2',
      'no SQL',
      '',
    ])
      await log.expectNoTrace(() => refusesStatement(0, text, () => query(sql, text)));
    // What a write has prepared is not at hand for a query.
    await execute(sql, 'INSERT INTO kept VALUES (1)');
    await refusesStatement(0, 'a statement that a write has used', () => query(sql, 'INSERT INTO kept VALUES (1)'));
    equal(await query(sql, 'SELECT * FROM kept'), [{ id: 1 }], 'The rows');
  }),

  'what is made can be dropped and made anew, and later statements find it as it is': whenSql(async (log, sql) => {
    for (const columns of ['id, a', 'id, b, c', 'id']) {
      const names = columns.split(', ');
      const marks = names.map(() => '?').join(', ');
      await execute(sql, 'DROP VIEW IF EXISTS shown');
      await execute(sql, 'DROP TABLE IF EXISTS kept');
      await execute(sql, `CREATE TABLE kept (${columns})`);
      await execute(sql, 'CREATE INDEX kept_by_id ON kept (id)');
      await execute(sql, 'CREATE VIEW shown AS SELECT * FROM kept');
      await execute(sql, `INSERT INTO kept VALUES (${marks})`, ...names);
      await execute(sql, 'INSERT INTO kept (id) VALUES (?)', 'alone');
      equal(
        await query(sql, 'SELECT * FROM shown ORDER BY id'),
        [Object.fromEntries(names.map((name) => [name, name === 'id' ? 'alone' : null])), pairs(names)],
        `The rows of a table with the columns ${columns}`,
      );
      await execute(sql, 'ALTER TABLE kept RENAME TO elsewhere');
      await execute(sql, 'ALTER TABLE elsewhere ADD COLUMN added');
      equal(
        await query(sql, 'SELECT * FROM elsewhere WHERE id = ?', 'id'),
        [{ ...pairs(names), added: null }],
        'The row of the table that was renamed and grew',
      );
      await execute(sql, 'DROP VIEW shown');
      await execute(sql, 'DROP TABLE elsewhere');
    }
  }),

  'many different statements are executed, again and again': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY, value)');
    const texts = Array.from({ length: 700 }, (_, id) => `INSERT INTO kept VALUES (?, 'of statement ${id}')`);
    for (const round of [0, 1])
      await sql.write({
        keyedWrites: [],
        statements: texts.map((text, id) => ({ sql: text, parameters: [round * 1000 + id] })),
      });
    equal(
      await query(sql, 'SELECT count(*) AS count, count(DISTINCT value) AS different FROM kept'),
      [{ count: 1400, different: 700 }],
      'How many rows there are',
    );
  }),

  'appends, keyed writes and SQL that are not awaited are done in the order of the calls': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY, value)');
    await completeViews(log, 'progress');
    const inserting = (value: string): SqlStatement => statement('INSERT INTO kept (value) VALUES (?)', value);
    const appending = (value: string) =>
      log.engine.append(
        oneStream('order-1', log.make.many(1), { views: [viewOf('progress', { statements: [inserting(value)] })] }),
      );
    const answers = await Promise.all([
      appending('a'),
      sql.write({ keyedWrites: [{ key: 'entry', value: '1', expectedRevision: 0 }], statements: [inserting('b')] }),
      log.engine.keyedWrite([{ key: 'entry', value: '2', expectedRevision: 0 }]),
      appending('c'),
      sql.write({ keyedWrites: [{ key: 'entry', value: '3', expectedRevision: 0 }], statements: [inserting('d')] }),
      sql.write({ keyedWrites: [], statements: [inserting('e')] }),
    ]);
    equal(
      answers.map((answer) => ('kind' in answer ? answer.kind : answer.length)),
      ['appended', 0, 1, 'appended', 1, 0],
      'The answers, or how many conflicts they name',
    );
    equal(
      (await query(sql, 'SELECT value FROM kept ORDER BY id')).map(({ value }) => value),
      ['a', 'b', 'c', 'e'],
      'The rows in the order in which they were inserted',
    );
  }),

  'what was written by SQL is found by other handles, and when the log is opened again': whenSql(async (log, sql) => {
    await execute(sql, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
    await execute(sql, 'INSERT INTO kept VALUES (1)');
    if (log.isShared) {
      const other = await log.another();
      const elsewhere = present(other.sql, 'The SQL of the second handle');
      equal(await query(elsewhere, 'SELECT * FROM kept'), [{ id: 1 }], 'The rows as the second handle finds them');
      await execute(elsewhere, 'INSERT INTO kept VALUES (2)');
      equal(await query(sql, 'SELECT * FROM kept'), [{ id: 1 }, { id: 2 }], 'The rows as the first handle finds them');
      await execute(elsewhere, 'ALTER TABLE kept ADD COLUMN more');
      await execute(sql, 'INSERT INTO kept (id) VALUES (3)');
      equal(
        (await query(sql, 'SELECT * FROM kept')).at(-1),
        { id: 3, more: null },
        'The last row of a table to which the second handle has added a column',
      );
      await execute(elsewhere, 'DROP TABLE kept');
      await refusesStatement(0, 'a table that is gone', () => execute(sql, 'INSERT INTO kept (id) VALUES (3)'));
      await execute(elsewhere, 'CREATE TABLE kept (id INTEGER PRIMARY KEY)');
      for (const id of [1, 2]) await execute(sql, 'INSERT INTO kept (id) VALUES (?)', id);
    } else await execute(sql, 'INSERT INTO kept VALUES (2)');
    if (!log.isDurable) return;
    await log.reopenAfterLoss();
    equal(await query(sqlOf(log), 'SELECT * FROM kept'), [{ id: 1 }, { id: 2 }], 'The rows after a sudden end');
  }),
});

function pairs(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}
