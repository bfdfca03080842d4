/**
 * Cuts a text that comes in pieces into lines.
 */

import type { FileRow } from '../import/input-format.ts';
import { UnreadableInput } from './bad-input.ts';

/** A line with its text, without spaces around it. */
export interface TextLine extends FileRow {
  readonly text: string;
  /** Which line it is, from 1, counted from where the cutter began; blank ones count. */
  readonly line: number;
}

/** A line cannot be longer; a file without line ends would else be taken into memory whole. */
const lineBytesMax = 64 * 1024 * 1024;
const lineFeed = 0x0a;

/** Hands out the lines that are not blank, with their bytes. */
export class LineCutter {
  #pieces: Buffer[] = [];
  #length = 0;
  #start: number;
  #line = 0;
  #skip: number;

  /** Begins at an offset of the text; where that is its beginning, a byte order mark is passed over. */
  constructor(offset: number, beginning?: Buffer) {
    this.#start = offset;
    this.#skip = beginning !== undefined && hasByteOrderMark(beginning) ? 3 : 0;
  }

  /** The lines that end in this piece. Throws `UnreadableInput`. */
  feed(piece: Buffer): readonly TextLine[] {
    const lines: TextLine[] = [];
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

  /** The last line, where no line end stands behind it. */
  end(): readonly TextLine[] {
    const lines: TextLine[] = [];
    this.#take(lines);
    return lines;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#pieces.push(part);
    this.#length += part.length;
  }

  #take(lines: TextLine[]): void {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    const text = (bytes ?? Buffer.alloc(0)).toString('utf8', this.#skip).trim();
    const start = this.#start;
    this.#skip = 0;
    this.#start += this.#length;
    this.#pieces = [];
    this.#length = 0;
    this.#line += 1;
    if (text !== '') lines.push({ text, line: this.#line, start, end: this.#start });
  }
}

/** Whether a text begins with the mark that some writers set before UTF-8. */
export function hasByteOrderMark(beginning: Buffer): boolean {
  return beginning[0] === 0xef && beginning[1] === 0xbb && beginning[2] === 0xbf;
}
