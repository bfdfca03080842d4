/**
 * Standard output: gathered into large writes, waiting where the reader is slow, quiet where the reader has gone.
 */

import type { Writable } from 'node:stream';

/** The reader of standard output has gone, as after `| head`. The command ends without a word. */
export class OutputClosed extends Error {
  constructor() {
    super('The reader of the output has gone.');
    this.name = 'OutputClosed';
  }
}

const gatheredMax = 64 * 1024;

/** Lines on their way to a stream. Whoever writes much awaits what `line` answers, so that memory stays flat. */
export class Output {
  readonly #stream: Writable;
  #gathered = '';
  #isClosed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Without a listener a reader that goes away would end the process with a stack trace.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') this.#isClosed = true;
      else throw error;
    });
  }

  /** Adds a line. A promise only where it is time to write. */
  line(text: string): Promise<void> | undefined {
    if (this.#isClosed) throw new OutputClosed();
    this.#gathered += `${text}\n`;
    return this.#gathered.length >= gatheredMax ? this.flush() : undefined;
  }

  /** Writes what was gathered. Throws {@link OutputClosed} when nobody reads it. */
  async flush(): Promise<void> {
    if (this.#isClosed) throw new OutputClosed();
    if (this.#gathered === '') return;
    const text = this.#gathered;
    this.#gathered = '';
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (error === null || error === undefined) resolve();
        else if (isGone(error)) reject(new OutputClosed());
        else reject(error);
      });
    });
  }
}

/** Has help, which is written without an `Output`, end quietly as well where its reader goes away. */
export function outliveReader(stream: Writable): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error)) throw error;
  });
}

function isGone(error: Error & { readonly code?: unknown }): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
}
