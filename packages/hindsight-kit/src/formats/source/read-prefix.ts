/**
 * What was read of a text so far, known by its length, its number of lines and its digest. A later run reads as much again
 * and compares, and so knows whether it has the same text before it.
 *
 *     0 ────────────── offset ───────────────── end of what was added
 *     digested, counted       kept as bytes
 */

import { createHash } from 'node:crypto';

/** The mark that a text leaves up to an offset. */
export interface PrefixMark {
  readonly bytes: number;
  /** Line ends up to there. */
  readonly lines: number;
  readonly sha256: string;
}

const lineFeed = 0x0a;

/** Follows a text piece by piece. Keeps the pieces from the last mark on. */
export class ReadPrefix {
  readonly #hash = createHash('sha256');
  #pieces: Buffer[] = [];
  #offset = 0;
  #end = 0;
  #lines = 0;

  /** Where what was added ends. */
  get end(): number {
    return this.#end;
  }

  /** Takes the next piece of the text. */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#end += piece.length;
  }

  /** The mark at an offset, which never goes back; what lies before it is forgotten. */
  advanceTo(offset: number): PrefixMark {
    while (this.#offset < offset) {
      const piece = this.#pieces[0];
      if (piece === undefined) throw new RangeError(`Offset ${offset} lies beyond what was read, ${this.#end}.`);
      const taken = piece.subarray(0, offset - this.#offset);
      this.#hash.update(taken);
      this.#lines += countLines(taken);
      this.#offset += taken.length;
      if (taken.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(taken.length);
    }
    return { bytes: this.#offset, lines: this.#lines, sha256: this.#hash.copy().digest('hex') };
  }

  /** The line, counted from 1, of an offset at or after the last mark. */
  lineAt(offset: number): number {
    let lines = this.#lines;
    let at = this.#offset;
    for (const piece of this.#pieces) {
      if (at >= offset) break;
      lines += countLines(piece.subarray(0, offset - at));
      at += piece.length;
    }
    return lines + 1;
  }

  /** The offset of the first byte at or after an offset that ends no line: where a row begins that blank lines precede. */
  skipLineEnds(offset: number): number {
    let at = this.#offset;
    for (const piece of this.#pieces) {
      for (let index = Math.max(0, offset - at); index < piece.length; index += 1) {
        const byte = piece[index];
        if (byte !== lineFeed && byte !== 0x0d) return at + index;
      }
      at += piece.length;
    }
    return Math.max(offset, at);
  }

  /** Whether the byte before an offset ends a line; also true at the beginning. The byte must not lie before the last mark. */
  endsLineAt(offset: number): boolean {
    let at = this.#offset;
    for (const piece of this.#pieces) {
      if (offset - 1 < at + piece.length) return isLineEnd(piece[offset - 1 - at]);
      at += piece.length;
    }
    return true;
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === lineFeed || byte === 0x0d;
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}
