/**
 * Bringing a schema to what this code needs. Each migration is a transaction under a lock that is the schema's own, and what
 * is missing is looked up behind that lock: whoever comes second finds the work done. So any number of processes may start at once.
 */

import { HindsightError } from '../../core/errors.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { migrationFiles } from './migration-files.ts';
import type { Migration, MigrationFile } from './migration-files.ts';
import { beginSql, lockSql, scriptSql, stepSql, tableSql } from './migration-sql.ts';
import { assertComplete, assertUsable, readMigrationState } from './migration-state.ts';
import type { MigrationState } from './migration-state.ts';
import { withClient } from './pool.ts';
import { codeOf, storeError } from './postgres-errors.ts';
import { quotedName } from './sql-names.ts';

/** How long a migration waits for another process that migrates the same schema. */
const migrationWaitMs = 600_000;

/** How long it waits for tables that others use. Short, since whoever comes after waits behind it. */
const tableWaitMsDefault = 10_000;

/** The server's code for what a role may not do. */
const noPrivilege = '42501';

/** What a schema is migrated with. */
export interface MigrateOptions {
  readonly schema: string;
  /** Change nothing, and tell what would be applied. */
  readonly dryRun?: boolean;
  /** Default: those of this package. */
  readonly files?: readonly MigrationFile[];
  readonly tableWaitMs?: number;
}

/** Applies what is pending, and returns it. Throws before anything is changed where this code must leave the schema alone. */
export async function migrate(client: PostgresClient, options: MigrateOptions): Promise<readonly Migration[]> {
  const { schema, dryRun = false, files = migrationFiles(), tableWaitMs = tableWaitMsDefault } = options;
  const state = await migrationState(client, schema, files);
  assertUsable(state, files.length);
  if (dryRun || state.pending.length === 0) return state.pending;
  const applied: Migration[] = [];
  for (;;) {
    const next = await applyNext(client, { schema, files, tableWaitMs });
    if (next === undefined) return applied;
    applied.push(next);
  }
}

/** What the schema has, and what this code brings beyond that. */
export async function migrationState(
  database: PostgresClient | PostgresPool,
  schema: string,
  files: readonly Migration[] = migrationFiles(),
): Promise<MigrationState> {
  try {
    return await readMigrationState(database, { schema, files });
  } catch (error) {
    throw storeError(error);
  }
}

/** The SQL of the migrations behind a number for a tool like psql. Run there, it leaves what {@link migrate} leaves. */
export function migrationSql(
  schema: string,
  { after = 0, files = migrationFiles() }: { readonly after?: number; readonly files?: readonly MigrationFile[] } = {},
): string {
  return scriptSql(
    schema,
    files.filter(({ number }) => number > after),
  );
}

/**
 * Sees to it, when a store is opened, that this code can work with the schema. With `mayChange` what is missing is applied; nothing is
 * locked or written where nothing is missing. Throws `STORE_NOT_FOUND` or `MIGRATION_MISSING` where something stays missing.
 */
export async function bringUpToDate(
  pool: PostgresPool,
  { mayChange, ...options }: MigrateOptions & { readonly mayChange: boolean },
): Promise<void> {
  const { schema, files = migrationFiles() } = options;
  const state = await migrationState(pool, schema, files);
  assertUsable(state, files.length);
  if (!mayChange) assertComplete(state);
  if (state.pending.length === 0) return;
  try {
    await withClient(pool, (client) => migrate(client, options));
  } catch (error) {
    if (error instanceof HindsightError && codeOf(error.cause) === noPrivilege) assertComplete(state, error);
    throw error;
  }
}

/** Applies the first that is missing; undefined when none is. */
async function applyNext(
  client: PostgresClient,
  { schema, files, tableWaitMs }: Required<Omit<MigrateOptions, 'dryRun'>>,
): Promise<Migration | undefined> {
  const run = (text: string) => client.query({ text, rowMode: 'array' });
  try {
    await run(beginSql);
    await run(`SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${migrationWaitMs}`);
    await run(lockSql(schema));
    const state = await readMigrationState(client, { schema, files });
    assertUsable(state, files.length);
    const next = state.pending[0];
    const file = files.find(({ number }) => number === next?.number);
    if (file !== undefined) {
      await run(`SET LOCAL lock_timeout = ${tableWaitMs}`);
      if (state.applied.length === 0) await run(tableSql(schema));
      await run(stepSql(schema, file));
    }
    await run('COMMIT');
    return next;
  } catch (error) {
    // Where the connection is lost, so is the transaction.
    await run('ROLLBACK').catch(() => undefined);
    throw migrationError(error, schema);
  }
}

function migrationError(error: unknown, schema: string): Error {
  const reason = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case noPrivilege:
      return new HindsightError(
        'STORE_READ_ONLY',
        `This role may not change the schema ${quotedName(schema)} (${reason}). Run hindsight migrate as a role that owns it, or may make it.`,
        { cause: error },
      );
    // A table, a function or another thing of this name.
    case '42P07':
    case '42723':
    case '42710':
      return new HindsightError(
        'STORE_EXISTS',
        `The schema ${quotedName(schema)} holds something already that a migration is to make (${reason}). Choose another schema.`,
        { cause: error },
      );
    default:
      return storeError(error);
  }
}
