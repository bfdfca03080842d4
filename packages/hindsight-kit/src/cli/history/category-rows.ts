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
  readonly #table: GrowingTable;
  readonly #progress: ProgressLine;
  #rows: (readonly string[])[] = [];
  #count = 0;

  constructor(context: CommandContext, columns: readonly Column[], progress: ProgressLine) {
    const { widthMax, palette } = context;
    this.#context = context;
    this.#table = new GrowingTable(columns, { widthMax, paintTitle: palette.title });
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
    const { output } = this.#context;
    this.#table.measure(this.#rows.map((row) => row.slice(0, -1)));
    if (this.#count === this.#rows.length) await output.line(this.#table.titleLine());
    for (const row of this.#rows) await output.line(this.#table.line(row));
    this.#rows = [];
    // Progress is drawn on the same terminal: nothing of the output may wait behind it.
    await output.flush();
  }
}

/** Progress of a look through a category, for `onProgress`. */
export function entityProgress(progress: ProgressLine): (entities: number) => void {
  return (count) => progress.update({ done: count, total: undefined, count, detail: countOf(count, 'entity', 'entities') });
}
