/**
 * What is called of the package pg, as interfaces: the library depends on no package, and whoever has a pool of pg's kind can
 * hand it in.
 */

/** The rows of an answer. */
export interface PostgresResult {
  readonly rows: readonly (readonly unknown[])[];
}

/** A query with its values; rows come as arrays. */
export interface PostgresQuery {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly rowMode: 'array';
  /** Under a name the server keeps what it made of the text, for this connection. */
  readonly name?: string;
}

/** A message that came on a channel. */
export interface PostgresNotification {
  readonly channel: string;
}

/** A connection that was taken from a pool. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  /** Gives it back; with an error it is closed instead. */
  release(error?: Error | boolean): void;
  on(event: 'notification', listener: (message: PostgresNotification) => void): unknown;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  removeListener(event: 'notification', listener: (message: PostgresNotification) => void): unknown;
  removeListener(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
}

/** A pool of the package pg, or one that does the same. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  query(query: PostgresQuery): Promise<PostgresResult>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** How many connections it has at most, where it says so. */
  readonly options?: { readonly max?: number | undefined };
}
