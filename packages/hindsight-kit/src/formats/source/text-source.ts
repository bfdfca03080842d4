/**
 * A file, or standard input, as UTF-8 bytes: decompressed where it is gzip, transcoded where it is told to be something else.
 * Offsets everywhere in an import are offsets into what comes out here.
 */

import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UnreadableInput } from './bad-input.ts';

/** Text to be imported. Walk it once. */
export interface TextSource extends AsyncIterable<Buffer> {
  /** The bytes of the file as it lies on disk; undefined where that is not known. */
  readonly totalBytes: number | undefined;
  /** How many of them were read. */
  readonly readBytes: number;
}

/** What a source is opened with. */
export interface TextSourceOptions {
  /** A name that TextDecoder knows. Default `utf-8`; a byte order mark for UTF-16 is obeyed. */
  readonly encoding?: string | undefined;
  /** Finds a name of an encoding in the first 256 bytes, where none was given, for formats whose texts declare it. */
  readonly declaredEncoding?: ((beginning: Buffer) => string | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const pieceBytes = 64 * 1024;

/** Opens a file. Throws what the file system says. */
export async function openTextFile(path: string, options: TextSourceOptions = {}): Promise<TextSource> {
  const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
  const stream = createReadStream(path, { highWaterMark: pieceBytes });
  return new DecodedSource(stream, { ...options, totalBytes: isFile ? size : undefined });
}

/** Reads a stream, such as standard input. */
export function textOfStream(stream: Readable, options: TextSourceOptions = {}): TextSource {
  return new DecodedSource(stream, { ...options, totalBytes: undefined });
}

/** A piece of a stream, which hands out buffers or, where somebody set an encoding, texts. */
export function bufferOf(piece: unknown): Buffer {
  if (Buffer.isBuffer(piece)) return piece;
  return Buffer.from(piece instanceof Uint8Array ? piece : String(piece));
}

class DecodedSource implements TextSource {
  readonly totalBytes: number | undefined;
  readBytes = 0;
  readonly #stream: Readable;
  readonly #options: TextSourceOptions;

  constructor(stream: Readable, options: TextSourceOptions & { readonly totalBytes: number | undefined }) {
    this.#stream = stream;
    this.#options = options;
    this.totalBytes = options.totalBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      yield* decoded(unzipped(this.#pieces()), this.#options);
    } finally {
      this.#stream.destroy();
    }
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    for await (const piece of this.#stream) {
      this.#options.signal?.throwIfAborted();
      const buffer = bufferOf(piece);
      this.readBytes += buffer.length;
      yield buffer;
    }
  }
}

/** Gathers the first bytes of a stream, by which its form is known, and gives them back in front of the rest. */
async function withBeginning(
  pieces: AsyncGenerator<Buffer>,
  wanted: number,
): Promise<{ readonly beginning: Buffer; readonly whole: () => AsyncGenerator<Buffer> }> {
  const gathered: Buffer[] = [];
  let length = 0;
  while (length < wanted) {
    const next = await pieces.next();
    if (next.done === true) break;
    gathered.push(next.value);
    length += next.value.length;
  }
  return {
    beginning: Buffer.concat(gathered).subarray(0, wanted),
    async *whole() {
      yield* gathered;
      yield* pieces;
    },
  };
}

async function* unzipped(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const { beginning, whole } = await withBeginning(pieces, 2);
  if (beginning[0] !== 0x1f || beginning[1] !== 0x8b) {
    yield* whole();
    return;
  }
  const gunzip = createGunzip({ chunkSize: pieceBytes });
  let offset = 0;
  const feeding = feed(whole(), gunzip);
  try {
    for await (const each of gunzip) {
      const piece = bufferOf(each);
      offset += piece.length;
      yield piece;
    }
    await feeding;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_'))
      throw new UnreadableInput(`The compressed file is damaged or cut off: ${cause.message}.`, { offset });
    throw cause;
  } finally {
    gunzip.destroy();
    await feeding.catch(() => undefined);
  }
}

async function feed(pieces: AsyncGenerator<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(piece))
        await new Promise<void>((resolve) => onceAny(gunzip, ['drain', 'close', 'error'], resolve));
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function onceAny(gunzip: ReturnType<typeof createGunzip>, names: readonly string[], listener: () => void): void {
  const once = (): void => {
    for (const name of names) gunzip.off(name, once);
    listener();
  };
  for (const name of names) gunzip.on(name, once);
}

async function* decoded(
  pieces: AsyncGenerator<Buffer>,
  { encoding, declaredEncoding = markedEncoding }: TextSourceOptions,
): AsyncGenerator<Buffer> {
  const { beginning, whole } = await withBeginning(pieces, declarationBytes);
  const chosen = encoding ?? declaredEncoding(beginning) ?? 'utf-8';
  const isPlain = /^utf-?8$/i.test(chosen);
  yield* isPlain ? checkedUtf8(whole()) : transcoded(whole(), chosen);
}

/** A byte order mark takes two, a declaration of XML somewhat more. */
const declarationBytes = 256;

function markedEncoding(beginning: Buffer): string | undefined {
  if (beginning[0] === 0xff && beginning[1] === 0xfe) return 'utf-16le';
  if (beginning[0] === 0xfe && beginning[1] === 0xff) return 'utf-16be';
  return undefined;
}

async function* transcoded(pieces: AsyncGenerator<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let offset = 0;
  const decode = (piece: Buffer | undefined): Buffer => {
    try {
      return Buffer.from(piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true }));
    } catch {
      throw new UnreadableInput(`The file is not ${encoding}, or not only.`, { offset });
    }
  };
  for await (const piece of pieces) {
    const text = decode(piece);
    offset += text.length;
    if (text.length > 0) yield text;
  }
  const rest = decode(undefined);
  if (rest.length > 0) yield rest;
}

/** Hands pieces on once they are known to be UTF-8: what is none would be stored as something else than was given. */
async function* checkedUtf8(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let offset = 0;
  let tail: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = tail.length === 0 ? piece : Buffer.concat([tail, piece]);
    const whole = bytes.subarray(0, bytes.length - incompleteLength(bytes));
    if (!isUtf8(whole)) {
      // What stands before the bad byte is handed on, so that rows are imported up to it and its line can be told.
      const good = goodLength(whole);
      yield whole.subarray(0, good);
      throw notUtf8(offset + good);
    }
    tail = bytes.subarray(whole.length);
    offset += whole.length;
    if (whole.length > 0) yield whole;
  }
  if (tail.length > 0) throw notUtf8(offset);
}

/** How many bytes at the end begin a character that the next piece ends. */
function incompleteLength(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? back : 0;
    }
  }
  return 0;
}

/** The length of the longest beginning that is UTF-8. */
function goodLength(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const part = bytes.subarray(0, middle);
    // A cut in the middle of a good character is no fault.
    if (isUtf8(part.subarray(0, middle - incompleteLength(part)))) low = middle;
    else high = middle - 1;
  }
  return low - incompleteLength(bytes.subarray(0, low));
}

function notUtf8(offset: number): UnreadableInput {
  return new UnreadableInput('The text is not UTF-8.', { offset }, [
    'Say what it is, for example: --encoding windows-1252',
  ]);
}
