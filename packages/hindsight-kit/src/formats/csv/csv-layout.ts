/**
 * The layout of a CSV text: what separates its fields, and the names of its columns.
 */

import { parse } from 'csv-parse/sync';
import { UnreadableInput } from '../source/bad-input.ts';
import { isExactHeader } from './exact-rows.ts';

/** What must be known to read a CSV text from its middle. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly quote: string;
  /** The names of the columns, each of them once; see {@link distinctNames}. */
  readonly columns: readonly string[];
}

/** What may be said of a layout in advance. */
export interface LayoutOptions {
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
  /** The text has no line of names: these are they. */
  readonly columns?: readonly string[] | undefined;
}

const delimiters = [',', ';', '\t', '|'];

/** Finds the layout of a text by its beginning. Throws `UnreadableInput`. */
export function layoutOf(
  beginning: Buffer,
  options: LayoutOptions,
): CsvLayout & { readonly givenNames: readonly string[] } {
  const quote = options.quote ?? '"';
  const delimiter = options.delimiter ?? commonestDelimiter(firstLine(beginning, quote), quote);
  const givenNames = options.columns ?? headerOf(beginning, { delimiter, quote });
  return { delimiter, quote, givenNames, columns: distinctNames(givenNames) };
}

function headerOf(
  beginning: Buffer,
  { delimiter, quote }: { readonly delimiter: string; readonly quote: string },
): string[] {
  let rows: unknown;
  try {
    rows = parse(beginning, {
      ...parseOptions({ delimiter, quote }),
      to: 1,
      // The beginning may end in the middle of a row behind the first.
      relax_quotes: true,
    });
  } catch (cause) {
    throw new UnreadableInput(
      `The line of column names cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { offset: 0 },
    );
  }
  const header: unknown = Array.isArray(rows) ? rows[0] : undefined;
  if (!Array.isArray(header))
    throw new UnreadableInput('The file is empty: it has not even a line of column names.', { offset: 0 });
  const names = header.map(String);
  // An export means its names to the letter; around names that people wrote, spaces mean nothing.
  return isExactHeader(names) ? names : names.map((name) => name.trim());
}

/** Options of the parser that the header and the rows share. */
export function parseOptions({ delimiter, quote }: { readonly delimiter: string; readonly quote: string }): {
  readonly bom: true;
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly record_delimiter: string[];
  readonly relax_column_count: true;
  readonly skip_empty_lines: true;
} {
  return {
    bom: true,
    delimiter,
    quote,
    escape: quote,
    record_delimiter: ['\r\n', '\n', '\r'],
    // Rows of the wrong length are judged one by one, with their place.
    relax_column_count: true,
    skip_empty_lines: true,
  };
}

function firstLine(beginning: Buffer, quote: string): string {
  const text = beginning.toString('utf8');
  let isQuoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === quote) isQuoted = !isQuoted;
    else if (!isQuoted && (character === '\n' || character === '\r') && text.slice(0, index).trim() !== '')
      return text.slice(0, index);
  }
  return text;
}

function commonestDelimiter(line: string, quote: string): string {
  let best = ',';
  let most = 0;
  const unquoted = line
    .split(quote)
    .filter((_, index) => index % 2 === 0)
    .join('');
  for (const delimiter of delimiters) {
    const count = unquoted.split(delimiter).length - 1;
    if (count > most) [best, most] = [delimiter, count];
  }
  return best;
}

/** Names that are there once: a column without one is called by its place, and a repeated name gets its number, `amount#2`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name, index) => {
    const wanted = name === '' ? `column${index + 1}` : name;
    let distinct = wanted;
    for (let number = 2; taken.has(distinct) || (distinct !== wanted && names.includes(distinct)); number += 1)
      distinct = `${wanted}#${number}`;
    taken.add(distinct);
    return distinct;
  });
}
