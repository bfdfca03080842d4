/**
 * Asking the server: short questions through the pool, and errors as the store knows them.
 */

import { HindsightError } from '../../core/errors.ts';
import type { PostgresClient, PostgresPool, PostgresResult } from './client.ts';
import { isLost, storeError } from './postgres-errors.ts';

/** How often a question that changes nothing is asked anew when its connection ended. */
const triesMax = 4;
const pauseMs = 50;

/** The connections of one engine. */
export class Connection {
  readonly pool: PostgresPool;
  readonly #isOwn: boolean;
  readonly #unfinished = new Set<Promise<unknown>>();
  /** Connections whose errors are listened to: without a listener, one that ends would end the process. */
  readonly #known = new WeakSet<PostgresClient>();
  #isClosed = false;

  constructor(pool: PostgresPool, { isOwn }: { readonly isOwn: boolean }) {
    this.pool = pool;
    this.#isOwn = isOwn;
  }

  /** Takes a connection for several questions. Its end is told by the question at hand, and by nothing else. */
  async checkOut(): Promise<PostgresClient> {
    const client = await this.pool.connect();
    if (!this.#known.has(client)) client.on('error', ignore);
    this.#known.add(client);
    return client;
  }

  /** Asks what changes nothing: where the connection ends meanwhile, it is asked again. */
  async read(text: string, values: readonly unknown[]): Promise<PostgresResult['rows']> {
    for (let tries = 1; ; tries += 1) {
      this.assertOpen();
      try {
        return await this.#track(this.pool.query({ text, values, rowMode: 'array' })).then(({ rows }) => rows);
      } catch (error) {
        if (!isLost(error) || tries >= triesMax || this.#isClosed) throw storeError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** tries));
    }
  }

  /** Asks what changes something, once. */
  async write(text: string, values: readonly unknown[]): Promise<PostgresResult['rows']> {
    this.assertOpen();
    try {
      return (await this.#track(this.pool.query({ text, values, rowMode: 'array' }))).rows;
    } catch (error) {
      throw storeError(error);
    }
  }

  async #track<Result>(asking: Promise<Result>): Promise<Result> {
    this.#unfinished.add(asking);
    try {
      return await asking;
    } finally {
      this.#unfinished.delete(asking);
    }
  }

  /** Throws `CLOSED` once it is. */
  assertOpen(): void {
    if (this.#isClosed) throw new HindsightError('CLOSED', 'The store was closed.');
  }

  /** Waits for what was asked, and ends the pool if it is the engine's own. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#unfinished);
    if (this.#isOwn) await this.pool.end();
  }
}

function ignore(): void {
  // The question at hand rejects by itself.
}
