/**
 * Tables for people: columns as wide as their contents, numbers to the right, cut where the terminal ends.
 */

import { cutToWidth, widthOf } from './text-width.ts';

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Default `'left'`; numbers stand to the right. */
  readonly align?: 'left' | 'right';
  /** Left out of a table for a terminal that is narrower than this, since other columns say more there. */
  readonly leftOutBelow?: number;
  /** Paints a cell, after it was cut and before it is filled up. */
  readonly paint?: (text: string) => string;
}

/** How a table is set. */
export interface TableOptions {
  /** The columns of the terminal; what does not fit is cut. Undefined: nothing is cut. */
  readonly widthMax?: number | undefined;
  readonly paintTitle?: (text: string) => string;
}

const gap = '  ';

/** Sets a table whose rows are all known. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string[] {
  const { widthMax = Number.MAX_SAFE_INTEGER } = options;
  const hasRoom = (_: unknown, index: number): boolean => widthMax >= (columns[index]?.leftOutBelow ?? 0);
  const shown = rows.map((row) => row.filter(hasRoom));
  const table = new GrowingTable(columns.filter(hasRoom), options);
  table.measure(shown);
  return [table.titleLine(), ...shown.map((row) => table.line(row))];
}

/** A table whose rows come one after another: its columns get wider where they must, and never narrower. */
export class GrowingTable {
  readonly #columns: readonly Column[];
  readonly #options: TableOptions;
  readonly #widths: number[];

  constructor(columns: readonly Column[], options: TableOptions = {}) {
    this.#columns = columns;
    this.#options = options;
    this.#widths = columns.map(({ title }) => widthOf(title));
  }

  /** Makes room for rows that will be set. */
  measure(rows: readonly (readonly string[])[]): void {
    for (const row of rows) {
      row.forEach((cell, index) => {
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, Math.min(widthOf(cell), this.#cellMax));
      });
    }
  }

  /** On a terminal no column but the last takes more than two fifths of it. */
  get #cellMax(): number {
    const { widthMax } = this.#options;
    return widthMax === undefined ? Number.MAX_SAFE_INTEGER : Math.max(12, Math.floor(widthMax * 0.4));
  }

  /** The line of titles. */
  titleLine(): string {
    const paint = this.#options.paintTitle ?? ((text: string) => text);
    return this.#set(
      this.#columns.map(({ title }) => title),
      () => paint,
    );
  }

  /** The line of a row. */
  line(row: readonly string[]): string {
    this.measure([row.slice(0, -1)]);
    return this.#set(row, (column) => column.paint ?? ((text) => text));
  }

  #set(cells: readonly string[], paintOf: (column: Column) => (text: string) => string): string {
    const { widthMax } = this.#options;
    let used = 0;
    const parts = this.#columns.map((column, index) => {
      const isLast = index === this.#columns.length - 1;
      const cell = cells[index] ?? '';
      const room = isLast && widthMax !== undefined ? Math.max(1, widthMax - used) : this.#cellMax;
      const text = cutToWidth(cell, room);
      const width = this.#widths[index] ?? 0;
      used += width + gap.length;
      const filling = ' '.repeat(Math.max(0, width - widthOf(text)));
      const painted = paintOf(column)(text);
      if (column.align === 'right') return filling + painted;
      return isLast ? painted : painted + filling;
    });
    return parts.join(gap).trimEnd();
  }
}
