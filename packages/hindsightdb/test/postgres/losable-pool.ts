/** A pool of pg's that can be lost as a whole, as it is when its process ends. */

import { Socket } from 'node:net';
import { Pool } from 'pg';
import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from '../../src/engines/postgres/client.ts';

/** What the pool is made with. */
export interface LosablePoolOptions {
  readonly address: string;
  /** What the server calls its connections. */
  readonly name: string;
  readonly connectionsMax: number;
}

/** The pool. After its loss it answers nothing more, neither with a result nor with an error: nobody is there to hear. */
export class LosablePool implements PostgresPool {
  readonly options: { readonly max: number };
  readonly #name: string;
  readonly #pool: Pool;
  readonly #sockets = new Set<Socket>();
  #isLost = false;

  constructor({ address, name, connectionsMax }: LosablePoolOptions) {
    this.#name = name;
    this.options = { max: connectionsMax };
    this.#pool = new Pool({
      connectionString: address,
      application_name: name,
      max: connectionsMax,
      stream: () => this.#socket(),
    });
    this.#pool.on('error', () => {});
  }

  async connect(): Promise<PostgresClient> {
    return await this.#unlessLost(() => this.#pool.connect());
  }

  async query(query: PostgresQuery): Promise<PostgresResult> {
    return await this.#unlessLost(() => this.#pool.query<unknown[]>({ ...query, values: [...(query.values ?? [])] }));
  }

  on(event: 'error', listener: (error: Error) => void): this {
    this.#pool.on(event, listener);
    return this;
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }

  /** How many connections were taken and not given back. */
  get kept(): number {
    return this.#pool.totalCount - this.#pool.idleCount;
  }

  /** Cuts all connections without a word to the server, and answers by which name it knows them. */
  lose(): string {
    this.#isLost = true;
    for (const socket of this.#sockets) socket.destroy();
    return this.#name;
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  async #unlessLost<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#isLost) return await new Promise<never>(() => {});
    try {
      const answer = await ask();
      if (!this.#isLost) return answer;
    } catch (error) {
      if (!this.#isLost) throw error;
    }
    return await new Promise<never>(() => {});
  }
}
