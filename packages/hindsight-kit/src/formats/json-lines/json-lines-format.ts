/**
 * JSON Lines as a format of imports: an event a line. `docs/formats/jsonl.md` describes it.
 */

import type { Limits } from 'hindsightdb';
import { exactEvent } from '../import/exact-event.ts';
import type { ImportedEvent, InputFormat, RowReader } from '../import/input-format.ts';
import { assertNoOtherJson } from '../json/other-json.ts';
import { BadRowError } from '../source/bad-input.ts';
import { LineCutter, type TextLine } from '../source/line-cutter.ts';
import { memberText } from './member-text.ts';
import { objectOf } from '../json/json-object.ts';

/** The format of JSON Lines. */
export function jsonLinesFormat(limits: Limits): InputFormat<TextLine> {
  return {
    kind: 'jsonl',
    begin: (beginning) => {
      assertNoOtherJson(beginning);
      return new LineReader(new LineCutter(0, beginning), limits);
    },
    resume: (_, offset) => new LineReader(new LineCutter(offset), limits),
  };
}

class LineReader implements RowReader<TextLine> {
  readonly layout = null;
  readonly mapping = 'exact';
  readonly notes: readonly string[] = [];
  readonly #lines: LineCutter;
  readonly #limits: Limits;

  constructor(lines: LineCutter, limits: Limits) {
    this.#lines = lines;
    this.#limits = limits;
  }

  async feed(piece: Buffer): Promise<readonly TextLine[]> {
    return this.#lines.feed(piece);
  }

  async end(): Promise<readonly TextLine[]> {
    return this.#lines.end();
  }

  eventOf({ text }: TextLine): ImportedEvent | undefined {
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
  const value = objectOf(text, 'The line');
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
