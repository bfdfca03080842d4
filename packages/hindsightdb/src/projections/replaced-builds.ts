/**
 * Removing builds that nobody is shown any more, in small steps, so that appends need not wait for a large one.
 */

import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { prefixesOf, recordKey } from '../consumers/consumer-keys.ts';
import type { Engine } from '../store/engine-types.ts';
import { progressKey } from './inline-progress.ts';
import type { Projection } from './projection.ts';
import { quoted } from './sql-text.ts';
import { changePointer, readPointer, type OldBuild } from './view-pointer.ts';
import { buildName, buildPrefix, buildTable, plain, requiredSql, type BuildId } from './view-tables.ts';

/** Entries and rows that are removed in one transaction. */
const stepSize = 500;

/** How builds are removed. */
export interface RemoveBuildsOptions {
  /** The store that keeps the views. Default: the one given. */
  readonly viewsIn?: AnyStore;
  /** An abort leaves the rest for the next time. */
  readonly signal?: AbortSignal;
}

/**
 * Removes the builds of a projection's view, of all its versions, that were replaced by others and are shown to nobody. Answers
 * how many. The newest build of each version stays: old code may read it.
 */
export async function removeReplacedBuilds(
  store: AnyStore,
  projection: Pick<Projection, 'name'>,
  options: RemoveBuildsOptions = {},
): Promise<number> {
  contextOf(store);
  assertObject('options', options);
  const { viewsIn: home = store, signal } = options;
  assertOptionalSignal(signal);
  return await removeOldBuilds(contextOf(home).engine, projection.name, { signal });
}

/** How a removal goes. */
export interface Removal {
  /** Only builds of this version. Default: of all. */
  readonly version?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Removes the builds of a projection that are not shown any more; answers how many. An abort leaves the rest for the next time. */
export async function removeOldBuilds(home: Engine, name: string, removal: Removal = {}): Promise<number> {
  const { version, signal } = removal;
  const { old } = await readPointer(home, name);
  const wanted = old.filter((each) => version === undefined || each.version === version);
  for (const build of wanted) {
    await removeBuild(home, name, build, signal);
    await changePointer(home, name, (pointer) => ({
      pointer: { ...pointer, old: pointer.old.filter((each) => !isSame(each, build)) },
    }));
  }
  return wanted.length;
}

function isSame(left: OldBuild, right: OldBuild): boolean {
  return left.version === right.version && left.build === right.build;
}

async function removeBuild(home: Engine, name: string, old: OldBuild, signal: AbortSignal | undefined): Promise<void> {
  const id: BuildId = { name, version: old.version, build: old.build };
  // First what a consumer that still runs would write by: it is fenced from then on.
  await home.keyedWrite([
    { key: recordKey(buildName(id)), value: null },
    { key: progressKey(id), value: null },
  ]);
  for (const prefix of prefixesOf(buildName(id))) await removeEntries(home, prefix, signal);
  await emptyBuild(home, id, old.tables, signal);
  if (old.tables.length === 0) return;
  await requiredSql(home).write({
    keyedWrites: [],
    statements: old.tables.map((table) => plain(`DROP TABLE IF EXISTS ${quoted(buildTable(table, id))}`)),
  });
}

/** Removes what a build holds; its tables stay, empty. */
export async function emptyBuild(
  home: Engine,
  id: BuildId,
  tables: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await removeEntries(home, buildPrefix(id), signal);
  for (const table of tables) await emptyTable(home, quoted(buildTable(table, id)), signal);
}

async function removeEntries(home: Engine, prefix: string, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const entries = await home.keyedScan({ prefix, limit: stepSize });
    if (entries.length === 0) return;
    await home.keyedWrite(entries.map(({ key }) => ({ key, value: null })));
  }
}

async function emptyTable(home: Engine, table: string, signal: AbortSignal | undefined): Promise<void> {
  const part = requiredSql(home);
  const known = await part.query({
    sql: 'SELECT sql FROM sqlite_schema WHERE name = ?',
    parameters: [unquoted(table)],
  });
  const [definition] = known;
  if (definition === undefined) return;
  // A table without row ids has nothing to count steps by; such tables are emptied at once.
  const isStepwise = !/\)\s*(?:STRICT\s*,\s*)?WITHOUT\s+ROWID/i.test(String(definition['sql']));
  const step = isStepwise ? ` WHERE rowid IN (SELECT rowid FROM ${table} LIMIT ${stepSize})` : '';
  // A column of that name hides the row ids, and where it is null, no step would come upon the row.
  if (isStepwise)
    await part.write({ keyedWrites: [], statements: [plain(`DELETE FROM ${table} WHERE rowid IS NULL`)] });
  for (;;) {
    signal?.throwIfAborted();
    const rows = await part.query(plain(`SELECT 1 FROM ${table} LIMIT 1`));
    if (rows.length === 0) return;
    await part.write({ keyedWrites: [], statements: [plain(`DELETE FROM ${table}${step}`)] });
  }
}

function unquoted(name: string): string {
  return name.slice(1, -1);
}
