/**
 * Lines of CSV as an export writes them, after RFC 4180 but for line ends of one character.
 */

import { dataTextOf, type StoredEvent } from 'hindsightdb';
import { isoOf } from '../json-lines/event-line.ts';
import { memberText, membersOf } from '../json-lines/member-text.ts';
import { partsOf } from '../json-lines/record-parts.ts';
import { attributeCells, attributePrefix, fixedColumns } from './exact-rows.ts';

/** The cells of a line, quoted where they must be. */
export function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => (needsQuotes.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

// Also around spaces at the ends, which other readers may take away, and a byte order mark, which would be taken for one.
const needsQuotes = /[",\r\n]|^[\s\uFEFF]|\s$/;

/** Writes the events of an export whose attribute columns are known. */
export class CsvEventLines {
  readonly #attributes: readonly string[];
  readonly #columnOf: ReadonlyMap<string, number>;
  readonly #noAttributes: readonly string[];

  constructor(attributes: readonly string[]) {
    this.#attributes = attributes;
    this.#columnOf = new Map(attributes.map((name, index) => [name, index]));
    this.#noAttributes = attributes.map(() => '');
  }

  /** The line of column names. */
  header(): string {
    return csvLine([...fixedColumns, ...this.#attributes.map((name) => `${attributePrefix}${name}`)]);
  }

  /** The line of an event. */
  line(event: StoredEvent): string {
    const parts = partsOf(event.record);
    const dataText = dataTextOf(event.record);
    const attributes = attributeCells(dataText, this.#columnOf);
    const fixed: Readonly<Record<(typeof fixedColumns)[number], string>> = {
      streamId: event.streamId,
      version: String(event.version),
      position: String(event.position),
      recordedAt: isoOf(event.recordedAt),
      type: parts.type,
      occurredAt: parts.occurredAt ?? '',
      id: parts.id,
      tags: parts.tags === undefined ? '' : JSON.stringify(parts.tags),
      metadata: parts.metadata === undefined ? '' : (memberText(event.record, 'metadata') ?? ''),
      contentType: parts.contentType ?? '',
      encoding: parts.encoding ?? '',
      data: attributes === undefined ? dataText : '',
    };
    return csvLine([...fixedColumns.map((name) => fixed[name]), ...(attributes ?? this.#noAttributes)]);
  }
}

/** Gathers the names of attributes in the order in which they first occur, each placed behind the one that it follows. */
export class AttributeColumns {
  readonly #names: string[] = [];
  readonly #known = new Set<string>();

  /** Beyond so many, data stays together in its own column; so it does where a name has no UTF-8 form. */
  readonly namesMax = 500;

  /** The names so far, in the order of the columns. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Takes note of the attributes of an event. */
  add(event: StoredEvent): void {
    const dataText = dataTextOf(event.record);
    if (!dataText.startsWith('{')) return;
    let place = 0;
    for (const { name } of membersOf(dataText)) {
      if (this.#known.has(name)) place = Math.max(place, this.#names.indexOf(name) + 1);
      else if (this.#names.length < this.namesMax && name.isWellFormed()) {
        this.#names.splice(place, 0, name);
        this.#known.add(name);
        place += 1;
      }
    }
  }
}
