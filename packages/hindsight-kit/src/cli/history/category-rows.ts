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

/** Prints rows as they come, and the progress of the look between them. */
export class CategoryRows {
  readonly #context: CommandContext;
  readonly #columns: readonly Column[];
  #table: GrowingTable | undefined;
  readonly #progress: ProgressLine;
  #rows: (readonly string[])[] = [];
  #count = 0;

  constructor(context: CommandContext, columns: readonly Column[], progress: ProgressLine) {
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
    if (this.#rows.length === rowsAtOnce) await this.print();
  }

  /** Prints what was gathered. */
  async print(): Promise<void> {
    this.#progress.clear();
    if (this.#rows.length === 0) return;
    const { output, palette, widthMax } = this.#context;
    const isFirst = this.#table === undefined;
    this.#table ??= new GrowingTable(this.#aligned(), { widthMax, paintTitle: palette.title });
    this.#table.measure(this.#rows);
    if (isFirst) await output.line(this.#table.titleLine());
    for (const row of this.#rows) await output.line(this.#table.line(row));
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
