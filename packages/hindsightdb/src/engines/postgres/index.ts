/** The engine on PostgreSQL, for whoever hands it a pool, names a schema or looks after its tables. */

export {
  migratePostgres,
  postgresGrantsSql,
  postgresMigrationSql,
  postgresMigrationState,
  type MigratePostgresOptions,
  type PostgresGrants,
  type PostgresPlace,
} from './administration.ts';
export type { Migration as PostgresMigration } from './migration-files.ts';
export type {
  AppliedMigration as AppliedPostgresMigration,
  MigrationState as PostgresMigrationState,
} from './migration-state.ts';
export type { PostgresDatabase } from './pool.ts';
export type {
  PostgresClient,
  PostgresNotification,
  PostgresPool,
  PostgresQuery,
  PostgresResult,
} from './client.ts';
