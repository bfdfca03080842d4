/**
 * Reading SQL views.
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';
import type { SqlRow, SqlStatement } from '../store/engine-types.ts';
import { plainStatement, SqlText, StatementMaker, type TableNaming } from './sql-text.ts';

/** Reads the tables of a view, as its last commit left them. */
export interface SqlReader {
  /** The rows of a reading statement, made by `sql`. `Row` says what they are; nothing checks it. */
  query<Row extends object = SqlRow>(text: SqlText): Promise<readonly Row[]>;
}

/** Reads the tables of one view, by the names under which they are found. */
export class ViewSqlReader implements SqlReader {
  readonly #maker: StatementMaker;
  readonly #query: (statement: SqlStatement) => Promise<readonly SqlRow[]>;

  constructor(nameOf: TableNaming, query: (statement: SqlStatement) => Promise<readonly SqlRow[]>) {
    this.#maker = new StatementMaker(nameOf);
    this.#query = query;
  }

  async query<Row extends object = SqlRow>(text: SqlText): Promise<readonly Row[]> {
    if (!(text instanceof SqlText))
      throw argumentError('INVALID_ARGUMENT', `A query must be made by sql\`…\`, not ${describe(text)}.`);
    const rows = await this.#query(plainStatement(this.#maker.statement(text)));
    // What the columns hold, the caller knows who wrote the query.
    return rows as readonly Row[];
  }
}
