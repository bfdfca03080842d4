/** hindsight migrate. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { openStore } from 'hindsightdb';
import { postgresGrantsSql, postgresMigrationSql, postgresMigrationState } from 'hindsightdb/postgres';
import { unlessPresent } from '../../../test/requirement.ts';
import { serverRequirement } from '../../hindsightdb/test/postgres/server-programs.ts';
import { startServer, type PostgresServer } from '../../hindsightdb/test/postgres/server.ts';
import { documentsOf, hindsight, succeed, temporaryFolder } from './hindsight-process.ts';
import { folderWithStore, inStore } from './store-fixture.ts';

suite('migrate, with a server', { skip: unlessPresent(serverRequirement()) }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startServer({ durability: 'process' });
  });
  after(async () => await server.stop());

  test('tells what is missing, applies it once, and has nothing to do after that', async () => {
    const address = `${server.address()}?schema=orders`;
    const tried = await succeed(['migrate', address, '--dry-run']);
    assert.match(tried.stdout, /^Would apply {2}1 log\n.*The schema orders of postgres:.* holds no store yet\n$/s);
    assert.deepEqual((await postgresMigrationState({ address })).applied, []);
    const applied = await succeed(['migrate', '--store', address]);
    assert.match(applied.stdout, /^Applied {2}1 log\n.*The schema orders of .* is at migration \d+, [a-z-]+\n$/s);
    const again = await succeed(['migrate'], { environment: { HINDSIGHT_STORE: address } });
    assert.match(again.stdout, /^Nothing to do: the schema orders of .* is at migration \d+, [a-z-]+\n$/);
    await using store = await openStore(address);
    await store.append('a-1', [{ type: 'X', data: 1 }]);
    const read = await succeed(['read', '--json', '--store', address]);
    assert.equal(documentsOf(read.stdout).length, 1);
  });

  test('speaks to machines, and shows nobody a password', async () => {
    const address = server.address().replace('postgres@', 'postgres:hunter2@');
    const args = ['migrate', address, '--schema', 'for_machines', '--json'];
    const [tried] = documentsOf((await succeed([...args, '--dry-run'])).stdout);
    const [applied] = documentsOf((await succeed(args)).stdout);
    const state = await postgresMigrationState({ address, schema: 'for_machines' });
    const pending = state.applied.map(({ number, name, checksum, isCompatible }) => ({
      number,
      name,
      checksum,
      isCompatible,
    }));
    const where = { store: server.address(), schema: 'for_machines' };
    assert.deepEqual(tried, { ...where, migrated: [], pending, applied: [] });
    assert.deepEqual(applied, { ...where, migrated: pending, pending: [], applied: [...state.applied] });
    const refused = await hindsight(['migrate', server.address('nowhere').replace('postgres@', 'postgres:hunter2@')]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /STORE_NOT_FOUND/);
    assert.doesNotMatch(refused.stderr, /hunter2/);
  });

  test('prints only what is missing as SQL, where it is asked to look', async () => {
    const address = `${server.address()}?schema=by_hand`;
    const missing = await succeed(['migrate', address, '--dry-run', '--sql']);
    assert.equal(missing.stdout, postgresMigrationSql({ schema: 'by_hand' }));
    await succeed(['migrate', address]);
    const nothing = await succeed(['migrate', address, '--dry-run', '--sql']);
    assert.deepEqual([nothing.stdout, nothing.stderr], ['', 'Nothing is missing.\n']);
  });
});

suite('migrate, without a server', () => {
  test('prints SQL for any schema, and for roles', async (t) => {
    const folder = await temporaryFolder(t);
    const print = async (...args: readonly string[]): Promise<string> =>
      (await succeed(['migrate', ...args], { folder })).stdout;
    assert.equal(await print('--sql'), postgresMigrationSql());
    assert.equal(await print('--sql', '--schema', 'orders'), postgresMigrationSql({ schema: 'orders' }));
    assert.equal(
      await print('--sql', 'postgres://x/y?schema=orders', '--grants', 'app'),
      `${postgresMigrationSql({ schema: 'orders' })}\n${postgresGrantsSql({ schema: 'orders', role: 'app' })}`,
    );
    assert.equal(
      await print('--grants', 'reporting', '--reader'),
      postgresGrantsSql({ role: 'reporting', access: 'reader' }),
    );
    assert.deepEqual(documentsOf(await print('--grants', 'app', '--json')), [
      { sql: postgresGrantsSql({ role: 'app' }) },
    ]);
  });

  test('has nothing to do for a store in a file', async (t) => {
    const folder = await folderWithStore(t);
    assert.equal(
      (await succeed(['migrate', ...inStore], { folder })).stdout,
      'Nothing to migrate: s.db is not on PostgreSQL\n',
    );
    assert.deepEqual(documentsOf((await succeed(['migrate', 's.db', '--json'], { folder })).stdout), [
      { store: 's.db', migrated: [], pending: [], applied: [] },
    ]);
  });

  test('says what was called wrongly', async (t) => {
    const folder = await temporaryFolder(t);
    for (const [args, message] of [
      [['--reader'], /--reader says what the role of --grants may do/],
      [['--sql', '--schema', 'No Schema'], /small letters/],
      [['--grants', ''], /role must be a name/],
      [[], /No store is named/],
    ] as const) {
      const { exitCode, stdout, stderr } = await hindsight(['migrate', ...args], { folder });
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, message);
    }
  });
});
