/** Pools that are made for an address, and pools that are handed in. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { unlessPresent } from '../../../../../test/requirement.ts';
import { migratePostgres, postgresMigrationState } from '../../../src/engines/postgres/index.ts';
import { poolFor, withPool } from '../../../src/engines/postgres/pool.ts';
import { callMethod } from '../../misuse.ts';
import { serverRequirement, serversAvailable } from '../../postgres/server-programs.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { serverOfSuite } from './own-schema.ts';

const [newest] = serversAvailable();

suite('a pool', { skip: unlessPresent(serverRequirement()) }, () => {
  if (newest === undefined) return;
  const inUse = serverOfSuite(newest);

  test('of the user’s own is used as it is and stays open', async () => {
    const { pool } = inUse();
    assert.deepEqual(await poolFor(pool), { pool, isOwn: false });
    await migratePostgres({ pool, schema: 'handed_in' });
    assert.equal((await postgresMigrationState({ pool, schema: 'handed_in' })).pending.length, 0);
    assert.equal(pool.ended, false);
    assert.equal(pool.totalCount, pool.idleCount);
  });

  test('that is made for an address leaves no connection', async () => {
    const { server, pool } = inUse();
    const address = `${server.address()}?application_name=made-and-ended`;
    await migratePostgres({ address, schema: 'made' });
    const { rows } = await pool.query(`SELECT FROM pg_stat_activity WHERE application_name = 'made-and-ended'`);
    assert.deepEqual(rows, []);
  });

  test('tells the server who it is, unless the address says so', async () => {
    const nameAt = (address: string) =>
      withPool({ address }, async (pool) => {
        const { rows } = await pool.query({ text: 'SHOW application_name', rowMode: 'array' });
        return rows[0]?.[0];
      });
    const { server } = inUse();
    assert.equal(await nameAt(server.address()), 'hindsight');
    assert.equal(await nameAt(`${server.address()}?application_name=shop`), 'shop');
  });

  test('outlives the end of a connection that rests in it', async () => {
    const { server, pool: other } = inUse();
    const { pool } = await poolFor({ address: server.address() });
    assert.ok(pool instanceof Pool);
    const ask = async () => {
      const { rows } = await pool.query<[number]>({ text: 'SELECT pg_backend_pid()', rowMode: 'array' });
      return rows[0]?.[0];
    };
    const first = await ask();
    const gone = new Promise((resolve) => pool.once('remove', resolve));
    await other.query(`SELECT pg_terminate_backend(${first})`);
    await gone;
    assert.notEqual(await ask(), first);
    await pool.end();
  });

  test('says which wait was too long', async () => {
    const { pool } = await poolFor({ address: inUse().server.address() }, { queryMsMax: 50 });
    await assert.rejects(pool.query({ text: 'SELECT pg_sleep(60)', rowMode: 'array' }), /timeout/i);
    await pool.end();
  });

  test('is refused by name where the server or the role is not there', async () => {
    const { server } = inUse();
    const nobody = server.address().replace('postgres@', 'nobody:hunter2@');
    for (const [address, code] of [
      ['postgres://postgres@127.0.0.1:1/postgres', 'STORE_UNREACHABLE'],
      [nobody, 'STORE_UNREACHABLE'],
      [server.address('no_such_database'), 'STORE_NOT_FOUND'],
    ] as const)
      for (const ask of [migratePostgres, postgresMigrationState])
        await assert.rejects(ask({ address }), (error: unknown) => {
          assert.ok(error instanceof Error && 'code' in error);
          assert.equal(error.code, code);
          assert.doesNotMatch(String(error), /hunter2/);
          return true;
        });
  });
});

test('what is neither a pool nor an address is refused, and a password not shown', async () => {
  for (const place of [
    undefined,
    null,
    7,
    {},
    { pool: {} },
    { address: 7 },
    { address: 'mysql://me:hunter2@localhost/shop' },
    { address: 'postgres://localhost/shop', pool: {} },
    { address: 'postgres://localhost/shop', schema: 'Shop; DROP' },
    { address: 'postgres://localhost/shop?schema=pg_own' },
    { address: 'postgres://localhost/shop', dryRun: 'yes' },
  ])
    await assert.rejects(callMethod({ migratePostgres }, 'migratePostgres', place), (error: unknown) => {
      assert.ok(error instanceof TypeError && 'code' in error, String(error));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.doesNotMatch(String(error), /hunter2/);
      return true;
    });
});

test('without the package pg an address is answered with what to install', async (t) => {
  // A place of the sources from which no package is found.
  const folder = await temporaryFolder(t);
  await cp(fileURLToPath(new URL('../../../src', import.meta.url)), join(folder, 'src'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const program = `import { migratePostgres } from './src/engines/postgres/index.ts';
    await migratePostgres({ address: 'postgres://localhost/shop' }).catch(({ code, message }) => console.log(code, message));`;
  await writeFile(join(folder, 'program.ts'), program);
  const { stdout } = await promisify(execFile)(process.execPath, ['program.ts'], { cwd: folder });
  assert.match(stdout, /^ENGINE_UNAVAILABLE .*npm install pg\n$/);
});
