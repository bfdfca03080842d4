/**
 * The tables of builds, and the SQL views through which they are read.
 *
 *     open_orders__2_1    the table of build 1 of version 2
 *     open_orders__2      a SQL view: the build of version 2 that is shown
 *     open_orders         a SQL view: the newest version that is complete
 */

import { HindsightError } from '../core/errors.ts';
import type { Engine, SqlPart, SqlStatement } from '../store/engine-types.ts';
import { quoted, type SqlTable } from './sql-text.ts';
import { createTable } from './sql-tables.ts';
import type { View } from './projection.ts';

/** Which build is meant. */
export interface BuildId {
  readonly name: string;
  readonly version: number;
  readonly build: number;
}

/** The name of a build's consumer. */
export function buildName({ name, version, build }: BuildId): string {
  return `${name}@${version}.${build}`;
}

/** The prefix of a build's documents. */
export function buildPrefix(id: BuildId): string {
  return `view/${buildName(id)}/`;
}

/** The name of a table in a build. */
export function buildTable(table: string, { version, build }: Pick<BuildId, 'version' | 'build'>): string {
  return `${table}__${version}_${build}`;
}

/** The name under which a version of a table is read. */
export function versionTable({ name }: SqlTable, version: number): string {
  return `${name}__${version}`;
}

/** The SQL of an engine. Throws `UNSUPPORTED` where it has none. */
export function requiredSql(engine: Engine): SqlPart {
  if (engine.sql !== undefined) return engine.sql;
  throw new HindsightError(
    'UNSUPPORTED',
    `The ${engine.capabilities.engine} engine has no SQL, so it can keep views of documents only. Use documents(), or keep the view in another store (viewsIn).`,
  );
}

/** Throws `UNSUPPORTED` where the engine cannot keep such a view. */
export function assertKeeps(engine: Engine, view: View): void {
  if (view.kind === 'sql') requiredSql(engine);
}

/** Makes the tables of a build. */
export function createTables(view: View, id: BuildId): readonly SqlStatement[] {
  if (view.kind === 'documents') return [];
  return view.definitions.flatMap((table) => createTable(table, buildTable(table.name, id)).map(plain));
}

/** Lets readers of a version see a build. */
export function showVersion(
  tables: readonly string[],
  { version, build }: Pick<BuildId, 'version' | 'build'>,
): readonly SqlStatement[] {
  return tables.flatMap((table) => showAs(`${table}__${version}`, buildTable(table, { version, build })));
}

/** Lets the public names show a build. Names that it has no table for are taken away. */
export function showPublicly(
  tables: readonly string[],
  id: Pick<BuildId, 'version' | 'build'>,
  before: readonly string[],
): readonly SqlStatement[] {
  return [
    ...before.filter((table) => !tables.includes(table)).map(hide),
    ...tables.flatMap((table) => showAs(table, buildTable(table, id))),
  ];
}

/** Takes a name away. */
export function hide(name: string): SqlStatement {
  return plain(`DROP VIEW IF EXISTS ${quoted(name)}`);
}

function showAs(name: string, table: string): readonly SqlStatement[] {
  return [hide(name), plain(`CREATE VIEW ${quoted(name)} AS SELECT * FROM ${quoted(table)}`)];
}

/** A statement without parameters. */
export function plain(sql: string): SqlStatement {
  return { sql, parameters: [] };
}
