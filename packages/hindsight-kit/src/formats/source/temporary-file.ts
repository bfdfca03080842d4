/**
 * A file for what does not fit into memory. It has no name once it is open, so that nothing of it is left behind, whatever
 * becomes of the process.
 */

import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const blockLength = 128 * 1024;

/** A file that is written from its beginning to its end, and then read anywhere. */
export class TemporaryFile {
  readonly #file: FileHandle;
  readonly #folder: string;
  #text: string[] = [];
  #gathered = 0;
  #bytes = 0;
  #isClosed = false;

  private constructor(file: FileHandle, folder: string) {
    this.#file = file;
    this.#folder = folder;
  }

  /** Makes a file in the system's folder for them, `TMPDIR`. */
  static async open(): Promise<TemporaryFile> {
    const folder = await mkdtemp(join(tmpdir(), 'hindsight-'));
    const file = await open(join(folder, 'lines'), 'wx+');
    // Some systems keep the name of an open file; there it goes at the end.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return new TemporaryFile(file, folder);
  }

  /** How many bytes were added. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a text. A promise only where it is time to write. */
  add(text: string): Promise<void> | undefined {
    this.#text.push(text);
    this.#gathered += text.length;
    this.#bytes += Buffer.byteLength(text);
    return this.#gathered >= blockLength ? this.flush() : undefined;
  }

  /** Writes what was gathered; before that it cannot be read. */
  async flush(): Promise<void> {
    if (this.#gathered === 0) return;
    const block = this.#text.join('');
    this.#text = [];
    this.#gathered = 0;
    await this.#file.writeFile(block);
  }

  /** The bytes [start, start + length). */
  async read(start: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, start + done);
      if (bytesRead === 0) throw new Error('A temporary file is shorter than what was written.');
      done += bytesRead;
    }
    return bytes;
  }

  /** All of it, from the beginning, in pieces. */
  async *pieces(): AsyncGenerator<Buffer> {
    await this.flush();
    for (let at = 0; at < this.#bytes; at += blockLength)
      yield await this.read(at, Math.min(blockLength, this.#bytes - at));
  }

  /** Gives the space back. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
