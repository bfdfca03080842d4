/**
 * Rows about the entities of a category, of which there may be many: set in tables of some hundred rows each, while the look
 * through the category goes on.
 */

import type { CommandContext } from '../context.ts';
import { countOf } from '../terminal/quantities.ts';
import { GrowingTable, type Column } from '../terminal/table.ts';
import type { ProgressLine } from '../terminal/progress-line.ts';

/** So many rows share the widths of their columns. */
const rowsAtOnce = 500;

/** A column of such rows. */
export interface RowColumn extends Column {
  /** Left out where no row has anything in it, as far as all rows are known before the first is printed. */
  readonly isOptional?: true;
}

/** Prints rows as they come, and the progress of the look between them. */
export class CategoryRows {
  readonly #context: CommandContext;
  readonly #columns: readonly RowColumn[];
  #table: GrowingTable | undefined;
  #leftOut: ReadonlySet<number> = new Set();
  readonly #progress: ProgressLine;
  #rows: (readonly string[])[] = [];
  #count = 0;

  constructor(context: CommandContext, columns: readonly RowColumn[], progress: ProgressLine) {
    this.#context = context;
    this.#columns = columns;
    this.#progress = progress;
  }

  /** How many rows there were so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds a row, and prints when enough are gathered. */
  async add(row: readonly string[]): Promise<void> {
    this.#rows.push(row);
    this.#count += 1;
    if (this.#rows.length === rowsAtOnce) await this.#print();
  }

  /** Prints what was gathered last. */
  async finish(): Promise<void> {
    const isEmpty = (index: number): boolean => this.#rows.every((row) => row[index] === '');
    if (this.#table === undefined)
      this.#leftOut = new Set(
        this.#columns.flatMap(({ isOptional }, index) => (isOptional && isEmpty(index) ? [index] : [])),
      );
    await this.#print();
  }

  async #print(): Promise<void> {
    this.#progress.clear();
    if (this.#rows.length === 0) return;
    const { output, palette, widthMax } = this.#context;
    const isFirst = this.#table === undefined;
    const isShown = (_: unknown, index: number): boolean => !this.#leftOut.has(index);
    this.#table ??= new GrowingTable(this.#aligned().filter(isShown), { widthMax, paintTitle: palette.title });
    const rows = this.#rows.map((row) => row.filter(isShown));
    this.#table.measure(rows);
    if (isFirst) await output.line(this.#table.titleLine());
    for (const row of rows) await output.line(this.#table.line(row));
    this.#rows = [];
    // Progress is drawn on the same terminal: nothing of the output may wait behind it.
    await output.flush();
  }

  /** Columns that hold numbers, as far as the first rows tell, have them to the right. */
  #aligned(): readonly Column[] {
    return this.#columns.map((column, index) => {
      if (column.align !== undefined) return column;
      const cells = this.#rows.map((row) => row[index] ?? '').filter((cell) => cell !== '');
      return cells.length > 0 && cells.every((cell) => isNumber.test(cell)) ? { ...column, align: 'right' } : column;
    });
  }
}

const isNumber = /^-?\d+(?:\.\d+)?$/;

/** Progress of a look through a category, for `onProgress`. */
export function entityProgress(progress: ProgressLine): (entities: number) => void {
  return (count) =>
    progress.update({ done: count, total: undefined, count, detail: countOf(count, 'entity', 'entities') });
}
