/**
 * Rows of a CSV text with their offsets, as csv-parse cuts them.
 */

import { parse, type CsvError, type Parser } from 'csv-parse';
import type { FileRow } from '../import/input-format.ts';
import { UnreadableInput } from '../source/bad-input.ts';
import { parseOptions } from './csv-layout.ts';

/** A row with its fields, as many as it has. */
export interface CsvRow extends FileRow {
  readonly fields: readonly string[];
}

/** How rows are cut. */
export interface CsvRowsOptions {
  readonly delimiter: string;
  readonly quote: string;
  /** Where the text begins that is fed. */
  readonly offset: number;
  /** Whether a quote inside a field that has none around it is a character like others. */
  readonly relaxesQuotes: boolean;
}

/** A row cannot be longer; a quote that never closes would else take the whole file into memory. */
const rowBytesMax = 64 * 1024 * 1024;

/** Cuts a text that is fed in pieces into rows. */
export class CsvRows {
  readonly #parser: Parser;
  readonly #base: number;
  #rows: CsvRow[] = [];
  #end: number;
  #failure: Error | undefined;
  #isEnded = false;

  constructor(options: CsvRowsOptions) {
    this.#base = options.offset;
    this.#end = options.offset;
    this.#parser = parse({
      ...parseOptions(options),
      relax_quotes: options.relaxesQuotes,
      max_record_size: rowBytesMax,
      // The byte order mark stands at the beginning of a text, not where a resumed one is taken up.
      bom: options.offset === 0,
      on_record: (fields: string[], { bytes }) => {
        const end = this.#base + bytes;
        this.#rows.push({ fields, start: this.#end, end });
        this.#end = end;
        // Rows are handed on from here: the parser need not keep them.
        return null;
      },
    });
    this.#parser.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#parser.resume();
  }

  /** The rows that end in this piece. */
  async feed(piece: Buffer): Promise<readonly CsvRow[]> {
    await new Promise<void>((resolve) => {
      this.#parser.write(piece, () => resolve());
    });
    return this.#taken();
  }

  /** What is left when the text has ended. Call it until nothing is; a failure is raised behind the last good row. */
  async end(): Promise<readonly CsvRow[]> {
    // A parser that has failed is closed already.
    if (this.#failure === undefined && !this.#isEnded) {
      this.#isEnded = true;
      await new Promise<void>((resolve) => {
        this.#parser.once('close', resolve);
        this.#parser.end();
      });
    }
    return this.#taken();
  }

  #taken(): readonly CsvRow[] {
    const rows = this.#rows;
    this.#rows = [];
    // Rows before the broken place are good; the failure is raised when they have been handed on.
    if (this.#failure !== undefined && rows.length === 0) throw this.#explain(this.#failure);
    return rows;
  }

  #explain(error: Error): UnreadableInput {
    const place = { offset: this.#end };
    const code = 'code' in error ? error.code : undefined;
    // csv-parse documents its codes on this class; an error of another kind has none of them.
    switch (code as CsvError['code'] | undefined) {
      case 'CSV_QUOTE_NOT_CLOSED':
        return new UnreadableInput('The row that begins here opens a quote that nothing closes.', place, quoteAdvice);
      case 'CSV_INVALID_CLOSING_QUOTE':
        return new UnreadableInput('A quoted field goes on behind its closing quote.', place, quoteAdvice);
      case 'INVALID_OPENING_QUOTE':
        return new UnreadableInput('A field has a quote in its middle.', place, quoteAdvice);
      case 'CSV_MAX_RECORD_SIZE':
        return new UnreadableInput(
          `The row that begins here is longer than ${rowBytesMax / 1024 / 1024} MiB: a quote is probably not closed.`,
          place,
          quoteAdvice,
        );
      default:
        return new UnreadableInput(error.message, place);
    }
  }
}

const quoteAdvice = [
  'Quotes inside a quoted field are doubled: "a ""b"" c".',
  'Where quotes are ordinary characters: --relax-quotes, or --quote with a character that does not occur.',
];
