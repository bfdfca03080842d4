/** Migrations are applied once each, whoever applies them and however many do. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unlessPresent } from '../../../../../test/requirement.ts';
import { migratePostgres, postgresMigrationState } from '../../../src/engines/postgres/index.ts';
import { migrationFiles, type Migration } from '../../../src/engines/postgres/migration-files.ts';
import { lockSql } from '../../../src/engines/postgres/migration-sql.ts';
import { bringUpToDate, migrate, migrationState } from '../../../src/engines/postgres/migrations.ts';
import type { MigrateOptions } from '../../../src/engines/postgres/migrations.ts';
import { withClient } from '../../../src/engines/postgres/pool.ts';
import { pgbouncerRequirement, startPgbouncer } from '../../postgres/pgbouncer.ts';
import { serverRequirement, serversAvailable } from '../../postgres/server-programs.ts';
import { contentsOf, migrationsOf, serverOfSuite } from './own-schema.ts';

/** Without what only the file or the database has. */
function recordOf({ number, name, checksum, isCompatible }: Migration): Migration {
  return { number, name, checksum, isCompatible };
}

const first = { '0001-first.sql': 'CREATE TABLE @schema@.note (text text);\n' };
const second = { ...first, '0002-second.sql': 'ALTER TABLE @schema@.note ADD COLUMN author text;\n' };
const third = { ...second, '0003-third.sql': 'CREATE INDEX note_by_author ON @schema@.note (author);\n' };

const run = promisify(execFile);
const program = fileURLToPath(new URL('migrating-process.ts', import.meta.url));

for (const programs of serversAvailable()) {
  suite(`migrations on PostgreSQL ${programs.version}`, () => {
    const inUse = serverOfSuite(programs);
    const apply = (options: MigrateOptions) => withClient(inUse().pool, (client) => migrate(client, options));
    const contents = (schema: string) => contentsOf(inUse().pool, schema);

    test('are applied in their order and recorded', async (t) => {
      const files = await migrationsOf(t, third);
      const applied = await apply({ schema: 'ordered', files });
      assert.deepEqual(
        applied.map(({ number, name }) => [number, name]),
        [
          [1, 'first'],
          [2, 'second'],
          [3, 'third'],
        ],
      );
      const state = await migrationState(inUse().pool, 'ordered', files);
      assert.deepEqual([state.schema, state.pending, state.changed, state.isTooNew], ['ordered', [], [], false]);
      assert.deepEqual(state.applied.map(recordOf), files.map(recordOf));
      const times = state.applied.map(({ appliedAt }) => appliedAt);
      assert.deepEqual(times, times.toSorted());
      for (const time of times) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    });

    test('change nothing when they are applied again', async () => {
      const options = { schema: 'repeated' };
      assert.equal((await apply(options)).length, migrationFiles().length);
      const [before, known] = [await contents('repeated'), await migrationState(inUse().pool, 'repeated')];
      assert.deepEqual(await apply(options), []);
      assert.deepEqual(await contents('repeated'), before);
      assert.deepEqual(await migrationState(inUse().pool, 'repeated'), known);
    });

    test('are applied once when ten processes begin at the same time', async () => {
      const { pool, server } = inUse();
      const counts = await withClient(pool, async (holder) => {
        await holder.query({ text: `BEGIN; ${lockSql('crowded')}`, rowMode: 'array' });
        const outputs = Promise.all(
          Array.from({ length: 10 }, () => run(process.execPath, [program, server.address(), 'crowded'])),
        );
        // All of them wait for the lock before any of them gets it.
        const waiting = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
        while ((await pool.query<[number]>({ text: waiting, rowMode: 'array' })).rows[0]?.[0] !== 10)
          await Promise.race([outputs, new Promise((resolve) => setTimeout(resolve, 20))]);
        await holder.query({ text: 'COMMIT', rowMode: 'array' });
        return (await outputs).map(({ stdout }) => Number(stdout));
      });
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        migrationFiles().length,
      );
      assert.deepEqual((await migrationState(pool, 'crowded')).pending, []);
    });

    test(
      'are applied once by ten through a pooler that has two connections',
      { skip: unlessPresent(pgbouncerRequirement()) },
      async () => {
        const pooler = await startPgbouncer(inUse().server, { serverConnectionsMax: 2 });
        try {
          const place = { address: pooler.address(), schema: 'pooled' };
          const applied = await Promise.all(Array.from({ length: 10 }, () => migratePostgres(place)));
          assert.equal(applied.flat().length, migrationFiles().length);
          assert.deepEqual((await postgresMigrationState(place)).pending, []);
        } finally {
          await pooler.stop();
        }
        await apply({ schema: 'direct' });
        assert.deepEqual(await contents('pooled'), await contents('direct'));
      },
    );

    test('leave nothing of one that fails, and those before it stand', async (t) => {
      const broken = {
        ...second,
        '0002-second.sql': 'ALTER TABLE @schema@.note ADD COLUMN author text;\nSELECT 1 / 0;\n',
      };
      await assert.rejects(apply({ schema: 'failing', files: await migrationsOf(t, broken) }), /division by zero/);
      const { applied } = await migrationState(inUse().pool, 'failing', await migrationsOf(t, first));
      assert.deepEqual(
        applied.map(({ number }) => number),
        [1],
      );
      assert.deepEqual(
        (await apply({ schema: 'failing', files: await migrationsOf(t, third) })).map(({ number }) => number),
        [2, 3],
      );
      await apply({ schema: 'straight', files: await migrationsOf(t, third) });
      assert.deepEqual(await contents('failing'), await contents('straight'));
    });

    test('give up behind others that use a table, so that nobody queues behind them', async (t) => {
      const { pool } = inUse();
      const files = await migrationsOf(t, second);
      await apply({ schema: 'busy', files: files.slice(0, 1) });
      const before = await contents('busy');
      await withClient(pool, async (reader) => {
        await reader.query({ text: 'BEGIN; SELECT * FROM busy.note', rowMode: 'array' });
        await assert.rejects(apply({ schema: 'busy', files, tableWaitMs: 50 }), { code: 'STORE_BUSY' });
        assert.deepEqual(await contents('busy'), before);
        await reader.query({ text: 'COMMIT', rowMode: 'array' });
      });
      assert.equal((await apply({ schema: 'busy', files })).length, 1);
    });

    test('leave nothing of one whose connection ends, and go on from there', async (t) => {
      const { pool } = inUse();
      const texts = { ...first, '0002-second.sql': `${second['0002-second.sql']}SELECT pg_sleep(600);\n` };
      const migrating = apply({ schema: 'ended', files: await migrationsOf(t, texts) });
      const refused = assert.rejects(migrating, { code: 'STORE_UNREACHABLE' });
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`;
      while ((await pool.query(end)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await refused;
      assert.equal((await apply({ schema: 'ended', files: await migrationsOf(t, second) })).length, 1);
      await apply({ schema: 'unharmed', files: await migrationsOf(t, second) });
      assert.deepEqual(await contents('ended'), await contents('unharmed'));
    });

    test('tell in a dry run what is missing, and make nothing', async (t) => {
      const files = await migrationsOf(t, second);
      const numbersOf = async () => (await apply({ schema: 'tried', files, dryRun: true })).map(({ number }) => number);
      assert.deepEqual(await numbersOf(), [1, 2]);
      assert.deepEqual(await contents('tried'), []);
      await apply({ schema: 'tried', files: await migrationsOf(t, first) });
      const before = await contents('tried');
      assert.deepEqual(await numbersOf(), [2]);
      assert.deepEqual(await contents('tried'), before);
    });

    test('hold under whatever isolation the sessions of a role begin with', async () => {
      const { pool } = inUse();
      await pool.query(`CREATE ROLE strict_one SUPERUSER LOGIN`);
      await pool.query(`ALTER ROLE strict_one SET default_transaction_isolation TO 'serializable'`);
      await pool.query(`ALTER ROLE strict_one SET default_transaction_read_only TO on`);
      const address = inUse().server.address().replace('postgres@', 'strict_one@');
      await run(process.execPath, [program, address, 'strict']);
      assert.deepEqual((await migrationState(pool, 'strict')).pending, []);
    });

    refusals({ apply, contents, inUse });
  });
}

interface Surroundings {
  readonly apply: (options: MigrateOptions) => Promise<readonly unknown[]>;
  readonly contents: (schema: string) => Promise<readonly string[]>;
  readonly inUse: ReturnType<typeof serverOfSuite>;
}

/** What is refused is refused before anything is changed. */
function refusals({ apply, contents, inUse }: Surroundings): void {
  const refused = async (
    t: TestContext,
    schema: string,
    refusal: { code: string; texts: Readonly<Record<string, string>> },
  ) => {
    const files = await migrationsOf(t, refusal.texts);
    const before = await contents(schema);
    const { pool } = inUse();
    await assert.rejects(apply({ schema, files }), { code: refusal.code });
    await assert.rejects(apply({ schema, files, dryRun: true }), { code: refusal.code });
    for (const mayChange of [true, false])
      await assert.rejects(bringUpToDate(pool, { schema, files, mayChange }), { code: refusal.code });
    assert.deepEqual(await contents(schema), before);
  };

  test('are refused when a recorded one has changed', async (t) => {
    await apply({ schema: 'altered', files: await migrationsOf(t, second) });
    const texts = { ...third, '0001-first.sql': 'CREATE TABLE @schema@.note (text text NOT NULL);\n' };
    await refused(t, 'altered', { code: 'MIGRATION_CHANGED', texts });
  });

  test('are refused when one before the last was never recorded', async (t) => {
    await apply({ schema: 'torn', files: await migrationsOf(t, third) });
    await inUse().pool.query('DELETE FROM torn.migration WHERE number = 2');
    await refused(t, 'torn', { code: 'MIGRATION_CHANGED', texts: third });
  });

  test('are refused by code that knows fewer', async (t) => {
    await apply({ schema: 'newer', files: await migrationsOf(t, third) });
    await refused(t, 'newer', { code: 'FORMAT_TOO_NEW', texts: second });
    await assert.rejects(
      bringUpToDate(inUse().pool, { schema: 'newer', mayChange: true, files: await migrationsOf(t, first) }),
      {
        code: 'FORMAT_TOO_NEW',
        message: /"newer" is at migration 3 \(third\).* knows 1\./,
      },
    );
  });

  test('are accepted by code that knows fewer, when those that it does not know are compatible', async (t) => {
    const compatible = { ...second, '0002-second.sql': `-- compatible: yes\n${second['0002-second.sql']}` };
    const [older, newer] = [await migrationsOf(t, first), await migrationsOf(t, compatible)];
    const { pool } = inUse();
    await bringUpToDate(pool, { schema: 'rolling', files: older, mayChange: true });
    await bringUpToDate(pool, { schema: 'rolling', files: newer, mayChange: true });
    const before = await contents('rolling');
    for (const mayChange of [true, false]) await bringUpToDate(pool, { schema: 'rolling', files: older, mayChange });
    assert.deepEqual(await apply({ schema: 'rolling', files: older }), []);
    assert.equal((await migrationState(pool, 'rolling', older)).isTooNew, false);
    assert.deepEqual(await contents('rolling'), before);
    const incompatible = { ...compatible, '0003-third.sql': third['0003-third.sql'] };
    await apply({ schema: 'rolling', files: await migrationsOf(t, incompatible) });
    await refused(t, 'rolling', { code: 'FORMAT_TOO_NEW', texts: first });
    await refused(t, 'rolling', { code: 'FORMAT_TOO_NEW', texts: compatible });
  });

  test('are asked for by their command where they may not be applied', async (t) => {
    const { pool } = inUse();
    const files = await migrationsOf(t, first);
    const missing = { schema: 'absent', files, mayChange: false };
    await assert.rejects(bringUpToDate(pool, missing), { code: 'STORE_NOT_FOUND', message: /hindsight migrate/ });
    assert.deepEqual(await contents('absent'), []);
    await apply(missing);
    await bringUpToDate(pool, missing);
    await assert.rejects(bringUpToDate(pool, { ...missing, files: await migrationsOf(t, third) }), {
      code: 'MIGRATION_MISSING',
      message: /lacks migration 2 \(second\), migration 3 \(third\).*hindsight migrate/,
    });
  });

  test('are not applied over what is something else’s', async (t) => {
    const { pool } = inUse();
    await pool.query('CREATE SCHEMA taken CREATE TABLE migration (number int, moved_at timestamptz)');
    await refused(t, 'taken', { code: 'FOREIGN_FILE', texts: first });
    await pool.query('CREATE SCHEMA inhabited CREATE TABLE note (number int)');
    const before = await contents('inhabited');
    await assert.rejects(apply({ schema: 'inhabited', files: await migrationsOf(t, first) }), {
      code: 'STORE_EXISTS',
      message: /relation "note" already exists/,
    });
    assert.deepEqual(await contents('inhabited'), before);
  });
}

test('servers are there to try migrations on', { skip: unlessPresent(serverRequirement()) }, () => {
  assert.ok(serversAvailable().length > 0);
});
