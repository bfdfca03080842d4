/**
 * What the memory engine does for views: their writes in an append, and SQL where it was handed tables.
 */

import { HindsightError, type Conflict } from '../core/errors.ts';
import type { AppendBatch, KeyedWrite, Written } from './contract.ts';
import type { MemoryKeyed } from './memory-keyed.ts';
import { filledStatement, filledWrite, movedHeads, type Places } from './pending-facts.ts';
import { assertParameters, type SqlTables } from './sql-tables.ts';
import type { SqlPart } from './views.ts';

/** Executes the statements of an append's views, all or none. Before the append is written, which cannot fail any more. */
export function executeViews({ views = [] }: AppendBatch, places: Places, tables: SqlTables | undefined): void {
  for (const { statements, progressKey } of views) assertParameters(statements, progressKey);
  const lists = views.map(({ progressKey, statements }) => ({
    progressKey,
    statements: statements.map((statement) => filledStatement(statement, places)),
  }));
  if (tables !== undefined) tables.execute(lists);
  else if (lists.some(({ statements }) => statements.length > 0))
    throw new HindsightError('UNSUPPORTED', 'This engine has no SQL: its views are documents in the keyed store.');
}

/** Writes the entries of an append's views, and says how far they are complete. */
export function writeViews(
  { views = [] }: AppendBatch,
  places: Places,
  {
    keyed,
    written,
    progress,
  }: {
    readonly keyed: MemoryKeyed;
    readonly written: Written;
    readonly progress: (progressKey: string) => readonly number[] | undefined;
  },
): void {
  for (const { progressKey, keyedWrites } of views) {
    const heads = progress(progressKey);
    for (const write of keyedWrites) keyed.write(filledWrite(write, places));
    if (heads !== undefined && written.partitions.length > 0)
      keyed.write({ key: progressKey, value: JSON.stringify(movedHeads(heads, written)) });
  }
}

/** SQL beside the log, over the tables that the engine was handed. */
export function memorySql(
  tables: SqlTables,
  {
    assertOpen,
    write,
  }: {
    readonly assertOpen: () => void;
    /** Writes keyed entries where nothing stands against them, when `execute` has returned. */
    readonly write: (writes: readonly KeyedWrite[], execute: () => void) => readonly Conflict[];
  },
): SqlPart {
  return {
    write: async ({ keyedWrites, statements }) => {
      assertOpen();
      assertParameters(statements);
      return write(keyedWrites, () => tables.execute([{ statements }]));
    },
    query: async (statement) => {
      assertOpen();
      assertParameters([statement]);
      return tables.query(statement);
    },
  };
}
