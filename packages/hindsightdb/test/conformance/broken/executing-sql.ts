/**
 * Engines that execute SQL wrongly.
 */

import { HindsightError } from '../../../src/core/errors.ts';
import type { Engine } from '../../../src/engine/contract.ts';
import type { SqlPart, ViewWrite } from '../../../src/engine/views.ts';
import { pause } from '../altered-engine.ts';
import { memoryFixture } from '../memory-fixture.ts';
import { broken, receiving, type BrokenEngine } from './broken-engine.ts';

const withSql = memoryFixture({ sql: 'sqlite' });

const whole = 'where a statement fails, nothing of the write is done, and the error names it';
const ofAppend = 'a statement of a view that fails leaves nothing of its append, and nobody else is affected';

/** An engine whose SQL does something otherwise. */
function altering(alter: (sql: SqlPart, engine: Engine) => Partial<SqlPart>): (engine: Engine) => Partial<Engine> {
  return (engine) => {
    const { sql } = engine;
    if (sql === undefined) throw new Error('The engine beneath has no SQL.');
    const given: SqlPart = { write: (write) => sql.write(write), query: (statement) => sql.query(statement) };
    return { sql: { ...given, ...alter(given, engine) } };
  };
}

const withoutStatements = (view: ViewWrite): ViewWrite => ({ ...view, statements: [] });

/** Engines with faults in their SQL. */
export const sqlBroken: readonly BrokenEngine[] = [
  broken(
    'says that it has SQL and has none',
    {
      failing: ['an engine has SQL exactly when it says so, and else refuses the statements of views'],
      because: /The SQL of an engine that says it has some is missing/,
    },
    (engine) => ({ capabilities: { ...engine.capabilities, sql: 'sqlite' } }),
  ),
  broken(
    'takes statements that it cannot execute',
    {
      failing: ['an engine has SQL exactly when it says so, and else refuses the statements of views'],
      because: /which the engine says it cannot execute, must be refused/,
    },
    (engine) =>
      receiving(engine, (batch) => ({ ...batch, ...(batch.views && { views: batch.views.map(withoutStatements) }) })),
  ),
  broken(
    'keeps what was executed before the statement that failed',
    { failing: [whole], because: /The rows after/ },
    altering((sql) => ({
      write: async ({ keyedWrites, statements }) => {
        for (const [index, statement] of statements.entries()) {
          try {
            await sql.write({ keyedWrites: [], statements: [statement] });
          } catch (error) {
            throw new HindsightError('VIEW_SQL_FAILED', String(error), { details: { statement: index } });
          }
        }
        return await sql.write({ keyedWrites, statements: [] });
      },
    })),
    withSql,
  ),
  broken(
    'keeps the entries of a write whose statement failed',
    { failing: [whole], because: /leave no trace/ },
    altering((sql, engine) => ({
      write: async ({ keyedWrites, statements }) => {
        const conflicts = await engine.keyedWrite(keyedWrites);
        return conflicts.length > 0 ? conflicts : await sql.write({ keyedWrites: [], statements });
      },
    })),
    withSql,
  ),
  broken(
    'does not say which statement failed',
    { failing: [whole], because: /The index of the statement/ },
    altering((sql) => ({
      write: async (write) => {
        try {
          return await sql.write(write);
        } catch (error) {
          throw new HindsightError('VIEW_SQL_FAILED', String(error));
        }
      },
    })),
    withSql,
  ),
  broken(
    'executes the first of several statements in a text',
    { failing: [whole], because: /was answered/ },
    altering((sql) => ({
      write: ({ keyedWrites, statements }) =>
        sql.write({
          keyedWrites,
          statements: statements.map((each) => ({ ...each, sql: each.sql.replace(/;.*/, '') })),
        }),
    })),
    withSql,
  ),
  broken(
    'executes statements though an entry is not at the expected revision',
    {
      failing: ['a write whose expected revision is not the present one executes nothing'],
      because: /The rows/,
    },
    altering((sql, engine) => ({
      write: async ({ keyedWrites, statements }) => {
        await sql.write({ keyedWrites: [], statements });
        return await engine.keyedWrite(keyedWrites);
      },
    })),
    withSql,
  ),
  broken(
    'executes statements in the opposite order',
    { failing: ['statements and keyed writes are done together, in order'], because: /must|missing|no such table/ },
    altering((sql) => ({
      write: ({ keyedWrites, statements }) => sql.write({ keyedWrites, statements: statements.toReversed() }),
    })),
    withSql,
  ),
  broken(
    'lets SQL wait while others go on',
    {
      failing: ['appends, keyed writes and SQL that are not awaited are done in the order of the calls'],
      because: /The answers|The rows in the order/,
    },
    altering((sql) => ({
      write: async (write) => {
        await pause();
        return await sql.write(write);
      },
    })),
    withSql,
  ),
  broken(
    'lets a query write',
    { failing: ['a query only reads, and one that fails says why'], because: /was answered/ },
    altering((sql) => ({
      query: async (statement) => {
        try {
          return await sql.query(statement);
        } catch {
          await sql.write({ keyedWrites: [], statements: [statement] });
          return [];
        }
      },
    })),
    withSql,
  ),
  broken(
    'rounds large integers',
    {
      failing: ['rows come back by the names of their columns, with the values that were written'],
      because: /The rows/,
    },
    altering((sql) => ({
      query: async (statement) =>
        (await sql.query(statement)).map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
          ),
        ),
    })),
    withSql,
  ),
  broken(
    'executes the statements of a view before it judges the append',
    { failing: ['a refused append executes no statement of its views'], because: /The rows of refused appends/ },
    (engine) => ({
      append: async (batch, options) => {
        const { views = [] } = batch;
        // Without facts to be filled in, these are plain statements.
        const statements = views.flatMap((view) => view.statements) as Parameters<SqlPart['write']>[0]['statements'];
        if (statements.length > 0) await engine.sql?.write({ keyedWrites: [], statements });
        return await engine.append({ ...batch, views: views.map(withoutStatements) }, options);
      },
    }),
    withSql,
  ),
  broken(
    'keeps an append whose view failed',
    { failing: [ofAppend], because: /leave no trace/ },
    (engine) => ({
      append: async (batch, options) => {
        try {
          return await engine.append(batch, options);
        } catch (error) {
          await engine.append({ ...batch, views: batch.views?.map(withoutStatements) ?? [] }, options);
          throw error;
        }
      },
    }),
    withSql,
  ),
];
