/**
 * Events as people read them: a line each, or a block each.
 */

import { dataTextOf, type StoredEvent } from 'hindsightdb';
import { isoOf } from '../formats/json-lines/event-line.ts';
import { prettyJson } from '../formats/json-lines/member-text.ts';
import { partsOf } from '../formats/json-lines/record-parts.ts';
import type { CommandContext } from './context.ts';
import { GrowingTable, type Column } from './terminal/table.ts';
import { safeText } from './terminal/text-width.ts';

/** Turns pages of events into lines. */
export interface EventPrinter {
  /** What stands above the first event. */
  titleLines(firstPage: readonly StoredEvent[]): readonly string[];
  lines(page: readonly StoredEvent[]): readonly string[];
}

const narrowWidth = 100;

/** A line for each event, in columns. Of one stream the version is shown, of several streams the position and the stream. */
export function tablePrinter(context: CommandContext, shows: 'stream' | 'log'): EventPrinter {
  const { palette } = context;
  const columns: Column[] =
    shows === 'stream'
      ? [{ title: 'VERSION', align: 'right' }]
      : [
          { title: 'POSITION', align: 'right' },
          { title: 'STREAM', paint: palette.name },
          { title: 'VERSION', align: 'right' },
        ];
  columns.push({ title: 'TIME', paint: palette.faint }, { title: 'TYPE', paint: palette.type }, { title: 'DATA' });
  const table = new GrowingTable(columns, { widthMax: context.widthMax, paintTitle: palette.title });
  const isNarrow = (context.widthMax ?? narrowWidth) < narrowWidth;
  const cellsOf = (event: StoredEvent): string[] => {
    const { type, occurredAt } = partsOf(event.record);
    const place =
      shows === 'stream'
        ? [String(event.version)]
        : [String(event.position), safeText(event.streamId), String(event.version)];
    const time = occurredAt ?? `${isoOf(event.recordedAt).slice(0, 23)}Z`;
    // On a narrow terminal the data is worth more than fractions of a second.
    const shown = isNarrow ? time.slice(0, 19) : time;
    return [...place, safeText(shown.replace('T', ' ')), safeText(type), safeText(dataTextOf(event.record))];
  };
  return {
    titleLines: (firstPage) => {
      table.measure(firstPage.map(cellsOf).map((cells) => cells.slice(0, -1)));
      return [table.titleLine()];
    },
    lines: (page) => page.map((event) => table.line(cellsOf(event))),
  };
}

/** A block for each event, with everything that is known of it. */
export function blockPrinter(context: CommandContext): EventPrinter {
  const { palette } = context;
  const field = (name: string, value: string): string => `  ${palette.faint(name.padEnd(9))} ${value}`;
  const block = (event: StoredEvent): string[] => {
    const { id, type, tags = [], occurredAt, contentType, metadata } = partsOf(event.record);
    const lines = [
      `${palette.name(safeText(event.streamId))} ${event.version}  ${palette.type(safeText(type))}`,
      field('position', String(event.position)),
      field('recorded', isoOf(event.recordedAt)),
    ];
    if (occurredAt !== undefined) lines.push(field('occurred', safeText(occurredAt)));
    lines.push(field('id', safeText(id)));
    if (tags.length > 0) lines.push(field('tags', tags.map(safeText).join('  ')));
    if (contentType !== undefined) lines.push(field('content', safeText(contentType)));
    for (const [name, value] of Object.entries(metadata ?? {}))
      lines.push(
        field('metadata', `${safeText(name)}: ${safeText(typeof value === 'string' ? value : JSON.stringify(value))}`),
      );
    const [first = '', ...rest] = safeLines(prettyJson(dataTextOf(event.record)));
    lines.push(field('data', first), ...rest.map((line) => `  ${' '.repeat(9)} ${line}`), '');
    return lines;
  };
  return { titleLines: () => [], lines: (page) => page.flatMap(block) };
}

function safeLines(text: string): readonly string[] {
  return text.split('\n').map(safeText);
}
