/** The engine on PostgreSQL, for whoever hands it a pool, names a schema or looks after its tables. */

export { postgres, type PostgresPlace } from './address.ts';
export {
  migratePostgres,
  postgresGrantsSql,
  postgresMigrationSql,
  postgresMigrationState,
  type MigratePostgresOptions,
  type PostgresGrants,
} from './administration.ts';
export type { Migration as PostgresMigration } from './migration-files.ts';
export type {
  AppliedMigration as AppliedPostgresMigration,
  MigrationState as PostgresMigrationState,
} from './migration-state.ts';
export type { PostgresClient, PostgresNotification, PostgresPool, PostgresQuery, PostgresResult } from './client.ts';
