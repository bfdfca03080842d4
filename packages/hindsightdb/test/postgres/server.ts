/**
 * Real PostgreSQL servers for tests: each in a temporary folder, on a port of the loopback interface, gone with the process
 * that started it.
 */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from './free-port.ts';
import { Guard } from './guard.ts';
import { killWithChildren } from './process-tree.ts';
import { reachableFolder } from './reachable-programs.ts';
import { newestServer, type ServerPrograms } from './server-programs.ts';
import { giveTo, unprivilegedUser, type UnprivilegedUser } from './unprivileged-user.ts';

/** How a server is started. */
export interface ServerOptions {
  /** Which version. Default the newest one that there is. */
  readonly programs?: ServerPrograms;
  /**
   * What the server's commits must survive. `process` turns fsync off, which is many times faster and loses nothing when a
   * server is killed: what it wrote lies with the operating system. Only a power failure could tell the difference, so
   * whoever measures, or tests what reaches the disk, wants `power`. Default `power`.
   */
  readonly durability?: 'process' | 'power';
  /** Further settings of the server, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

const readyWithinMs = 60_000;
const portsTriedMax = 5;

/** Makes a new cluster and starts a server on it. */
export async function startServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-postgres-'));
  giveTo(user, folder);
  const guard = new Guard({ folder, user });
  try {
    const { version, folder: installed } = options.programs ?? newestServer();
    const programs = reachableFolder(installed, user, folder);
    makeCluster({ programs, folder, user });
    for (let tries = 1; ; tries += 1) {
      const port = await freePort();
      const server = new PostgresServer({
        programs,
        folder,
        user,
        guard,
        port,
        version,
        arguments: argumentsOf(options),
      });
      try {
        await server.start();
        return server;
      } catch (error) {
        if (tries >= portsTriedMax || !server.log().includes('Address already in use')) throw error;
      }
    }
  } catch (error) {
    await guard.end();
    throw error;
  }
}

interface Situation {
  /** The folder with `postgres` and `initdb`. */
  readonly programs: string;
  /** Holds the data, the log and whatever else is made for this server. */
  readonly folder: string;
  readonly user: UnprivilegedUser;
}

interface ServerSituation extends Situation {
  readonly guard: Guard;
  readonly port: number;
  readonly version: string;
  readonly arguments: readonly string[];
}

/** A server, and the ways to end it. */
export class PostgresServer {
  readonly version: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly #situation: ServerSituation;
  readonly #logPath: string;
  #postmaster: ChildProcess | undefined;

  /** Use {@link startServer}. */
  constructor(situation: ServerSituation) {
    this.#situation = situation;
    this.version = situation.version;
    this.port = situation.port;
    this.dataFolder = join(situation.folder, 'data');
    this.#logPath = join(situation.folder, 'server.log');
  }

  /** The process that listens; undefined while the server is down. */
  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  /** The address of a database for a user who may do everything. */
  address(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** What the server has written about itself. */
  log(): string {
    return existsSync(this.#logPath) ? readFileSync(this.#logPath, 'utf8') : '';
  }

  /** Starts it after {@link halt} or {@link kill9}, and waits until it answers. */
  async start(): Promise<void> {
    if (this.#postmaster !== undefined) throw new Error('The server runs already.');
    const { programs, folder, user, guard, port } = this.#situation;
    const output = openSync(this.#logPath, 'a');
    const postmaster = spawn(
      join(programs, 'postgres'),
      ['-D', this.dataFolder, '-c', `port=${port}`, ...this.#situation.arguments],
      // In a session of its own, the interrupt of a terminal does not reach it.
      { ...user, env: plainEnvironment(), cwd: folder, detached: true, stdio: ['ignore', output, output] },
    );
    closeSync(output);
    postmaster.unref();
    this.#postmaster = postmaster;
    guard.watch(postmaster.pid);
    postmaster.once('exit', () => {
      if (this.#postmaster !== postmaster) return;
      this.#postmaster = undefined;
      guard.watch(undefined);
    });
    await this.#answer();
  }

  /** Shuts it down in order, as an administrator would: what runs is rolled back, connections are closed. The data stay. */
  async halt(): Promise<void> {
    await this.#ended((postmaster) => postmaster.kill('SIGINT'));
  }

  /** Shuts it down in order and starts it again, on the same port. */
  async restart(): Promise<void> {
    if (this.#postmaster !== undefined) await this.halt();
    await this.start();
  }

  /** Ends all of its processes at once, whatever they are doing. The data stay as they are; {@link restart} recovers them. */
  async kill9(): Promise<void> {
    await this.#ended(({ pid }) => pid !== undefined && killWithChildren(pid));
  }

  /** Ends it and removes its folder. Calling it again changes nothing. */
  async stop(): Promise<void> {
    await this.#situation.guard.end();
    // What the guard could not do, were it killed itself.
    if (this.#postmaster !== undefined) await this.kill9();
    rmSync(this.#situation.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ended(end: (postmaster: ChildProcess) => unknown): Promise<void> {
    const postmaster = this.#postmaster;
    if (postmaster === undefined) throw new Error('The server does not run.');
    const exit = once(postmaster, 'exit');
    end(postmaster);
    postmaster.ref();
    await exit;
  }

  async #answer(): Promise<void> {
    const deadline = performance.now() + readyWithinMs;
    for (;;) {
      if (this.#postmaster === undefined) throw new Error(`The server ended while it started:\n${this.log()}`);
      const client = new Client({ connectionString: this.address(), connectionTimeoutMillis: 5000 });
      // A connection that breaks while it is made tells so twice.
      client.on('error', () => {});
      try {
        await client.connect();
        await client.query('select 1');
        return;
      } catch (error) {
        if (performance.now() > deadline)
          throw new Error(`The server did not answer within ${readyWithinMs} ms:\n${this.log()}`, { cause: error });
      } finally {
        await client.end().catch(() => {});
      }
      await sleep(10);
    }
  }
}

/** Texts sort as people sort them, as in most databases: a query that forgets to ask for the order of bytes is found. */
function makeCluster({ programs, folder, user }: Situation): void {
  execFileSync(
    join(programs, 'initdb'),
    [
      `--pgdata=${join(folder, 'data')}`,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=icu',
      '--icu-locale=en',
      // A cluster that is lost with the machine's power is made anew by the next test.
      '--no-sync',
    ],
    { ...user, env: plainEnvironment(), cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
}

function argumentsOf({ durability = 'power', settings = {} }: ServerOptions): string[] {
  const all: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '32MB',
    // Made once and written over again, the files of the server's own log cost no disk and no time.
    min_wal_size: '32MB',
    max_wal_size: '256MB',
    ...(durability === 'process' ? { fsync: 'off', full_page_writes: 'off' } : {}),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Without what steers a user's own PostgreSQL, and with messages in English. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LANG: 'C' };
}
