/**
 * Finds the elements of arrays in a large JSON text, without taking the text into memory: the elements of an array that is the
 * text, or of the arrays that are members of an object that is the text, or texts that stand one behind the other.
 *
 *     batch       [ {…}, {…} ]
 *     sections    { "events": [ {…}, {…} ], "objects": [ {…} ] }
 *     values      {…} {…}
 *
 * Only what stands between the elements is judged here. Their own text is cut by its brackets and judged by whoever parses it.
 */

import { UnreadableInput } from '../source/bad-input.ts';

/** What stands in a text. */
export type JsonForm = 'batch' | 'sections' | 'values';

/** An element, with its place: bytes [start, end), what parts it from the next included. */
export interface JsonElement {
  /** The member whose array it is in; empty where the text has no sections. */
  readonly section: string;
  /** Its place in its array, counted from 0; from where the scanner began. */
  readonly index: number;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The line where it begins, counted from 1; from where the scanner began. */
  readonly line: number;
}

/** Is told of a member of the text and of the line where its value begins. */
type SectionListener = (section: string, line: number) => void;

/** What comes next, between elements. */
type Expected =
  | 'root'
  | 'firstMember'
  | 'member'
  | 'name'
  | 'colon'
  | 'memberValue'
  | 'afterMember'
  | 'firstElement'
  | 'element'
  | 'afterElement'
  | 'end';

const elementBytesMax = 64 * 1024 * 1024;

const lineFeed = 0x0a;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Scans a text that is fed in pieces. */
export class ElementScanner {
  readonly #form: JsonForm;
  readonly #onSection: SectionListener;
  readonly #onOther: SectionListener;
  #expected: Expected;
  #offset: number;
  #line = 1;
  #section = '';
  #index = 0;
  /** What of the value under way came in earlier pieces; undefined between values. */
  #parts: Buffer[] | undefined;
  #partsLength = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #valueStart = 0;
  #valueLine = 1;
  /** An element that is whole, and is handed out with the comma or bracket behind it. */
  #pending: Omit<JsonElement, 'end'> | undefined;
  #failure: UnreadableInput | undefined;
  readonly #countsLines: boolean;

  constructor(
    form: JsonForm,
    options: {
      /** Where the text begins that is fed; not at its beginning, it begins with an element, or behind the last. */
      readonly offset?: number;
      readonly isClosed?: boolean;
      /** Told of each member that is an array, and of each that is none. */
      readonly onSection?: SectionListener;
      readonly onOther?: SectionListener;
    } = {},
  ) {
    this.#form = form;
    this.#offset = options.offset ?? 0;
    this.#onSection = options.onSection ?? (() => undefined);
    this.#onOther = options.onOther ?? (() => undefined);
    this.#countsLines = this.#offset === 0;
    this.#expected = this.#countsLines || form === 'values' ? 'root' : 'element';
    if (options.isClosed === true) this.#expected = form === 'values' ? 'root' : 'end';
  }

  /** Whether the text may end here. */
  get isClosed(): boolean {
    return (
      this.#expected === 'end' || (this.#form === 'values' && this.#expected === 'root' && this.#parts === undefined)
    );
  }

  /** The elements that are complete with this piece. Throws `UnreadableInput`, behind the last element before the fault. */
  feed(piece: Buffer): readonly JsonElement[] {
    const elements: JsonElement[] = [];
    try {
      if (this.#failure === undefined) this.#scan(piece, elements);
    } catch (error) {
      if (!(error instanceof UnreadableInput)) throw error;
      this.#failure = error;
    }
    if (this.#failure !== undefined && elements.length === 0) throw this.#failure;
    return elements;
  }

  #scan(piece: Buffer, elements: JsonElement[]): void {
    let at = this.#offset === 0 && piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf ? 3 : 0;
    while (at < piece.length) {
      if (this.#parts !== undefined) {
        at = this.#scanValue(piece, at, elements);
        continue;
      }
      const byte = piece[at] ?? 0;
      if (byte === lineFeed) this.#line += 1;
      else if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) this.#step(byte, at, elements);
      // A value begins with the byte that was looked at.
      if (this.#parts === undefined) at += 1;
    }
    this.#offset += piece.length;
  }

  /** Throws `UnreadableInput` where the text ends too early. */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.isClosed) return;
    const isEmpty = this.#expected === 'root';
    throw this.#unreadable(
      isEmpty ? 'The file is empty.' : 'The text ends in the middle: it was cut off.',
      this.#offset,
    );
  }

  #step(byte: number, at: number, elements: JsonElement[]): void {
    const offset = this.#offset + at;
    switch (this.#expected) {
      case 'root':
        if (byte !== (this.#form === 'batch' ? openBracket : openBrace))
          throw this.#unreadable(`Here must be ${this.#form === 'batch' ? 'a [' : 'a {'}.`, offset);
        if (this.#form === 'values') this.#beginValue(at);
        else this.#expected = this.#form === 'batch' ? 'firstElement' : 'firstMember';
        return;
      case 'firstMember':
      case 'member':
        if (byte === closeBrace && this.#expected === 'firstMember') this.#expected = 'end';
        else if (byte === quote) {
          this.#expected = 'name';
          this.#beginValue(at);
        } else throw this.#unreadable('Here must be the name of a member, in quotes.', offset);
        return;
      case 'colon':
        if (byte !== colon) throw this.#unreadable('Here must be a colon.', offset);
        this.#expected = 'memberValue';
        return;
      case 'memberValue':
        this.#index = 0;
        if (byte === openBracket) {
          this.#expected = 'firstElement';
          this.#onSection(this.#section, this.#line);
        } else this.#beginValue(at);
        return;
      case 'afterMember':
        if (byte === closeBrace) this.#expected = 'end';
        else if (byte === comma) this.#expected = 'member';
        else throw this.#unreadable('Here must be a comma or a }.', offset);
        return;
      case 'firstElement':
      case 'element':
        if (byte === closeBracket && this.#expected === 'firstElement') this.#expected = this.#behindArray();
        else if (byte === comma || byte === closeBracket || byte === closeBrace || byte === colon)
          throw this.#unreadable('Here must be an element of the array.', offset);
        else this.#beginValue(at);
        return;
      case 'afterElement':
        if (byte !== comma && byte !== closeBracket) throw this.#unreadable('Here must be a comma or a ].', offset);
        if (this.#pending !== undefined) elements.push({ ...this.#pending, end: offset + 1 });
        this.#pending = undefined;
        this.#expected = byte === comma ? 'element' : this.#behindArray();
        return;
      case 'end':
        throw this.#unreadable('Something stands behind the end of the text.', offset);
      case 'name':
        throw new Error('A name is read as a value.');
      default:
        this.#expected satisfies never;
    }
  }

  #behindArray(): Expected {
    return this.#form === 'batch' ? 'end' : 'afterMember';
  }

  #beginValue(at: number): void {
    this.#parts = [];
    this.#partsLength = 0;
    this.#depth = 0;
    this.#isInString = false;
    this.#isEscaped = false;
    this.#valueStart = this.#offset + at;
    this.#valueLine = this.#line;
  }

  /** Reads on in a value; gives back where in the piece it ends, or the piece's length. */
  #scanValue(piece: Buffer, from: number, elements: JsonElement[]): number {
    let at = from;
    let depth = this.#depth;
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    let lines = 0;
    let isWhole = false;
    for (; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) {
          isInString = false;
          if (depth === 0) {
            at += 1;
            isWhole = true;
            break;
          }
        } else if (byte === lineFeed) lines += 1;
      } else if (byte === quote) isInString = true;
      else if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth <= 0) {
          // A number or a word ends before the bracket that closes what it is in.
          if (depth === 0) at += 1;
          isWhole = true;
          break;
        }
      } else if (depth === 0 && (byte === comma || byte <= 0x20)) {
        isWhole = true;
        break;
      } else if (byte === lineFeed) lines += 1;
    }
    this.#depth = depth;
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
    this.#line += lines;
    this.#keep(piece.subarray(from, at));
    if (isWhole) this.#finishValue(this.#offset + at, elements);
    return at;
  }

  #keep(part: Buffer): void {
    this.#parts?.push(part);
    this.#partsLength += part.length;
    if (this.#partsLength > elementBytesMax)
      throw new UnreadableInput(
        `The value that begins here is longer than ${elementBytesMax / 1024 / 1024} MiB: something is probably not closed.`,
        { offset: this.#valueStart, line: this.#countsLines ? this.#valueLine : undefined },
      );
  }

  #finishValue(end: number, elements: JsonElement[]): void {
    const parts = this.#parts ?? [];
    const text = (parts.length === 1 ? parts[0] : Buffer.concat(parts))?.toString('utf8') ?? '';
    this.#parts = undefined;
    const place = { start: this.#valueStart, line: this.#valueLine };
    switch (this.#expected) {
      case 'name':
        this.#section = this.#nameOf(text);
        this.#expected = 'colon';
        return;
      case 'memberValue':
        this.#onOther(this.#section, place.line);
        this.#expected = 'afterMember';
        return;
      case 'root':
        elements.push({ section: '', index: this.#index, text, ...place, end });
        this.#index += 1;
        return;
      default:
        this.#pending = { section: this.#section, index: this.#index, text, ...place };
        this.#index += 1;
        this.#expected = 'afterElement';
    }
  }

  #nameOf(text: string): string {
    try {
      return String(JSON.parse(text));
    } catch {
      throw this.#unreadable('The name of a member is not JSON.', this.#valueStart);
    }
  }

  #unreadable(message: string, offset: number): UnreadableInput {
    return new UnreadableInput(message, { offset, line: this.#countsLines ? this.#line : undefined });
  }
}
