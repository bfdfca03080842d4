/**
 * JSON Lines as a format of imports: an event a line. `docs/formats/jsonl.md` describes it.
 */

import type { Limits } from 'hindsightdb';
import { exactEvent } from '../import/exact-event.ts';
import type { FileRow, ImportedEvent, InputFormat, RowReader } from '../import/input-format.ts';
import { BadRowError, UnreadableInput } from '../source/bad-input.ts';
import { memberText } from './member-text.ts';

/** A line with its text. */
export interface JsonLine extends FileRow {
  readonly text: string;
}

/** The format of JSON Lines. */
export function jsonLinesFormat(limits: Limits): InputFormat<JsonLine> {
  return {
    kind: 'jsonl',
    begin: (beginning) => new LineReader(hasByteOrderMark(beginning) ? 3 : 0, 0, limits),
    resume: (_, offset) => new LineReader(0, offset, limits),
  };
}

function hasByteOrderMark(beginning: Buffer): boolean {
  return beginning[0] === 0xef && beginning[1] === 0xbb && beginning[2] === 0xbf;
}

const lineBytesMax = 64 * 1024 * 1024;
const lineFeed = 0x0a;

class LineReader implements RowReader<JsonLine> {
  readonly layout = null;
  readonly mapping = 'exact';
  readonly notes: readonly string[] = [];
  readonly #limits: Limits;
  #pieces: Buffer[] = [];
  #length = 0;
  #start: number;
  #skip: number;

  constructor(skip: number, offset: number, limits: Limits) {
    this.#skip = skip;
    this.#start = offset;
    this.#limits = limits;
  }

  async feed(piece: Buffer): Promise<readonly JsonLine[]> {
    const lines: JsonLine[] = [];
    let at = 0;
    for (let end = piece.indexOf(lineFeed); end !== -1; end = piece.indexOf(lineFeed, at)) {
      this.#keep(piece.subarray(at, end + 1));
      this.#take(lines);
      at = end + 1;
    }
    this.#keep(piece.subarray(at));
    if (this.#length > lineBytesMax)
      throw new UnreadableInput(`The line that begins here is longer than ${lineBytesMax / 1024 / 1024} MiB.`, {
        offset: this.#start,
      });
    return lines;
  }

  async end(): Promise<readonly JsonLine[]> {
    const lines: JsonLine[] = [];
    this.#take(lines);
    return lines;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#pieces.push(part);
    this.#length += part.length;
  }

  #take(lines: JsonLine[]): void {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    const text = (bytes ?? Buffer.alloc(0)).toString('utf8', this.#skip).trim();
    const start = this.#start;
    this.#skip = 0;
    this.#start += this.#length;
    this.#pieces = [];
    this.#length = 0;
    if (text !== '') lines.push({ text, start, end: this.#start });
  }

  eventOf({ text }: JsonLine): ImportedEvent | undefined {
    return eventOfLine(text, this.#limits);
  }
}

const places = new Set(['version', 'position', 'partition', 'recordedAt']);
const parts = new Set([
  'streamId',
  'type',
  'id',
  'tags',
  'occurredAt',
  'contentType',
  'encoding',
  'metadata',
  'data',
  'format',
]);

/** The event that a line means; undefined for one whose contents were removed. Throws `BadRowError`. */
export function eventOfLine(text: string, limits: Limits): ImportedEvent | undefined {
  const value = parsedLine(text);
  const strange = Object.keys(value).find((name) => !parts.has(name) && !places.has(name));
  if (strange !== undefined)
    throw new BadRowError(
      `The line has a member ${JSON.stringify(strange)}, which an event does not have; your own members go into data or metadata.`,
    );
  if (value['format'] !== undefined && value['format'] !== 1)
    throw new BadRowError(`Record format ${JSON.stringify(value['format'])} is newer than this code knows.`, 'format');
  if (!('data' in value)) throw new BadRowError('data is missing.', 'data');
  const { streamId, type, id, tags, occurredAt, contentType, encoding, metadata } = value;
  // Where printing the value again gives the same text, its parts have the text that they had.
  const isPlain = JSON.stringify(value) === text;
  const textOf = (name: 'data' | 'metadata'): string | undefined =>
    isPlain ? JSON.stringify(value[name]) : memberText(text, name);
  return exactEvent(
    {
      streamId,
      type,
      id,
      tags,
      occurredAt,
      contentType,
      encoding,
      metadata,
      metadataText: metadata === undefined ? undefined : textOf('metadata'),
      dataText: textOf('data') ?? 'null',
    },
    limits,
  );
}

function parsedLine(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadRowError(`The line is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new BadRowError('The line is no JSON object.');
}
