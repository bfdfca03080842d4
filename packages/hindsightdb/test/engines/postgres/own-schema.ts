/** Servers, schemas and migrations for tests of them. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Pool } from 'pg';
import { readMigrationFiles, type MigrationFile } from '../../../src/engines/postgres/migration-files.ts';
import type { ServerPrograms } from '../../postgres/server-programs.ts';
import { startServer, type PostgresServer } from '../../postgres/server.ts';

/** A server that runs as long as the suite around, and a pool for it with every right. */
export interface ServerInUse {
  readonly server: PostgresServer;
  readonly pool: Pool;
}

/** Starts a server before the tests of the suite and ends it behind them. What it returns is to be called within tests. */
export function serverOfSuite(programs: ServerPrograms): () => ServerInUse {
  let inUse: ServerInUse | undefined;
  before(async () => {
    const server = await startServer({ programs, durability: 'process' });
    inUse = { server, pool: new Pool({ connectionString: server.address(), max: 20 }) };
  });
  after(async () => {
    await inUse?.pool.end();
    await inUse?.server.stop();
  });
  return () => {
    if (inUse === undefined) throw new Error('The server runs only while tests of the suite do.');
    return inUse;
  };
}

/** Migrations as the texts of their files, by name. */
export async function migrationsOf(
  context: TestContext,
  texts: Readonly<Record<string, string>>,
): Promise<readonly MigrationFile[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hindsight-migrations-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  return readMigrationFiles(pathToFileURL(`${folder}/`));
}

/**
 * What stands in a schema, as the server describes it: columns, constraints, indexes, functions, triggers, sequences, rights and the
 * recorded migrations. The schema's own name is left out, and so are times, numbers of objects, and who owns them.
 */
export async function contentsOf(pool: Pool, schema: string): Promise<readonly string[]> {
  const { rows } = await pool.query<[string]>({
    text: `
      WITH place AS (SELECT oid FROM pg_namespace WHERE nspname = $1)
      SELECT 'schema ' || coalesce(nspacl::text, '-') FROM pg_namespace WHERE oid = (TABLE place)
      UNION ALL SELECT concat_ws(' ', 'relation', relname, relkind, relacl, reloptions) FROM pg_class WHERE relnamespace = (TABLE place)
      UNION ALL SELECT concat_ws(' ', 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
          CASE WHEN a.attnotnull THEN 'not null' END, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = (TABLE place) AND a.attnum > 0
      UNION ALL SELECT concat_ws(' ', 'constraint', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = (TABLE place)
      UNION ALL SELECT pg_get_indexdef(oid) FROM pg_class WHERE relnamespace = (TABLE place) AND relkind = 'i'
      UNION ALL SELECT concat_ws(' ', pg_get_functiondef(oid), proacl) FROM pg_proc WHERE pronamespace = (TABLE place)
      UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = (TABLE place) AND NOT t.tgisinternal`,
    values: [schema],
    rowMode: 'array',
  });
  const described = rows.map(([text]) => text);
  if (described.some((text) => text.startsWith('relation migration '))) {
    const recorded = await pool.query<[string]>({
      text: `SELECT concat('applied ', to_jsonb(m) - 'applied_at') FROM "${schema}".migration m`,
      rowMode: 'array',
    });
    described.push(...recorded.rows.map(([text]) => text));
  }
  return described.map((text) => text.replaceAll(schema, 'SCHEMA')).toSorted();
}
