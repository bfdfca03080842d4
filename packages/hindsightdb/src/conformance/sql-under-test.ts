/**
 * SQL in the cases of the kit: statements in short, and what is tested where an engine has none.
 */

import type { SqlPart, SqlRow, SqlStatement, SqlValue } from '../engine/views.ts';
import { checkReason, equal, fail, outcomeOf, present, refuses } from './assertions.ts';
import { show } from './difference.ts';
import { oneStream } from './event-maker.ts';
import type { LogUnderTest } from './log-under-test.ts';
import { completeViews, viewOf } from './view-maker.ts';

/** A test of SQL. Where there is none, its absence is tested in its place. */
export function whenSql(run: (log: LogUnderTest, sql: SqlPart) => Promise<void>): (log: LogUnderTest) => Promise<void> {
  return async (log) => (log.engine.capabilities.sql === 'none' ? await expectNoSql(log) : await run(log, sqlOf(log)));
}

/** Fails unless the engine has no SQL, and refuses statements. */
export async function expectNoSql(log: LogUnderTest): Promise<void> {
  equal(log.engine.sql, undefined, 'The SQL of an engine that has none');
  await completeViews(log, 'progress');
  const views = [viewOf('progress', { statements: [statement('SELECT 1')] })];
  await log.expectNoTrace(() =>
    refuses(
      'An append whose view has a statement, which the engine says it cannot execute,',
      () => log.engine.append(oneStream('order-1', log.make.many(1), { views })),
      'UNSUPPORTED',
    ),
  );
}

/** The SQL of an engine that says it has some. */
export function sqlOf(log: LogUnderTest): SqlPart {
  return present(log.engine.sql, 'The SQL of an engine that says it has some');
}

/** A statement with its parameters. */
export function statement(sql: string, ...parameters: readonly SqlValue[]): SqlStatement {
  return { sql, parameters };
}

/** Executes a statement, and fails unless it is taken. */
export async function execute(sql: SqlPart, text: string, ...parameters: readonly SqlValue[]): Promise<void> {
  equal(
    await sql.write({ keyedWrites: [], statements: [statement(text, ...parameters)] }),
    [],
    `The answer to ${text}`,
  );
}

/** The rows of a query. */
export async function query(
  sql: SqlPart,
  text: string,
  ...parameters: readonly SqlValue[]
): Promise<readonly SqlRow[]> {
  return await sql.query(statement(text, ...parameters));
}

/** Fails unless it is refused for the statement of an index. */
export async function refusesStatement(index: number, what: string, attempt: () => Promise<unknown>): Promise<void> {
  const outcome = await outcomeOf(attempt);
  if (outcome.kind === 'fulfilled') fail(`What cannot be executed (${what}) was answered ${show(outcome.value)}.`);
  checkReason(`What cannot be executed (${what})`, outcome.reason, 'VIEW_SQL_FAILED');
  const { reason } = outcome;
  const details = reason instanceof Error && 'details' in reason ? reason.details : undefined;
  const named: unknown =
    typeof details === 'object' && details !== null ? Reflect.get(details, 'statement') : undefined;
  equal(named, index, `The index of the statement in the details of the error (${what})`);
}
