/**
 * XML read in pieces: elements as they open and close, and the text between them, each with its place. Nothing of it is kept.
 *
 * What is not well-formed is refused, and so is what would make a small file large or have it read others: no entity but the
 * five of XML is known, and a document type that declares anything is refused. `saxes` does the reading, because it holds to
 * the letter of XML 1.0 and of namespaces.
 */

import { SaxesParser, type SaxesTagNS } from 'saxes';
import { UnreadableInput } from '../source/bad-input.ts';
import type { XmlElement, XmlHandler, XmlPlace } from './xml-handler.ts';
import { quoted } from '../source/quoted.ts';

/** How deep elements may stand in one another. */
export const xmlDepthMax = 256;

/** How many bytes may come between two things that are reported: the length of a text, of a comment, of a tag. */
export const xmlTokenBytesMax: number = 32 * 1024 * 1024;

/** Reads a text of XML that is fed in pieces, each of which ends with a whole character. */
export class XmlReader {
  readonly #handler: XmlHandler;
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #open: OpenElement[] = [];
  readonly #offsets = new OffsetCursor();
  /** An end that was read, and is reported when it is known to be the right one. */
  #closing: { readonly element: OpenElement; readonly position: number } | undefined;
  /** The character behind what is being reported. */
  #position = 0;
  #hasBegun = false;
  /** Whether the parser is at work: between pieces it does not know in which character of a line it stands. */
  #isParsing = false;
  /** Bytes since something was reported. */
  #quietBytes = 0;
  #start: XmlPlace = { offset: 0, line: 1, character: 1 };
  #failure: UnreadableInput | undefined;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
    this.#parser.on('error', (error) => {
      throw new NotWellFormed(error.message);
    });
    this.#parser.on('doctype', (text) => this.#refuseDeclarations(text));
    this.#parser.on('opentagstart', ({ name }) => this.#begin(name));
    this.#parser.on('opentag', (tag) => this.#report(() => this.#openElement(tag)));
    this.#parser.on('closetag', () => this.#report(() => this.#closeElement()));
    const text = (part: string): void =>
      this.#report(() => {
        if (this.#open.length > 0) this.#handler.text(part, this.#place());
      });
    this.#parser.on('text', text);
    this.#parser.on('cdata', text);
    this.#parser.on('comment', () => this.#report(() => undefined));
    this.#parser.on('processinginstruction', () => this.#report(() => undefined));
  }

  /** Why the text cannot be read on, once that is so. What was reported before is good. */
  get failure(): UnreadableInput | undefined {
    return this.#failure;
  }

  /** The byte behind what is being reported: behind the `>` of an element that opens or closes. */
  get offset(): number {
    return this.#offsets.byteAt(this.#position);
  }

  /** Reads on. The handler is called for what is complete; `failure` tells when nothing more can be. */
  feed(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#guard(() => {
      const text = piece.toString('utf8');
      const before = this.#position;
      this.#offsets.add(text, piece.length);
      this.#isParsing = true;
      this.#parser.write(text);
      this.#isParsing = false;
      this.#settle();
      this.#quietBytes = this.#position === before ? this.#quietBytes + piece.length : 0;
      if (this.#quietBytes > xmlTokenBytesMax)
        throw new NotWellFormed(`a text, comment or tag is longer than ${xmlTokenBytesMax / 1024 / 1024} MiB.`);
    });
  }

  /** Tells that the text has ended. */
  end(): void {
    this.#guard(() => {
      const innermost = this.#open.at(-1);
      if (innermost !== undefined)
        throw new NotWellFormed(
          `the file ends inside <${innermost.name}>, which begins in line ${innermost.place.line}: it is cut off.`,
        );
      this.#parser.close();
    });
  }

  #guard(work: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      work();
    } catch (error) {
      if (error instanceof UnreadableInput) this.#failure = error;
      else if (error instanceof NotWellFormed) this.#failure = this.#explained(error.message);
      else throw error;
    }
  }

  #explained(message: string): UnreadableInput {
    const element = this.#closing?.element ?? this.#open.at(-1);
    if (message.startsWith('unexpected close tag') && element !== undefined)
      return this.#refusal(
        `${element.label}, which begins in line ${element.place.line}, is still open here, and something else is closed.`,
      );
    if (message.startsWith('text data outside') && !this.#hasBegun)
      return this.#refusal('Text stands before its first element.', { offset: 0, line: 1, character: 1 });
    const ampersand = this.#bareAmpersand();
    if (ampersand !== undefined) return this.#refusal('An & stands here that begins no entity.', ampersand);
    return this.#refusal(`${message.charAt(0).toUpperCase()}${message.slice(1)}`);
  }

  #refusal(reason: string, place: XmlPlace = this.#place()): UnreadableInput {
    return new UnreadableInput(
      `This is no well-formed XML: ${reason}`,
      { ...place, element: this.#open.at(-1)?.label },
      /entity/.test(reason) ? entityAdvice : [],
    );
  }

  /** The parser reads on from a bare & to the next semicolon, however far that is; the place to tell is where it began. */
  #bareAmpersand(): XmlPlace | undefined {
    const { position, line } = this.#parser;
    const { text, start } = this.#offsets.piece;
    const unreported = text.slice(Math.max(0, this.#position - start), position - start);
    const found = unreported.search(/&(?!#?[\w:.-]+;)/);
    // In comments and in CDATA an & is a character like others.
    if (found === -1 || unreported.includes('<!')) return undefined;
    const at = position - start - unreported.length + found;
    const lineStart = text.lastIndexOf('\n', at);
    return {
      offset: this.#offsets.byteAt(start + at),
      line: line - (text.slice(at, position - start).split('\n').length - 1),
      character: lineStart === -1 ? undefined : at - lineStart,
    };
  }

  /** Where the parser has come to. */
  #place(): XmlPlace {
    const { line, columnIndex, position } = this.#parser;
    if (!this.#isParsing) return { offset: this.#offsets.end, line, character: undefined };
    return { offset: this.#offsets.byteAt(position), line, character: Math.max(1, columnIndex) };
  }

  /** Reports an end that was held back: had it been the wrong one, the parser would have failed before anything else came. */
  #settle(): void {
    if (this.#closing === undefined) return;
    const { element, position } = this.#closing;
    this.#closing = undefined;
    this.#position = position;
    this.#handler.close(element);
  }

  #report(work: () => void): void {
    this.#settle();
    this.#position = this.#parser.position;
    work();
  }

  /** Notes where a tag begins. The parser has read its name and one character more. */
  #begin(name: string): void {
    this.#settle();
    const { position, line, columnIndex } = this.#parser;
    // A line end behind the name has been counted already; how far into its line the tag stands is then not known.
    const isAtLineStart = columnIndex === 0;
    this.#start = {
      offset: this.#offsets.byteAt(position - name.length - 2),
      line: isAtLineStart ? line - 1 : line,
      character: isAtLineStart ? undefined : columnIndex - name.length - 1,
    };
    this.#position = position;
  }

  #openElement(tag: SaxesTagNS): void {
    const element = new OpenElement(tag, this.#start);
    if (this.#open.length >= xmlDepthMax)
      throw new UnreadableInput(`Elements stand in one another more than ${xmlDepthMax} deep here.`, {
        ...this.#start,
        element: element.label,
      });
    this.#open.push(element);
    this.#hasBegun = true;
    this.#handler.open(element);
  }

  #closeElement(): void {
    const element = this.#open.pop();
    if (element !== undefined) this.#closing = { element, position: this.#position };
  }

  #refuseDeclarations(text: string): void {
    this.#report(() => undefined);
    // What stands in quotes are the names of files, which are not read.
    if (!text.replace(/"[^"]*"|'[^']*'/g, '').includes('[')) return;
    throw new UnreadableInput(
      'The file has a document type with declarations of its own, which could make of it something else than it says.',
      { ...this.#place(), element: '<!DOCTYPE>' },
      ['Take <!DOCTYPE …> out, where the text does not need it.'],
    );
  }
}

const entityAdvice = ['Only &amp; &lt; &gt; &quot; &apos; and characters by number, like &#228;, are known.'];

/** Raised inside the parser to leave it. */
class NotWellFormed extends Error {}

/** Holds its attributes flat, name and value by turns: many elements are held at once, and the parser's objects are large. */
class OpenElement implements XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly place: XmlPlace;
  readonly #attributes: readonly string[];

  constructor({ local, uri, attributes }: SaxesTagNS, place: XmlPlace) {
    this.name = local;
    this.namespace = uri;
    this.place = place;
    const flat: string[] = [];
    for (const name in attributes) {
      const attribute = attributes[name];
      if (attribute !== undefined && attribute.prefix !== 'xmlns' && name !== 'xmlns') flat.push(name, attribute.value);
    }
    this.#attributes = flat;
  }

  get label(): string {
    const named = this.attribute('key') ?? this.attribute('name') ?? this.attribute('id');
    return named === undefined ? `<${this.name}>` : `<${this.name} … ${quoted(named)}>`;
  }

  attribute(name: string): string | undefined {
    for (let index = 0; index < this.#attributes.length; index += 2)
      if (this.#attributes[index] === name) return this.#attributes[index + 1];
    return undefined;
  }

  get attributes(): readonly (readonly [name: string, value: string])[] {
    const pairs: (readonly [string, string])[] = [];
    for (let index = 0; index < this.#attributes.length; index += 2)
      pairs.push([this.#attributes[index] ?? '', this.#attributes[index + 1] ?? '']);
    return pairs;
  }
}

/** Turns places in the text, which the parser counts in UTF-16 units, into bytes. Places never go back by more than a piece. */
class OffsetCursor {
  #text = '';
  #isAscii = true;
  #charStart = 0;
  #byteStart = 0;
  #bytes = 0;
  /** The place that was asked for last, from which counting goes on. */
  #char = 0;
  #byte = 0;

  /** The piece that was added last, and where it begins in the text, in UTF-16 units. */
  get piece(): { readonly text: string; readonly start: number } {
    return { text: this.#text, start: this.#charStart };
  }

  /** The byte behind the piece that was added last. */
  get end(): number {
    return this.#byteStart + this.#bytes;
  }

  /** The next piece, and how many bytes it has. */
  add(text: string, bytes: number): void {
    this.#charStart += this.#text.length;
    this.#byteStart += this.#bytes;
    this.#text = text;
    this.#bytes = bytes;
    this.#isAscii = text.length === bytes;
    this.#char = this.#charStart;
    this.#byte = this.#byteStart;
  }

  /** The byte at a place of the text. One in an earlier piece, where a tag began, is answered with the beginning of this one. */
  byteAt(position: number): number {
    if (position <= this.#charStart) return this.#byteStart;
    if (this.#isAscii) return this.#byteStart + (position - this.#charStart);
    if (position < this.#char) {
      this.#char = this.#charStart;
      this.#byte = this.#byteStart;
    }
    this.#byte += Buffer.byteLength(this.#text.slice(this.#char - this.#charStart, position - this.#charStart));
    this.#char = position;
    return this.#byte;
  }
}
