/**
 * Waking followers: at once for what this process writes; for what others write, by the server's notifications where a
 * connection can hear them, and by a look at the heads where none can, as behind a pooler that shares connections by transaction.
 */

import type { PostgresClient, PostgresNotification } from './client.ts';
import type { Connection } from './connection.ts';

/** The time within which a follower hears of an append by another process. */
export const wakeWithinMs = 250;
/** How often is looked, as long as notifications are not known to arrive; and how often where they are, in case one was lost. */
const lookEveryMs = 50;
const lookWhileHeardMs = 1000;
/** Notifications take a lock of the whole database at their commit: writes of so short a time share one. */
const notifyEveryMs = 5;
/** After so long without a notification of its own, a connection is taken for one that hears nothing. */
const hearWithinMs = 2000;
/** A connection goes on listening for so long when nobody waits any more. */
const restAfterMs = 5000;
/** Of a smaller pool no connection is taken away for good. */
const poolMin = 3;

/** What wakes the followers of one engine. */
export class Wake {
  readonly #connection: Connection;
  readonly #channel: string;
  readonly #heads: () => Promise<readonly number[]>;
  /** One entry a registration: a listener may be given twice. */
  readonly #registrations = new Set<{ readonly listener: () => void }>();
  #seen = '';
  #look: ReturnType<typeof setTimeout> | undefined;
  #notifying: ReturnType<typeof setTimeout> | undefined;
  #listening: { readonly client: PostgresClient; isHeard: boolean } | undefined;
  /** Whether it is known that no connection of the pool hears, or none can be spared. */
  #isDeaf: boolean;
  #isConnecting = false;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(connection: Connection, channel: string, heads: () => Promise<readonly number[]>) {
    this.#connection = connection;
    this.#channel = channel;
    this.#heads = heads;
    this.#isDeaf = (connection.pool.options?.max ?? poolMin) < poolMin;
  }

  /** Adds a listener; returns the function that ends it. */
  add(listener: () => void): () => void {
    const registration = { listener };
    this.#registrations.add(registration);
    clearTimeout(this.#resting);
    this.#scheduleLook();
    return () => {
      this.#registrations.delete(registration);
      if (this.#registrations.size > 0 || this.#isClosed) return;
      clearTimeout(this.#look);
      this.#look = undefined;
      this.#resting = setTimeout(() => this.#endListening(), restAfterMs);
      this.#resting.unref();
    };
  }

  /** This process has written something. */
  written(): void {
    this.#wakeAll();
    this.#notifying ??= setTimeout(() => {
      this.#notifying = undefined;
      this.#notify().catch(() => undefined);
    }, notifyEveryMs);
  }

  async #notify(): Promise<void> {
    if (!this.#isClosed) await this.#connection.write('SELECT pg_notify($1, $2)', [this.#channel, '']);
  }

  #wakeAll(): void {
    for (const { listener } of this.#registrations) listener();
  }

  #scheduleLook(): void {
    if (this.#isClosed || this.#look !== undefined || this.#registrations.size === 0) return;
    void this.#listen();
    this.#look = setTimeout(
      () => {
        void this.#lookNow().finally(() => {
          this.#look = undefined;
          this.#scheduleLook();
        });
      },
      this.#listening?.isHeard === true ? lookWhileHeardMs : lookEveryMs,
    );
  }

  async #lookNow(): Promise<void> {
    try {
      const seen = (await this.#heads()).join(' ');
      if (seen !== this.#seen) this.#wakeAll();
      this.#seen = seen;
    } catch {
      // Whatever it is shows in the read that a wake leads to.
      this.#wakeAll();
    }
  }

  /** Has a connection of its own listen, and finds out whether it hears anything. */
  async #listen(): Promise<void> {
    if (this.#isClosed || this.#isDeaf || this.#isConnecting || this.#listening !== undefined) return;
    this.#isConnecting = true;
    try {
      const client = await this.#connection.checkOut();
      const listening = { client, isHeard: false };
      client.on('notification', (message: PostgresNotification) => {
        if (message.channel !== this.#channel) return;
        listening.isHeard = true;
        this.#wakeAll();
      });
      const lose = (): void => {
        if (this.#listening === listening) this.#endListening();
      };
      client.on('error', lose);
      client.on('end', lose);
      this.#listening = listening;
      await client.query({ text: `LISTEN ${this.#channel}`, rowMode: 'array' });
      if (this.#isClosed || this.#registrations.size === 0) {
        this.#endListening();
        return;
      }
      await this.#notify();
      setTimeout(() => {
        if (listening.isHeard || this.#listening !== listening) return;
        this.#isDeaf = true;
        this.#endListening();
      }, hearWithinMs).unref();
    } catch {
      // Without it, looking is enough.
      this.#endListening();
    } finally {
      this.#isConnecting = false;
    }
  }

  #endListening(): void {
    // A connection that listens is not given back: the next one to use it would hear.
    this.#listening?.client.release(true);
    this.#listening = undefined;
  }

  /** Wakes everybody a last time, so that they see that the handle is closed. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#notifying !== undefined) {
      clearTimeout(this.#notifying);
      await this.#notify().catch(() => undefined);
    }
    this.#isClosed = true;
    clearTimeout(this.#look);
    clearTimeout(this.#resting);
    this.#endListening();
    this.#wakeAll();
  }
}
