/** What the engine on PostgreSQL is opened with. */

import type { PostgresPool } from './client.ts';

/** What the engine on PostgreSQL is opened with. */
export interface PostgresEngineOptions {
  /** A pool of the user's own, which stays open when the store is closed; or the address of a database, for a pool of the engine's. */
  readonly database: PostgresPool | { readonly address: string };
  /** The schema in which the log lies. One log, one schema. Default `hindsight`. */
  readonly schema?: string;
  /** Apply migrations that are missing, the first one included. */
  readonly create: boolean;
  readonly readOnly: boolean;
  readonly pendingAppendsMax: number;
  /** For a new log. */
  readonly partitionCount: number;
  /** Microseconds since 1970. Undefined: the server's own clock, which all processes share. */
  readonly now: (() => number) | undefined;
  readonly newId: () => string;
}

/** The schema of a log whose opener names none. */
export const schemaDefault = 'hindsight';
