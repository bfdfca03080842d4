/** The SQL for administrators does what the library does, and can be mixed with it. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { unlessPresent } from '../../../../../test/requirement.ts';
import { migrate, migrationSql, migrationState } from '../../../src/engines/postgres/migrations.ts';
import type { MigrateOptions } from '../../../src/engines/postgres/migrations.ts';
import { withClient } from '../../../src/engines/postgres/pool.ts';
import { serversAvailable } from '../../postgres/server-programs.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { contentsOf, migrationsOf, serverOfSuite } from './own-schema.ts';

const texts = {
  '0001-first.sql': 'CREATE TABLE @schema@.note (text text, place text DEFAULT @schema_text@);',
  '0002-second.sql':
    '-- compatible: yes\nCREATE FUNCTION @schema@.twice(text) RETURNS text LANGUAGE sql RETURN $1 || $1;\n',
};

const psql = findPsql();

for (const programs of serversAvailable()) {
  suite(`the SQL of migrations on PostgreSQL ${programs.version}`, () => {
    const inUse = serverOfSuite(programs);
    const apply = (options: MigrateOptions) => withClient(inUse().pool, (client) => migrate(client, options));
    const contents = (schema: string) => contentsOf(inUse().pool, schema);
    const run = (sql: string) => withClient(inUse().pool, (client) => client.query({ text: sql, rowMode: 'array' }));

    test('leaves what the library leaves', async () => {
      await apply({ schema: 'by_library' });
      await run(migrationSql('by_script'));
      assert.deepEqual(await contents('by_script'), await contents('by_library'));
      assert.deepEqual(await apply({ schema: 'by_script' }), []);
    });

    test('leaves the same when psql runs it', { skip: unlessPresent(psqlRequirement()) }, async (t) => {
      const file = join(await temporaryFolder(t), 'log.sql');
      await writeFile(file, migrationSql('by_psql'));
      const args = ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--file', file, inUse().server.address()];
      const { stdout, stderr } = await promisify(execFile)(psql ?? 'psql', args);
      assert.deepEqual([stdout, stderr], ['', '']);
      await apply({ schema: 'by_library_again' });
      assert.deepEqual(await contents('by_psql'), await contents('by_library_again'));
      await assert.rejects(promisify(execFile)(psql ?? 'psql', args), /Migration 1 is for a schema at 0/);
    });

    test('goes on behind what the library applied, and the library behind it', async (t) => {
      const [one] = await migrationsOf(t, { '0001-first.sql': texts['0001-first.sql'] });
      const files = await migrationsOf(t, texts);
      assert.ok(one !== undefined);
      await apply({ schema: 'mixed_one', files: [one] });
      await run(migrationSql('mixed_one', { files, after: 1 }));
      await run(migrationSql('mixed_two', { files: [one] }));
      await apply({ schema: 'mixed_two', files });
      for (const schema of ['mixed_one', 'mixed_two']) {
        assert.deepEqual((await migrationState(inUse().pool, schema, files)).pending, []);
        const { rows } = await inUse().pool.query(`SELECT "${schema}".twice(is_nullable) AS told, column_default
          FROM information_schema.columns WHERE table_schema = '${schema}' AND column_name = 'place'`);
        assert.deepEqual(rows, [{ told: 'YESYES', column_default: `'${schema}'::text` }]);
      }
      assert.deepEqual(await contents('mixed_one'), await contents('mixed_two'));
    });

    test('changes nothing when it is run again, or too early', async (t) => {
      const files = await migrationsOf(t, texts);
      await run(migrationSql('rerun', { files }));
      const before = await contents('rerun');
      await assert.rejects(
        run(migrationSql('rerun', { files })),
        /Migration 1 is for a schema at 0, and this one is at 2/,
      );
      assert.deepEqual(await contents('rerun'), before);
      await assert.rejects(
        run(migrationSql('early', { files, after: 1 })),
        /Migration 2 is for a schema at 1, and this one is at 0/,
      );
      assert.deepEqual(await contents('early'), []);
    });
  });
}

function psqlRequirement() {
  return {
    what: 'psql',
    isPresent: psql !== undefined,
    remedy: 'Debian has it in postgresql-client, or beside its servers.',
  };
}

function findPsql(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [];
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...versions];
  return folders.map((folder) => join(folder, 'psql')).find((path) => existsSync(path));
}
