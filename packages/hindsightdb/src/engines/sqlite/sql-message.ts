/**
 * Statements in the form in which they cross to the writer thread: a rebuild sends many thousands of the same few texts.
 */

import type { SqlStatement, SqlValue } from '../../engine/views.ts';

/** Statements on their way to the writer. */
export interface PackedStatements {
  /** The different texts. */
  readonly texts: readonly string[];
  /** For each statement the index of its text and the number of its parameters. */
  readonly plan: readonly number[];
  /** The parameters of all statements, one after the other. */
  readonly parameters: readonly SqlValue[];
}

/** Packs statements. */
export function packStatements(statements: readonly SqlStatement[]): PackedStatements {
  const indexes = new Map<string, number>();
  const plan: number[] = [];
  const parameters: SqlValue[] = [];
  for (const { sql, parameters: given } of statements) {
    let index = indexes.get(sql);
    if (index === undefined) indexes.set(sql, (index = indexes.size));
    plan.push(index, given.length);
    for (const parameter of given) parameters.push(parameter);
  }
  return { texts: [...indexes.keys()], plan, parameters };
}

/** The statements as they were packed, one by one. */
export function* unpackStatements({ texts, plan, parameters }: PackedStatements): Generator<SqlStatement> {
  let start = 0;
  for (let cell = 0; cell < plan.length; cell += 2) {
    const count = plan[cell + 1] ?? 0;
    yield { sql: texts[plan[cell] ?? 0] ?? '', parameters: parameters.slice(start, (start += count)) };
  }
}

/** How long packed statements are, in characters and bytes, roughly. */
export function lengthOfStatements({ texts, plan, parameters }: PackedStatements): number {
  let length = plan.length;
  for (const text of texts) length += text.length;
  for (const value of parameters) length += typeof value === 'object' ? (value?.length ?? 1) : String(value).length;
  return length;
}
