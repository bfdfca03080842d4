/**
 * CSV as a format of imports.
 */

import { RawJson, type Limits } from 'hindsightdb';
import type { FileRow, ImportedEvent, InputFormat, JsonValue, RowReader } from '../import/input-format.ts';
import { checkOwnName, checkTags } from '../import/names.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { valueTextOf } from './cell-values.ts';
import { layoutOf, type CsvLayout, type LayoutOptions } from './csv-layout.ts';
import { mappingOf, type CsvMapping, type CsvMappingOptions } from './csv-mapping.ts';
import { CsvRows, type CsvRow } from './csv-rows.ts';
import { exactEventOf, isExactHeader } from './exact-rows.ts';
import { isoTimeOf, timeFormatOf, ZoneNeeded, type TimeForm } from './time-text.ts';

/** What is said of a CSV file. */
export interface CsvOptions extends LayoutOptions {
  readonly mapping: CsvMappingOptions;
  /** Whether anything was said of the mapping; where nothing was, a file that an export wrote is read as such. */
  readonly isMappingGiven: boolean;
  readonly relaxesQuotes: boolean;
  readonly limits: Limits;
}

/** The format of CSV files. */
export function csvFormat(options: CsvOptions): InputFormat<CsvRow> {
  return {
    kind: 'csv',
    begin: (beginning) => {
      const { givenNames, ...layout } = layoutOf(beginning, options);
      return new CsvReader(layout, options, { offset: 0, notes: notesOn(givenNames, layout.columns) });
    },
    resume: (layout, offset) => new CsvReader(checkedLayout(layout), options, { offset, notes: [] }),
  };
}

function notesOn(given: readonly string[], columns: readonly string[]): string[] {
  return columns.flatMap((name, index) =>
    name === given[index]
      ? []
      : [
          given[index] === ''
            ? `Column ${index + 1} has no name; it is called ${JSON.stringify(name)} here.`
            : `There are several columns ${JSON.stringify(given[index])}; column ${index + 1} is called ${JSON.stringify(name)} here.`,
        ],
  );
}

/** A layout comes back as JSON from the record of an earlier run, which this code wrote. */
function checkedLayout(layout: JsonValue): CsvLayout {
  if (typeof layout !== 'object' || layout === null || !('columns' in layout))
    throw new TypeError('The record of the import holds no layout of a CSV file.');
  // Written by `layout` of the reader below.
  return layout as JsonValue & CsvLayout;
}

class CsvReader implements RowReader<CsvRow> {
  readonly layout: JsonValue & CsvLayout;
  readonly mapping: JsonValue;
  readonly notes: readonly string[];
  readonly #rows: CsvRows;
  readonly #eventOf: (fields: readonly string[]) => ImportedEvent | undefined;
  /** The line of names comes first, where the text is read from its beginning and has one. */
  #isHeaderDue: boolean;

  constructor(
    layout: CsvLayout,
    options: CsvOptions,
    at: { readonly offset: number; readonly notes: readonly string[] },
  ) {
    const { delimiter, quote, columns } = layout;
    this.layout = { delimiter, quote, columns };
    this.notes = at.notes;
    this.#isHeaderDue = at.offset === 0 && options.columns === undefined;
    this.#rows = new CsvRows({ delimiter, quote, offset: at.offset, relaxesQuotes: options.relaxesQuotes });
    if (!options.isMappingGiven && isExactHeader(columns)) {
      this.mapping = 'exact';
      this.#eventOf = exactEventOf(columns, options.limits);
    } else {
      const mapping = mappingOf(options.mapping, columns);
      this.mapping = {
        ...mapping,
        attributes: mapping.attributes.map((each) => ({ ...each })),
        tags: mapping.tags.map((each) => ({ ...each })),
        // A resumed text is cut as it was at first; whoever now says otherwise is told.
        delimiter: options.delimiter ?? delimiter,
        quote: options.quote ?? quote,
        columns: options.columns ?? null,
        relaxesQuotes: options.relaxesQuotes,
      };
      this.#eventOf = mappedEventOf(mapping, columns, options.limits);
    }
  }

  async feed(piece: Buffer): Promise<readonly CsvRow[]> {
    return this.#withoutHeader(await this.#rows.feed(piece));
  }

  async end(): Promise<readonly CsvRow[]> {
    return this.#withoutHeader(await this.#rows.end());
  }

  #withoutHeader(rows: readonly CsvRow[]): readonly CsvRow[] {
    if (!this.#isHeaderDue || rows.length === 0) return rows;
    this.#isHeaderDue = false;
    return rows.slice(1);
  }

  eventOf({ fields }: CsvRow): ImportedEvent | undefined {
    const { columns } = this.layout;
    if (fields.length !== columns.length)
      throw new BadRowError(`The row has ${fields.length} fields, and there are ${columns.length} columns.`);
    return this.#eventOf(fields);
  }
}

/** The event of a row by a mapping. */
function mappedEventOf(
  mapping: CsvMapping,
  columns: readonly string[],
  limits: Limits,
): (fields: readonly string[]) => ImportedEvent {
  const times: TimeForm = {
    timeZone: mapping.timeZone ?? undefined,
    format: mapping.timeFormat === null ? undefined : timeFormatOf(mapping.timeFormat),
  };
  const caseColumn = columns[mapping.case];
  const typeColumn = mapping.type === null ? undefined : columns[mapping.type];
  const streamUse = { what: 'The stream id', bytesMax: limits.streamIdBytesMax, column: caseColumn };
  const typeUse = { what: 'The event type', bytesMax: limits.typeBytesMax, column: typeColumn };
  const keys = mapping.attributes.map(({ name }) => `${JSON.stringify(name)}:`);
  return (fields) => {
    const given = (fields[mapping.case] ?? '').trim();
    if (given === '') throw new BadRowError('The row names no case.', caseColumn);
    const streamId = mapping.category === null ? given : `${mapping.category}-${given}`;
    checkOwnName(streamId, streamUse);
    const type = mapping.type === null ? (mapping.fixedType ?? '') : (fields[mapping.type] ?? '').trim();
    checkOwnName(type, typeUse);
    const tags = mapping.tags.flatMap(({ column, prefix }) => {
      const value = (fields[column] ?? '').trim();
      return value === '' ? [] : [prefix === '' ? value : `${prefix}:${value}`];
    });
    if (tags.length > 0) checkTags(tags, limits);
    const occurredAt =
      mapping.time === null ? undefined : timeOfCell(fields[mapping.time] ?? '', columns[mapping.time], times);
    let data = '';
    for (const [index, { column, kind }] of mapping.attributes.entries()) {
      const cell = fields[column] ?? '';
      if (cell === '' && !mapping.keepsEmpty) continue;
      const value = cell === '' ? '""' : inColumn(columns[column], () => valueTextOf(cell, kind, times));
      data += `${data === '' ? '' : ','}${keys[index]}${value}`;
    }
    return {
      streamId,
      event: {
        type,
        // Every part was made by JSON.stringify or checked to be JSON.
        data: new RawJson(`{${data}}`),
        ...(tags.length > 0 && { tags }),
        ...(occurredAt !== undefined && { occurredAt }),
      },
    };
  };
}

function timeOfCell(cell: string, column: string | undefined, times: TimeForm): string {
  if (cell.trim() === '') throw new BadRowError('The row has no time.', column);
  return inColumn(column, () => isoTimeOf(cell, times));
}

/** Names the column in which something is wrong. */
function inColumn<Value>(column: string | undefined, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadRowError && error.column === undefined) throw new BadRowError(error.reason, column);
    if (error instanceof ZoneNeeded)
      throw new UnreadableInput(
        `Column ${JSON.stringify(column)}: the time ${JSON.stringify(error.value)} has no offset, so it could be any of a day's hours.`,
        { offset: -1, column },
        ['Say of which zone such times are, for example: --time-zone Europe/Amsterdam', 'or: --time-zone UTC'],
      );
    throw error;
  }
}

/** A row of a CSV file, for those that know only rows. */
export type { CsvRow, FileRow };
