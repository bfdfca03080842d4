/**
 * Events of a log that were put in their order, as a format of imports. A line has the number of the line of the log where its
 * element begins, and then the event; or what is wrong with the element.
 *
 *     17⇥{"streamId":…,"type":…,…}
 *     17⇥!{"reason":…,"element":…}
 */

import type { Limits } from 'hindsightdb';
import type { ImportedEvent, InputFormat, JsonValue, RowReader } from '../import/input-format.ts';
import { eventOfLine } from '../json-lines/json-lines-format.ts';
import { BadRowError } from '../source/bad-input.ts';
import { LineCutter, type TextLine } from '../source/line-cutter.ts';
import { objectOf } from './ocel-types.ts';

/** What is said of the mapping of a log. */
export interface OcelMapping {
  readonly streamBy: string | null;
  readonly timeZone: string | null;
}

/** The line of an event. */
export function ocelLine(line: number, json: string): string {
  return `${line}\t${json}\n`;
}

/** The line of an element that means no event. */
export function badOcelLine(line: number, bad: { readonly reason: string; readonly element: string }): string {
  return `${line}\t!${JSON.stringify(bad)}\n`;
}

/** The format of such lines. */
export function ocelFormat(mapping: OcelMapping, limits: Limits, notes: readonly string[]): InputFormat<TextLine> {
  return {
    kind: 'ocel',
    begin: () => new OcelLineReader(new LineCutter(0), { mapping, limits, notes }),
    resume: (_, offset) => new OcelLineReader(new LineCutter(offset), { mapping, limits, notes }),
  };
}

class OcelLineReader implements RowReader<TextLine> {
  readonly layout = null;
  readonly mapping: JsonValue;
  readonly notes: readonly string[];
  readonly #lines: LineCutter;
  readonly #limits: Limits;

  constructor(
    lines: LineCutter,
    {
      mapping,
      limits,
      notes,
    }: { readonly mapping: OcelMapping; readonly limits: Limits; readonly notes: readonly string[] },
  ) {
    this.#lines = lines;
    this.#limits = limits;
    this.mapping = { ...mapping };
    this.notes = notes;
  }

  async feed(piece: Buffer): Promise<readonly TextLine[]> {
    return this.#lines.feed(piece).map((row) => ({ ...row, line: Number.parseInt(row.text, 10) }));
  }

  async end(): Promise<readonly TextLine[]> {
    return this.#lines.end();
  }

  eventOf({ text }: TextLine): ImportedEvent | undefined {
    return eventOfOcelLine(text, this.#limits);
  }
}

/** The event of a line. Throws `BadRowError` for what is wrong with its element. */
export function eventOfOcelLine(text: string, limits: Limits): ImportedEvent | undefined {
  const at = text.indexOf('\t') + 1;
  if (text[at] !== '!') return eventOfLine(text.slice(at), limits);
  const { reason, element } = objectOf(JSON.parse(text.slice(at + 1))) ?? {};
  throw new BadRowError(String(reason), undefined, { line: Number.parseInt(text, 10), element: String(element) });
}
