/**
 * Rows of the CSV that an export writes. Fixed columns come first, then a column for each attribute of the data:
 *
 *     streamId,version,position,recordedAt,type,occurredAt,id,tags,metadata,contentType,encoding,data,data.amount,…
 *
 * An event whose data fit into the attribute columns without any loss leaves `data` empty; any other has its data there, as
 * JSON text. So every event is read back to the byte. `docs/guides/import-csv.md` shows both.
 */

import type { Limits } from 'hindsightdb';
import { exactEvent } from '../import/exact-event.ts';
import type { ImportedEvent } from '../import/input-format.ts';
import { membersOf } from '../json-lines/member-text.ts';
import { BadRowError } from '../source/bad-input.ts';
import { exactCell, valueTextOf } from './cell-values.ts';

/** The columns that stand before those of the attributes. */
export const fixedColumns = [
  'streamId',
  'version',
  'position',
  'recordedAt',
  'type',
  'occurredAt',
  'id',
  'tags',
  'metadata',
  'contentType',
  'encoding',
  'data',
] as const;

/** Begins the name of a column that holds an attribute. */
export const attributePrefix = 'data.';

/** Whether these are columns of an export. */
export function isExactHeader(columns: readonly string[]): boolean {
  return fixedColumns.every((name, index) => columns[index] === name);
}

/** The event of a row by the columns of an export. */
export function exactEventOf(
  columns: readonly string[],
  limits: Limits,
): (fields: readonly string[]) => ImportedEvent | undefined {
  const attributes = columns.flatMap((name, column) =>
    column >= fixedColumns.length ? [{ column, key: `${JSON.stringify(name.slice(attributePrefix.length))}:` }] : [],
  );
  return (fields) => {
    const cell = (name: (typeof fixedColumns)[number]): string | undefined =>
      fields[fixedColumns.indexOf(name)] || undefined;
    const metadataText = cell('metadata');
    return exactEvent(
      {
        streamId: cell('streamId'),
        type: cell('type'),
        id: cell('id'),
        tags: parsed(cell('tags'), 'tags'),
        occurredAt: cell('occurredAt'),
        contentType: cell('contentType'),
        encoding: cell('encoding'),
        metadata: parsed(metadataText, 'metadata'),
        metadataText,
        dataText: cell('data') === undefined ? attributesText(fields, attributes) : wholeText(cell('data')),
      },
      limits,
    );
  };
}

function parsed(text: string | undefined, column: string): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRowError(`${column} is not JSON.`, column);
  }
}

function wholeText(text: string | undefined): string {
  parsed(text, 'data');
  return text ?? 'null';
}

function attributesText(
  fields: readonly string[],
  attributes: readonly { readonly column: number; readonly key: string }[],
): string {
  const noTimes = { timeZone: undefined, format: undefined };
  const members = attributes.flatMap(({ column, key }) => {
    const cell = fields[column] ?? '';
    return cell === '' ? [] : [`${key}${valueTextOf(cell, 'exact', noTimes)}`];
  });
  return `{${members.join(',')}}`;
}

/**
 * The cells of the attribute columns for data, given as JSON text; undefined where they cannot hold it to the byte: when it is
 * no object, when it has spaces between its members, when a name has no column or stands out of their order.
 */
export function attributeCells(dataText: string, columnOf: ReadonlyMap<string, number>): string[] | undefined {
  if (!dataText.startsWith('{')) return undefined;
  const members = membersOf(dataText);
  const cells: string[] = Array.from({ length: columnOf.size }, () => '');
  let last = -1;
  // What the cells will be read back as: braces, and each member with its colon and a comma behind all but the last.
  let length = members.length === 0 ? 2 : 1;
  for (const { name, nameText, valueText } of members) {
    const column = columnOf.get(name);
    if (column === undefined || column <= last || nameText !== JSON.stringify(name)) return undefined;
    cells[column] = exactCell(valueText);
    last = column;
    length += nameText.length + valueText.length + 2;
  }
  return length === dataText.length ? cells : undefined;
}
