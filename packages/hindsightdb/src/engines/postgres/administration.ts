/** What administrators call: bringing a schema to what this code needs, and what roles may do in it. */

import { argumentError } from '../../core/errors.ts';
import { describe } from '../../core/text.ts';
import { locate, type PostgresPlace } from './address.ts';
import { grantsSql } from './grants.ts';
import type { Migration } from './migration-files.ts';
import type { MigrationState } from './migration-state.ts';
import { migrate, migrationSql, migrationState } from './migrations.ts';
import { schemaDefault } from './options.ts';
import { withClient, withPool } from './pool.ts';
import { assertSchemaName } from './schema-name.ts';

/** What is migrated, and how. */
export interface MigratePostgresOptions extends PostgresPlace {
  /** Change nothing, and return what would be applied. Default false. */
  readonly dryRun?: boolean;
}

/** A role, and what it is to be able to do in the schema of a log. */
export interface PostgresGrants {
  /** A role that exists. */
  readonly role: string;
  /** The schema of the log. Default `hindsight`. */
  readonly schema?: string;
  /** `application` appends and reads, `reader` only reads. Default `application`. */
  readonly access?: 'application' | 'reader';
}

/**
 * Applies the migrations that a schema lacks, all of them where there is no log, and returns them in their order. Each is a
 * transaction of its own, under a lock of the schema: any number of processes may call this at once, and each migration is applied by
 * one of them. Calling it again changes nothing and returns an empty list.
 *
 * The role owns what is made; it needs the right to make the schema, or to make things in one that is there. `openStore` calls
 * this by itself unless `create` is false, so that it is needed only where the application's role may not.
 *
 * Throws before anything is changed: `FORMAT_TOO_NEW` where newer code has migrated the schema, `MIGRATION_CHANGED` where a
 * recorded migration is not the one that this code brings, `FOREIGN_FILE` and `STORE_EXISTS` where the schema holds something else,
 * `STORE_READ_ONLY` where the role or the server allows no change, `STORE_BUSY` where others hold the schema or a table
 * for too long, `ENGINE_UNAVAILABLE` where an address is given and the package pg is missing. After `STORE_BUSY` and after a lost
 * connection migrations that were committed before stay applied, and another call goes on behind them.
 */
export async function migratePostgres(options: MigratePostgresOptions): Promise<readonly Migration[]> {
  const { database, schema } = locate(options);
  const { dryRun } = options;
  if (dryRun !== undefined && typeof dryRun !== 'boolean')
    throw argumentError('INVALID_ARGUMENT', `dryRun must be true or false, not ${describe(dryRun)}.`);
  return await withPool(database, (pool) =>
    withClient(pool, (client) => migrate(client, { schema, dryRun: dryRun === true })),
  );
}

/**
 * Tells which migrations a schema has, and which this code brings beyond them. Changes nothing. A schema without a log has none; that
 * is no failure. Throws where the database cannot be asked, and `FOREIGN_FILE` where the schema is something else's.
 */
export async function postgresMigrationState(place: PostgresPlace): Promise<MigrationState> {
  const { database, schema } = locate(place);
  return await withPool(database, (pool) => migrationState(pool, schema));
}

/**
 * The migrations as SQL, for an administrator who runs them by hand: `psql --set ON_ERROR_STOP=1 --file log.sql`. They leave
 * exactly what `migratePostgres` leaves, their records included, so that both ways can be mixed. Nothing is asked of a database.
 */
export function postgresMigrationSql(
  options: {
    /** The schema of the log. Default `hindsight`. */
    readonly schema?: string;
    /** Leave out the migrations up to this number, which are applied already. Default 0. */
    readonly after?: number;
  } = {},
): string {
  const { schema = schemaDefault, after = 0 } = options;
  assertSchemaName(schema);
  if (!Number.isSafeInteger(after) || after < 0)
    throw argumentError(
      'INVALID_ARGUMENT',
      `after must be the number of a migration, or 0 for all, not ${describe(after)}.`,
    );
  return migrationSql(schema, { after });
}

/**
 * SQL that gives a role what it needs, and takes away whatever else it had in the schema. An application's role may append and read; it can
 * neither change nor delete what was recorded, nor write past the functions of the log. A reader's may only read.
 * To be run by the role that owns the schema, and again after each migration.
 */
export function postgresGrantsSql({ role, schema = schemaDefault, access = 'application' }: PostgresGrants): string {
  assertSchemaName(schema);
  if (access !== 'application' && access !== 'reader')
    throw argumentError('INVALID_ARGUMENT', `access must be 'application' or 'reader', not ${describe(access)}.`);
  return grantsSql(schema, { role, access });
}
