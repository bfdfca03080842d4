/**
 * A file that is being written: under a name of its own until it is whole, so that nobody takes a part for the whole, and with
 * a note beside it of how much of it is whole, so that writing it can be taken up again.
 *
 *     events.jsonl.part        what was written so far
 *     events.jsonl.part.json   what is written, and how far it came
 */

import { open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** How far a part has come: a number of bytes, and whatever its writer must know to go on behind them. */
export interface PartNote<Place> {
  readonly format: 1;
  /** What is being written; a part of something else is not taken up. */
  readonly what: string;
  readonly bytes: number;
  readonly place: Place;
}

const blockLength = 1024 * 1024;
const noteAfterMs = 1000;

/** Reads the note of a part that can be taken up for this; undefined when there is none. */
export async function readNote<Place>(path: string, what: string): Promise<PartNote<Place> | undefined> {
  try {
    // Whether it is a note of ours, and of this export, is judged by its first two members.
    const note = JSON.parse(await readFile(notePath(path), 'utf8')) as PartNote<Place>;
    const { size } = await stat(partPath(path));
    return note.format === 1 && note.what === what && size >= note.bytes ? note : undefined;
  } catch {
    // No part, or none that says what it is: it is begun anew.
    return undefined;
  }
}

/** A part that is open. */
export class PartFile<Place> {
  readonly #path: string;
  readonly #what: string;
  readonly #isGzip: boolean;
  readonly #file: FileHandle;
  #text = '';
  #bytes: number;
  #notedAt = performance.now();

  private constructor(
    path: string,
    options: { readonly what: string; readonly isGzip: boolean; readonly file: FileHandle; readonly bytes: number },
  ) {
    this.#path = path;
    this.#what = options.what;
    this.#isGzip = options.isGzip;
    this.#file = options.file;
    this.#bytes = options.bytes;
  }

  /** Begins a part, or takes one up behind what its note calls whole. */
  static async open<Place>(
    path: string,
    options: { readonly what: string; readonly isGzip: boolean; readonly note: PartNote<Place> | undefined },
  ): Promise<PartFile<Place>> {
    const { note } = options;
    const file = await open(partPath(path), note === undefined ? 'w' : 'r+');
    const bytes = note?.bytes ?? 0;
    await file.truncate(bytes);
    return new PartFile<Place>(path, { ...options, file, bytes });
  }

  /** Adds a line. A promise only where it is time to write. */
  line(text: string): Promise<void> | undefined {
    this.#text += `${text}\n`;
    return this.#text.length >= blockLength ? this.#writeBlock() : undefined;
  }

  /** Notes, now and then, that everything up to a place is written. */
  async reach(place: Place): Promise<void> {
    if (performance.now() - this.#notedAt < noteAfterMs) return;
    await this.pause(place);
  }

  /** Writes what was gathered and notes the place behind it. */
  async pause(place: Place): Promise<void> {
    await this.#writeBlock();
    // The note must not be ahead of what it speaks of, whatever happens to the machine.
    await this.#file.datasync();
    const note: PartNote<Place> = { format: 1, what: this.#what, bytes: this.#bytes, place };
    await writeFile(`${notePath(this.#path)}.new`, JSON.stringify(note));
    await rename(`${notePath(this.#path)}.new`, notePath(this.#path));
    this.#notedAt = performance.now();
  }

  async #writeBlock(): Promise<void> {
    if (this.#text === '') return;
    const text = Buffer.from(this.#text);
    this.#text = '';
    // Each block is a gzip file of its own; joined they are one as well, and each end is a place to go on from.
    const block = this.#isGzip ? await compress(text) : text;
    await this.#file.write(block, 0, block.length, this.#bytes);
    this.#bytes += block.length;
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    await this.#writeBlock();
    await this.#file.sync();
    await this.#file.close();
    await rename(partPath(this.#path), this.#path);
    await rm(notePath(this.#path), { force: true });
  }

  /** Closes the part and leaves it where it is. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The name of a part. */
export function partPath(path: string): string {
  return `${path}.part`;
}

function notePath(path: string): string {
  return `${path}.part.json`;
}
