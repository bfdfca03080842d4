/**
 * Lines that come in any order and are handed out in the order of their keys; those of equal keys as they came. The lines lie
 * in a temporary file. In memory each takes 32 bytes, whatever its length.
 */

import { TemporaryFile } from './temporary-file.ts';

/** The key of a line: compared by the first number, then by the second. */
export interface LineKey {
  readonly major: number;
  /** A whole number from 0 to 4294967295. */
  readonly minor: number;
}

/** A line that is handed out. */
export interface SortedLine {
  readonly line: Buffer;
  readonly major: number;
  /** What it was marked with. */
  readonly mark: number;
}

/** How many lines are gathered from the file at once, and how far apart they may lie to be read together. */
const batchLength = 2000;
const gapBytesMax = 16 * 1024;
const readBytesMax = 4 * 1024 * 1024;

/** Takes lines, and then hands them out. */
export class SortedLines {
  readonly #file: TemporaryFile;
  #count = 0;
  #majors = new Float64Array(1024);
  #minors = new Uint32Array(1024);
  #starts = new Float64Array(1024);
  #lengths = new Uint32Array(1024);
  #marks = new Uint32Array(1024);
  #isSorted = true;

  private constructor(file: TemporaryFile) {
    this.#file = file;
  }

  /** Begins without lines. */
  static async open(): Promise<SortedLines> {
    return new SortedLines(await TemporaryFile.open());
  }

  /** How many bytes the lines have. */
  get bytes(): number {
    return this.#file.bytes;
  }

  /** Adds a line, which ends with its line end, with a number that is given back with it. A promise only where it is time to write. */
  add({ major, minor }: LineKey, line: string, mark: number): Promise<void> | undefined {
    const index = this.#count;
    if (index === this.#majors.length) this.#grow();
    const start = this.#file.bytes;
    const writing = this.#file.add(line);
    this.#majors[index] = major;
    this.#minors[index] = minor;
    this.#starts[index] = start;
    this.#lengths[index] = this.#file.bytes - start;
    this.#marks[index] = mark;
    this.#count += 1;
    if (index > 0 && this.#compare(index - 1, index) > 0) this.#isSorted = false;
    return writing;
  }

  #grow(): void {
    const length = this.#majors.length * 2;
    const grown = <Numbers extends Float64Array | Uint32Array>(to: Numbers, from: Numbers): Numbers => {
      to.set(from);
      return to;
    };
    this.#majors = grown(new Float64Array(length), this.#majors);
    this.#minors = grown(new Uint32Array(length), this.#minors);
    this.#starts = grown(new Float64Array(length), this.#starts);
    this.#lengths = grown(new Uint32Array(length), this.#lengths);
    this.#marks = grown(new Uint32Array(length), this.#marks);
  }

  #compare(left: number, right: number): number {
    const [major = 0, otherMajor = 0] = [this.#majors[left], this.#majors[right]];
    if (major !== otherMajor) return major < otherMajor ? -1 : 1;
    return (this.#minors[left] ?? 0) - (this.#minors[right] ?? 0) || left - right;
  }

  /** The lines in their order. */
  async *lines(): AsyncGenerator<readonly SortedLine[]> {
    await this.#file.flush();
    const order = new Uint32Array(this.#count).map((_, index) => index);
    if (!this.#isSorted) order.sort((left, right) => this.#compare(left, right));
    for (let from = 0; from < order.length; from += batchLength)
      yield await this.#batch(order.subarray(from, from + batchLength));
  }

  /** Reads lines that are neighbours in the file together, whatever their order. */
  async #batch(wanted: Uint32Array): Promise<readonly SortedLine[]> {
    const found = new Map<number, Buffer>();
    const startOf = (index: number): number => this.#starts[index] ?? 0;
    const endOf = (index: number): number => startOf(index) + (this.#lengths[index] ?? 0);
    const byPlace = [...wanted].toSorted((left, right) => startOf(left) - startOf(right));
    for (let from = 0; from < byPlace.length;) {
      const start = startOf(byPlace[from] ?? 0);
      let to = from + 1;
      while (to < byPlace.length) {
        const [last = 0, next = 0] = [byPlace[to - 1], byPlace[to]];
        if (startOf(next) - endOf(last) > gapBytesMax || endOf(next) - start > readBytesMax) break;
        to += 1;
      }
      const bytes = await this.#file.read(start, endOf(byPlace[to - 1] ?? 0) - start);
      for (const index of byPlace.slice(from, to))
        found.set(index, bytes.subarray(startOf(index) - start, endOf(index) - start));
      from = to;
    }
    return [...wanted].map((index) => ({
      line: found.get(index) ?? Buffer.alloc(0),
      major: this.#majors[index] ?? 0,
      mark: this.#marks[index] ?? 0,
    }));
  }

  /** Gives the space back. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}
