/**
 * The yardstick: an append-only file, one JSON line an event, nothing else. It has the same asynchronous writers and the
 * same group commit as the engine (what gathers while one group is being synced is the next group), and gives every event
 * an id of the same kind. It knows no versions, conditions, keys, indexes or crash recovery.
 */

import { randomUUIDv7 } from 'node:crypto';
import { closeSync, fdatasync, openSync, write } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AppendLog } from './append-log.ts';
import type { SampleEvent } from '../drive/sample-events.ts';

export const bareFileName = 'log.jsonl';

/** Writes one group and syncs it; calls back when it is durable. */
interface GroupWriter {
  write(text: string, done: (error: Error | null) => void): void;
  close(): Promise<void>;
}

/** On libuv's thread pool: one `write`, then one `fdatasync`. */
function poolWriter(file: number): GroupWriter {
  return {
    write: (text, done) => {
      const bytes = Buffer.from(text);
      write(file, bytes, 0, bytes.length, null, (error, writtenBytes) => {
        if (error !== null) return done(error);
        if (writtenBytes !== bytes.length) return done(new Error('A group was written only in part.'));
        fdatasync(file, done);
      });
    },
    close: async () => {},
  };
}

/** In a worker thread that calls `writeSync` and `fdatasyncSync`. */
function workerWriter(file: number): GroupWriter {
  const worker = new Worker(new URL('./bare-file-worker.ts', import.meta.url), { workerData: file });
  let waiting: ((error: Error | null) => void) | undefined;
  worker.on('message', (message: string | null) => waiting?.(message === null ? null : new Error(message)));
  worker.on('error', (error: Error) => waiting?.(error));
  return {
    write: (text, done) => {
      waiting = done;
      worker.postMessage(text);
    },
    close: async () => void (await worker.terminate()),
  };
}

class BareFile implements AppendLog {
  readonly #file: number;
  readonly #writer: GroupWriter;
  #lines = '';
  #waiting: PromiseWithResolvers<void>[] = [];
  #isWriting = false;

  constructor(directory: string, how: 'pool' | 'worker') {
    this.#file = openSync(join(directory, bareFileName), 'a');
    this.#writer = how === 'pool' ? poolWriter(this.#file) : workerWriter(this.#file);
  }

  append(streamId: string, events: readonly SampleEvent[]): Promise<void> {
    for (const event of events) this.#lines += `${bareLine(streamId, event)}\n`;
    const answer = Promise.withResolvers<void>();
    this.#waiting.push(answer);
    if (!this.#isWriting) {
      this.#isWriting = true;
      setImmediate(this.#writeGroup);
    }
    return answer.promise;
  }

  readonly #writeGroup = (): void => {
    if (this.#waiting.length === 0) {
      this.#isWriting = false;
      return;
    }
    const [lines, waiting] = [this.#lines, this.#waiting];
    this.#lines = '';
    this.#waiting = [];
    this.#writer.write(lines, (error) => {
      for (const answer of waiting) {
        if (error === null) answer.resolve();
        else answer.reject(error);
      }
      // The writers that were just answered run first, and so ask within the next group.
      setImmediate(this.#writeGroup);
    });
  };

  async close(): Promise<void> {
    await this.#writer.close();
    closeSync(this.#file);
  }
}

/** One event as a line. */
export function bareLine(streamId: string, event: SampleEvent): string {
  const { type, tags, data } = event;
  return JSON.stringify({ id: randomUUIDv7(), streamId, type, tags, data });
}

/** Opens the file in a folder. */
export async function openBareFile(directory: string, how: 'pool' | 'worker'): Promise<AppendLog> {
  return new BareFile(directory, how);
}
