/** The pool of a database: the user's own, or one that is made with the package pg, which is loaded only then. */

import { argumentError, HindsightError } from '../../core/errors.ts';
import { describe } from '../../core/text.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { storeError } from './postgres-errors.ts';

/** A pool, and whether whoever asked for it has to end it. */
export interface PoolInUse {
  readonly pool: PostgresPool;
  readonly isOwn: boolean;
}

/** The database that a log lies in: a pool of the user's own, or an address. */
export type PostgresDatabase = PostgresPool | { readonly address: string };

const connectWithinMs = 10_000;
/** A connection that nothing is heard of is asked for a sign of life, so that networks which forget idle ones keep it. */
const keepAliveAfterMs = 10_000;
/** For every statement. Told by the client, since poolers refuse connections that bring such settings for the server. */
const queryMsDefault = 60_000;

/**
 * The pool of a database. Makes one for an address: nothing is connected before it is used. Throws `ENGINE_UNAVAILABLE` where the
 * package pg is not installed, `INVALID_ARGUMENT` for what is neither a pool nor an address.
 *
 * A statement that is not answered within `queryMsMax` fails, by default after a minute; with 0 it is waited for without end. A pool of
 * the user's own keeps the bounds that it was made with.
 */
export async function poolFor(
  database: PostgresDatabase,
  { queryMsMax = queryMsDefault }: { readonly queryMsMax?: number } = {},
): Promise<PoolInUse> {
  if (isPool(database)) return { pool: database, isOwn: false };
  const address = addressOf(database);
  const Pool = await loadPool();
  const pool: PostgresPool = new Pool({
    connectionString: address,
    // Gives way to a name that the address or the environment gives.
    fallback_application_name: 'hindsight',
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    ...(queryMsMax > 0 && { query_timeout: queryMsMax }),
  });
  // The end of an idle connection is nobody's failure: the next use makes another. Without a listener it would end the process.
  pool.on('error', () => undefined);
  return { pool, isOwn: true };
}

/** Has the work done with a pool, which is ended afterwards if it was made for that. */
export async function withPool<Result>(
  database: PostgresDatabase,
  work: (pool: PostgresPool) => Promise<Result>,
): Promise<Result> {
  const { pool, isOwn } = await poolFor(database, { queryMsMax: 0 });
  try {
    return await work(pool);
  } finally {
    if (isOwn) await pool.end();
  }
}

/** Has the work done on one connection of a pool. A connection that fails at it is closed, since nobody knows what state it is in. */
export async function withClient<Result>(
  pool: PostgresPool,
  work: (client: PostgresClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw storeError(error);
  });
  // Whoever waits for an answer is told that the connection ended; unheard, the event would end the process.
  const hear = (): void => undefined;
  client.on('error', hear);
  let failure: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.removeListener('error', hear);
    client.release(failure);
  }
}

function isPool(database: unknown): database is PostgresPool {
  return (
    typeof database === 'object' &&
    database !== null &&
    'connect' in database &&
    typeof database.connect === 'function' &&
    'query' in database &&
    typeof database.query === 'function'
  );
}

function addressOf(database: unknown): string {
  const address =
    typeof database === 'object' && database !== null && 'address' in database ? database.address : database;
  if (typeof address === 'string' && /^postgres(ql)?:\/\/./i.test(address)) return address;
  throw argumentError(
    'INVALID_ARGUMENT',
    // An address may hold a password.
    `database must be a pool of the package pg, or { address: 'postgres://…' }, not ${typeof address === 'string' ? 'another text' : describe(database)}.`,
  );
}

async function loadPool() {
  try {
    const { default: pg } = await import('pg');
    return pg.Pool;
  } catch (error) {
    throw new HindsightError(
      'ENGINE_UNAVAILABLE',
      'Stores on PostgreSQL need the package pg, which cannot be loaded here. Install it: npm install pg',
      { cause: error },
    );
  }
}
