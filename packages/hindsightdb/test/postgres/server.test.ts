/** Servers for tests answer, survive what a test does to them, and never outlive the test. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { unlessPresent } from '../../../../test/requirement.ts';
import { pgbouncerRequirement } from './pgbouncer.ts';
import { isRunning } from './process-tree.ts';
import { reachableFolder } from './reachable-programs.ts';
import { newestServer, serverRequirement, serversAvailable } from './server-programs.ts';
import { startServer, type PostgresServer } from './server.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

suite('a server for tests', { skip: unlessPresent(serverRequirement()) }, () => {
  for (const programs of serversAvailable()) {
    test(`of version ${programs.version} answers, on the loopback interface alone, and sorts texts as people do`, async () => {
      await using server = await startServer({ programs, durability: 'process' });
      assert.equal(server.version, programs.version);
      const told = await ask(server, 'SHOW server_version_num');
      assert.equal(Math.floor(Number(told[0]?.['server_version_num']) / 10_000), programs.major);
      assert.deepEqual(await ask(server, 'SHOW listen_addresses'), [{ listen_addresses: '127.0.0.1' }]);
      assert.deepEqual(await ask(server, 'SHOW unix_socket_directories'), [{ unix_socket_directories: '' }]);
      assert.deepEqual(await ask(server, `SELECT 'a' < 'B' AS "isAlphabetical"`), [{ isAlphabetical: true }]);
    });
  }

  test('syncs unless it was told that only its process may end, and takes further settings', async () => {
    await using careful = await startServer();
    assert.deepEqual(await ask(careful, 'SHOW fsync'), [{ fsync: 'on' }]);
    await using quick = await startServer({ durability: 'process', settings: { max_connections: '17' } });
    assert.deepEqual(await ask(quick, 'SHOW fsync'), [{ fsync: 'off' }]);
    assert.deepEqual(await ask(quick, 'SHOW max_connections'), [{ max_connections: '17' }]);
  });

  test('has after a kill what it had committed, and nothing else', async () => {
    await using server = await startServer({ durability: 'process' });
    const client = new Client({ connectionString: server.address() });
    const lost = once(client, 'error');
    await client.connect();
    await client.query('CREATE TABLE noted (number int)');
    await client.query('INSERT INTO noted VALUES (1)');
    await client.query('BEGIN');
    await client.query('INSERT INTO noted VALUES (2)');
    const { port, pid } = server;
    await server.kill9();
    await lost;
    assert.equal(server.pid, undefined);
    await assert.rejects(ask(server, 'SELECT 1'), { code: 'ECONNREFUSED' });
    await server.restart();
    assert.equal(server.port, port);
    assert.notEqual(server.pid, pid);
    assert.deepEqual(await ask(server, 'SELECT * FROM noted'), [{ number: 1 }]);
    assert.match(server.log(), /database system was not properly shut down/);
  });

  test('has its data when it was shut down in order, and started again', async () => {
    await using server = await startServer({ durability: 'process' });
    await ask(server, 'CREATE TABLE noted AS SELECT 1 AS number');
    await server.restart();
    assert.deepEqual(await ask(server, 'SELECT * FROM noted'), [{ number: 1 }]);
    await server.halt();
    await assert.rejects(server.halt(), /does not run/);
    await server.start();
    await assert.rejects(server.start(), /runs already/);
    assert.deepEqual(await ask(server, 'SELECT * FROM noted'), [{ number: 1 }]);
    assert.doesNotMatch(server.log(), /database system was not properly shut down/);
  });

  test('is gone with its folder when it was stopped, in whichever state it was', async () => {
    for (const before of ['running', 'halted', 'killed']) {
      const server = await startServer({ durability: 'process' });
      const { pid, dataFolder } = server;
      assert.ok(pid !== undefined && isRunning(pid) && existsSync(dataFolder));
      if (before === 'halted') await server.halt();
      if (before === 'killed') await server.kill9();
      await server.stop();
      await server.stop();
      assert.deepEqual([isRunning(pid), existsSync(join(dataFolder, '..'))], [false, false], before);
    }
  });

  test('that cannot start tells why and leaves nothing', async () => {
    const error: unknown = await startServer({ settings: { shared_buffers: 'plenty' } }).catch(
      (reason: unknown) => reason,
    );
    assert.match(String(error), /invalid value for parameter "shared_buffers"/);
  });

  test('lies in a second place for a user to whom its own is closed', async () => {
    const user = unprivilegedUser();
    const closed = await mkdtemp(join(tmpdir(), 'hindsight-closed-'));
    const place = await mkdtemp(join(tmpdir(), 'hindsight-place-'));
    try {
      assert.equal(reachableFolder(newestServer().folder, user, place), newestServer().folder);
      await chmod(place, 0o755);
      await cp(join(newestServer().folder, '..'), join(closed, 'server'), { recursive: true, verbatimSymlinks: true });
      const folder = join(closed, 'server', 'bin');
      // The folder is open to its owner alone, and only root starts servers as somebody else.
      const expected = user.uid === undefined ? folder : join(place, 'programs', 'bin');
      assert.equal(reachableFolder(folder, user, place), expected);
      const told = execFileSync(join(expected, 'initdb'), ['--version'], { ...user, cwd: '/', encoding: 'utf8' });
      assert.match(told, /^initdb \(PostgreSQL\) /);
    } finally {
      await rm(closed, { recursive: true });
      await rm(place, { recursive: true });
    }
  });
});

suite('nothing is left of a server when', { skip: unlessPresent(serverRequirement()) }, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    test(`its test was ended by ${signal}`, async () => {
      const { program, told } = await startProgram('wait');
      program.kill(signal);
      await expectNothingLeft(told);
    });
  }

  test('its test threw an error', async () => {
    const { told } = await startProgram('throw');
    await expectNothingLeft(told);
  });

  test('its test forgot to stop it, and neither does it keep the test from ending', async () => {
    const { told } = await startProgram('end');
    await expectNothingLeft(told);
  });

  test('its test was ended with a pooler before it', { skip: unlessPresent(pgbouncerRequirement()) }, async () => {
    const { program, told } = await startProgram('wait with a pooler');
    assert.equal(told.pids.length, 2);
    program.kill('SIGKILL');
    await expectNothingLeft(told);
  });
});

interface Told {
  readonly pids: readonly number[];
  readonly folders: readonly string[];
}

async function startProgram(what: string): Promise<{ program: ReturnType<typeof spawn>; told: Told }> {
  const path = fileURLToPath(new URL('abandoning-program.ts', import.meta.url));
  const program = spawn(process.execPath, [path, what], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exit = once(program, 'exit');
  const lines = createInterface({ input: program.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  if (!what.startsWith('wait')) await exit;
  const { pids, folders } = JSON.parse(line) as { pids: (number | null)[]; folders: (string | null)[] };
  const told = { pids: pids.filter((pid) => pid !== null), folders: folders.filter((folder) => folder !== null) };
  return { program, told };
}

/** The folder goes when the server has ended, and not the other way round: a server would end without its folder, too. */
async function expectNothingLeft({ pids, folders }: Told): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (folders.some((folder) => existsSync(folder)) && performance.now() < deadline) await sleep(10);
  const left = [pids.filter((pid) => isRunning(pid)), folders.filter((folder) => existsSync(folder))];
  assert.deepEqual(left, [[], []]);
}

async function ask(server: PostgresServer, question: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: server.address() });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(question)).rows;
  } finally {
    await client.end();
  }
}
