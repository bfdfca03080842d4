/**
 * A look at what the first rows of a text would become. Nothing is written.
 */

import { RawJson } from 'hindsightdb';
import { BadRowError, UnreadableInput, type BadRow, type RowPlace } from '../source/bad-input.ts';
import { ReadPrefix } from '../source/read-prefix.ts';
import type { TextSource } from '../source/text-source.ts';
import { beginningBytes, type FileRow, type InputFormat, type RowReader } from './input-format.ts';

/** A row, and the event that it would become or what is wrong with it. */
export type PreviewRow =
  | {
      readonly kind: 'event';
      readonly line: number;
      readonly streamId: string;
      readonly type: string;
      readonly occurredAt: string | undefined;
      readonly tags: readonly string[];
      readonly dataText: string;
    }
  | ({ readonly kind: 'bad'; readonly line: number } & Pick<BadRow, 'column' | 'reason'> &
      Pick<RowPlace, 'character' | 'element'>);

/** Reads the first rows. Throws `MappingError` and `UnreadableInput`. */
export async function previewRows(request: {
  readonly text: TextSource;
  readonly format: InputFormat;
  readonly count: number;
}): Promise<{ readonly rows: readonly PreviewRow[]; readonly notes: readonly string[] }> {
  const { text, format, count } = request;
  const prefix = new ReadPrefix();
  const pieces: Buffer[] = [];
  let reader: RowReader | undefined;
  const found: PreviewRow[] = [];
  const take = (rows: readonly FileRow[]): void => {
    for (const row of rows) {
      if (found.length >= count || reader === undefined) return;
      const previewed = previewOf(reader, row, prefix);
      if (previewed !== undefined) found.push(previewed);
    }
  };
  for await (const piece of text) {
    prefix.add(piece);
    pieces.push(piece);
    if (prefix.end < beginningBytes && reader === undefined) continue;
    reader ??= format.begin(Buffer.concat(pieces));
    for (const part of pieces.splice(0)) take(await reader.feed(part));
    if (found.length >= count) return { rows: found, notes: reader.notes };
    if (reader.passed !== undefined) prefix.advanceTo(reader.passed);
  }
  reader ??= format.begin(Buffer.concat(pieces));
  for (const part of pieces) take(await reader.feed(part));
  // What comes after the rows that were asked for is not looked at, nor whether it can be read.
  if (found.length < count) take(await reader.end());
  return { rows: found, notes: reader.notes };
}

function previewOf(reader: RowReader, row: FileRow, prefix: ReadPrefix): PreviewRow | undefined {
  const line = row.line ?? prefix.lineAt(prefix.skipLineEnds(row.start));
  try {
    const imported = reader.eventOf(row);
    if (imported === undefined) return undefined;
    const { streamId, event } = imported;
    const { type, tags = [], occurredAt, data } = event;
    return {
      kind: 'event',
      line,
      streamId,
      type,
      tags,
      occurredAt: typeof occurredAt === 'string' ? occurredAt : undefined,
      dataText: data instanceof RawJson ? data.text : JSON.stringify(data),
    };
  } catch (error) {
    if (error instanceof UnreadableInput)
      throw new UnreadableInput(`Line ${error.place.line ?? line}: ${error.message}`, error.place, error.advice);
    if (error instanceof BadRowError) {
      const { column, reason, place } = error;
      return { kind: 'bad', column, reason, ...place, line: place.line ?? line };
    }
    throw error;
  }
}
