/**
 * Events of a log that were put in their order, as a format of imports: a line for each event, or for what is wrong with an
 * element.
 *
 *     {"streamId":…,"type":…,…}
 *     !{"reason":…,"element":…}
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

/** The line of an element that means no event. */
export function badOcelLine(bad: { readonly reason: string; readonly element: string }): string {
  return `!${JSON.stringify(bad)}\n`;
}

/** What is known of a log besides its events. */
export interface OcelAbout {
  /** Sentences for people. */
  readonly notes: readonly string[];
  /** The line of the log where the element begins whose event begins at an offset of the lines. */
  readonly lineAt: (offset: number) => number | undefined;
}

/** The format of such lines. */
export function ocelFormat(mapping: OcelMapping, limits: Limits, about: OcelAbout): InputFormat<TextLine> {
  return {
    kind: 'ocel',
    begin: () => new OcelLineReader(new LineCutter(0), { mapping, limits, about }),
    resume: (_, offset) => new OcelLineReader(new LineCutter(offset), { mapping, limits, about }),
  };
}

class OcelLineReader implements RowReader<TextLine> {
  readonly layout = null;
  readonly mapping: JsonValue;
  readonly notes: readonly string[];
  readonly #lines: LineCutter;
  readonly #limits: Limits;
  readonly #about: OcelAbout;

  constructor(
    lines: LineCutter,
    options: { readonly mapping: OcelMapping; readonly limits: Limits; readonly about: OcelAbout },
  ) {
    this.#lines = lines;
    this.#limits = options.limits;
    this.#about = options.about;
    this.mapping = { ...options.mapping };
    this.notes = options.about.notes;
  }

  async feed(piece: Buffer): Promise<readonly TextLine[]> {
    return this.#lines.feed(piece).map((row) => {
      const line = this.#about.lineAt(row.start);
      return line === undefined ? row : { ...row, line };
    });
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
  if (!text.startsWith('!')) return eventOfLine(text, limits);
  const { reason, element } = objectOf(JSON.parse(text.slice(1))) ?? {};
  throw new BadRowError(String(reason), undefined, { element: String(element) });
}
