/**
 * The engine on PostgreSQL as the kit opens it: one server for all logs of a test process, every log in a schema of its own,
 * every handle on connections of its own, as if it were another process.
 */

import { Pool } from 'pg';
import type { EngineFixture } from '../../src/conformance/index.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { openPostgresEngine } from '../../src/engines/postgres/open.ts';
import { LosablePool } from '../postgres/losable-pool.ts';
import { startPgbouncer, type Pgbouncer } from '../postgres/pgbouncer.ts';
import { newestServer, type ServerPrograms } from '../postgres/server-programs.ts';
import { startServer, type PostgresServer } from '../postgres/server.ts';

/** How the engine is reached; each combination is a fixture. */
export interface PostgresFixtureOptions {
  /** Default 1. */
  readonly partitionCount?: number;
  /** Default the newest version of the server. */
  readonly programs?: ServerPrograms;
  /** Whether a pooler that shares connections by transaction stands before the server. Default `direct`. */
  readonly connection?: 'direct' | 'pooled';
  /**
   * What ends suddenly where a case asks for it: the processes that use the log, whose connections break off; or the server
   * with them, killed and started again. The latter has a server to itself, and its cases run one at a time. Default `client`.
   */
  readonly loss?: 'client' | 'server';
}

const connectionsPerHandleMax = 4;
const quietWithinMs = 10_000;

/** Names of schemas are never used twice, whichever fixture made them. */
let logs = 0;

/** A fixture of the engine on PostgreSQL. */
export function postgresFixture(options: PostgresFixtureOptions = {}): EngineFixture {
  const { partitionCount = 1, programs = newestServer(), connection = 'direct', loss = 'client' } = options;
  const place = loss === 'client' ? sharedPlace(programs) : placeOf(programs);
  const through = connection === 'pooled' ? ', through a pooler' : '';
  const ending = loss === 'server' ? ', where the server ends' : '';
  return {
    name: `the engine on PostgreSQL ${programs.version} with ${partitionCount} partitions${through}${ending}`,
    partitionCount,
    openLog: async ({ now }) => {
      const { server, administrator, pooler } = await place();
      const address = connection === 'pooled' ? (await pooler()).address() : server.address();
      const schema = `kit_${(logs += 1)}`;
      const handles: Handle[] = [];
      const open = async (): Promise<Engine> => {
        const name = `${schema}_${handles.length + 1}`;
        const pool = new LosablePool({ address, name, connectionsMax: connectionsPerHandleMax });
        const engine = openPostgresEngine({
          database: pool,
          schema,
          create: true,
          readOnly: false,
          pendingAppendsMax: 100_000,
          partitionCount,
          now,
          newId: () => crypto.randomUUID(),
        });
        handles.push({ pool, engine });
        return await engine;
      };
      const lose = async (): Promise<void> => {
        const ended = loss === 'server' ? server.kill9() : undefined;
        const lost = handles.splice(0).map(({ pool }) => pool.lose());
        await ended;
        if (loss === 'server') await server.restart();
        for (const name of lost) await untilQuiet(administrator, name, { isPooled: connection === 'pooled' });
      };
      return {
        engine: await open(),
        reopen: open,
        reopenAfterLoss: async () => {
          await lose();
          return await open();
        },
        openAnother: open,
        dispose: async () => {
          try {
            for (const handle of handles) await closeHandle(handle);
          } finally {
            await administrator.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
          }
        },
      };
    },
  };
}

interface Handle {
  readonly pool: LosablePool;
  readonly engine: Promise<Engine>;
}

/** Closes a handle if the case has not; either way it must have given back what it took. */
async function closeHandle({ pool, engine }: Handle): Promise<void> {
  await engine.then(
    (opened) => opened.close(),
    () => undefined,
  );
  const { kept } = pool;
  await (kept === 0 ? pool.end() : pool.lose());
  if (kept > 0) throw new Error(`A handle that was closed kept ${kept} connections of the pool that it was given.`);
}

/** A server, whoever drops schemas on it, and a pooler before it, started when it is asked for. */
interface Place {
  readonly server: PostgresServer;
  readonly administrator: Pool;
  readonly pooler: () => Promise<Pgbouncer>;
}

const shared = new Map<string, () => Promise<Place>>();

function sharedPlace(programs: ServerPrograms): () => Promise<Place> {
  const known = shared.get(programs.folder) ?? placeOf(programs);
  shared.set(programs.folder, known);
  return known;
}

/** Nobody stops these servers: they end with the process, and all tests of a file use the same. */
function placeOf(programs: ServerPrograms): () => Promise<Place> {
  return once(async () => {
    const server = await startServer({ programs, durability: 'process' });
    const administrator = new Pool({ connectionString: server.address(), max: 2, allowExitOnIdle: true });
    // An idle connection that ends with a killed server is replaced by the pool.
    administrator.on('error', () => {});
    return { server, administrator, pooler: once(() => startPgbouncer(server, { serverConnectionsMax: 20 })) };
  });
}

function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | undefined;
  return () => (made ??= { result: make() }).result;
}

/**
 * Waits until the server does nothing more for a handle that was lost. It finishes the statement that it has begun, so this
 * is the earliest instant at which a process that was started anew finds what it will go on finding.
 */
async function untilQuiet(
  administrator: Pool,
  name: string,
  { isPooled }: { readonly isPooled: boolean },
): Promise<void> {
  const deadline = performance.now() + quietWithinMs;
  for (;;) {
    // A pooler keeps connections beyond the client whose name they bear.
    const question = `SELECT FROM pg_stat_activity WHERE application_name = $1 AND (state <> 'idle' OR NOT $2)`;
    const { rowCount } = await administrator.query(question, [name, isPooled]);
    if (rowCount === 0) return;
    if (performance.now() > deadline)
      throw new Error(`The server was still busy with ${name} ${quietWithinMs} ms after it was lost.`);
  }
}
