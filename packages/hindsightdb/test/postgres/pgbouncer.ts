/** A real PgBouncer in front of a server of a test, which shares the server's connections by transaction. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Requirement } from '../../../../test/requirement.ts';
import { freePort } from './free-port.ts';
import { Guard } from './guard.ts';
import type { PostgresServer } from './server.ts';
import { giveTo, unprivilegedUser } from './unprivileged-user.ts';

/** A pooler that runs. */
export interface Pgbouncer {
  readonly version: string;
  readonly port: number;
  readonly pid: number | undefined;
  readonly folder: string;
  /** The address of a database of the server, by way of the pooler. */
  address(database?: string): string;
  /** Ends it and removes its folder. Calling it again changes nothing. */
  stop(): Promise<void>;
}

/** How a pooler is started. */
export interface PgbouncerOptions {
  /** How many connections to the server all clients share, for each user and database. Default 10. */
  readonly serverConnectionsMax?: number;
}

const readyWithinMs = 10_000;
const portsTriedMax = 5;

/** What a test needs that starts a pooler. For the option `skip`, by way of `unlessPresent`. */
export function pgbouncerRequirement(): Requirement {
  return {
    what: 'PgBouncer',
    isPresent: pgbouncerProgram() !== undefined,
    remedy: 'install the package pgbouncer of the system.',
  };
}

/** Starts a pooler in front of a server. */
export async function startPgbouncer(server: PostgresServer, options: PgbouncerOptions = {}): Promise<Pgbouncer> {
  const program = pgbouncerProgram();
  if (program === undefined) throw new Error('PgBouncer is missing.');
  for (let tries = 1; ; tries += 1) {
    const attempt = await startOnce(program, server, { port: await freePort(), ...options });
    if (attempt.pooler !== undefined) return attempt.pooler;
    if (tries >= portsTriedMax || !/in use/i.test(attempt.log))
      throw new Error(`PgBouncer ended while it started:\n${attempt.log}`);
  }
}

interface Attempt {
  readonly log: string;
  /** Undefined when it ended before it answered. */
  readonly pooler?: Pgbouncer;
}

async function startOnce(
  program: string,
  server: PostgresServer,
  options: PgbouncerOptions & { readonly port: number },
): Promise<Attempt> {
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-pgbouncer-'));
  const settingsPath = join(folder, 'pgbouncer.ini');
  const logPath = join(folder, 'pgbouncer.log');
  writeFileSync(settingsPath, settingsOf(server, folder, options));
  writeFileSync(join(folder, 'users.txt'), '"postgres" ""\n');
  giveTo(user, folder);
  const guard = new Guard({ folder, user });
  const output = openSync(logPath, 'a');
  // In a session of its own, the interrupt of a terminal does not reach it.
  const child = spawn(program, [settingsPath], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  guard.watch(child.pid);
  const ended = once(child, 'exit').catch(() => undefined);
  const address = (database = 'postgres'): string => `postgres://postgres@127.0.0.1:${options.port}/${database}`;
  const isAnswering = await answers(child, address('pgbouncer'));
  const log = readFileSync(logPath, 'utf8');
  const stop = async (): Promise<void> => {
    await guard.end();
    await ended;
  };
  if (!isAnswering) {
    await stop();
    return { log };
  }
  const version = /PgBouncer (\d[\d.]*)/.exec(log)?.[1] ?? 'unknown';
  return { log, pooler: { version, port: options.port, pid: child.pid, folder, address, stop } };
}

function settingsOf(
  server: PostgresServer,
  folder: string,
  { port, serverConnectionsMax = 10 }: PgbouncerOptions & { readonly port: number },
): string {
  return `[databases]
* = host=127.0.0.1 port=${server.port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
admin_users = postgres
pool_mode = transaction
default_pool_size = ${serverConnectionsMax}
max_client_conn = 500
`;
}

async function answers(child: ChildProcess, address: string): Promise<boolean> {
  const deadline = performance.now() + readyWithinMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
    const client = new Client({ connectionString: address });
    client.on('error', () => {});
    try {
      await client.connect();
      return true;
    } catch {
      await sleep(10);
    } finally {
      await client.end().catch(() => {});
    }
  }
  return false;
}

/** Debian installs it among the programs of administrators, which are not on everybody's path. */
function pgbouncerProgram(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}
