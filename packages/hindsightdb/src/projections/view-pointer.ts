/**
 * The pointer of a projection: one entry of the keyed store that says which builds of its view there are, and which of them
 * readers see. Everything that changes a view as a whole is a change of this entry. See docs/decisions/0017.
 *
 *     projection/<name>                    the pointer
 *     view/<name>@<version>.<build>/…      the documents of a build
 */

import { conflictError, HindsightError, type Conflict } from '../core/errors.ts';
import type { Engine, KeyedEntry, KeyedWrite, SqlStatement } from '../store/engine-types.ts';
import type { Projection, View } from './projection.ts';
import { requiredSql } from './view-tables.ts';

/** Who keeps a view: a consumer, or the appends themselves. */
export type ViewMode = 'asynchronous' | 'inline';

/** The builds of one version. */
export interface VersionPointer {
  /** The build that readers see; null: none is complete yet. */
  readonly shown: number | null;
  /** The build that is being made; null: none. */
  readonly building: number | null;
  /** How often a build of this version was shown: so that one which was hidden meanwhile is noticed. */
  readonly showings: number;
  /** The greatest number that a build of this version ever had. */
  readonly last: number;
  readonly mode: ViewMode;
  /** What the view is, so that another definition under the same version is noticed. */
  readonly definition: string;
  /** The names of its SQL tables. */
  readonly tables: readonly string[];
}

/** A build that nobody is shown any more. */
export interface OldBuild {
  readonly version: number;
  readonly build: number;
  readonly tables: readonly string[];
}

/** What stands in the entry. */
export interface ViewPointer {
  readonly versions: Readonly<Record<string, VersionPointer>>;
  /** The version that the public names show; null: none yet. */
  readonly public: number | null;
  readonly old: readonly OldBuild[];
}

/** A change of the pointer, and what is written in the same transaction. */
export interface PointerChange {
  readonly pointer: ViewPointer;
  readonly keyedWrites?: readonly KeyedWrite[];
  readonly statements?: readonly SqlStatement[];
}

const nothing: ViewPointer = { versions: {}, public: null, old: [] };

/** What the keys of all pointers begin with. */
export const pointerPrefix = 'projection/';

/** The key of a projection's pointer. */
export function pointerKey(name: string): string {
  return pointerPrefix + name;
}

/** Reads the pointer of a projection; an empty one where there is none. */
export async function readPointer(engine: Engine, name: string): Promise<ViewPointer> {
  return (await readEntry(engine, name)).pointer;
}

async function readEntry(
  engine: Engine,
  name: string,
): Promise<{ readonly pointer: ViewPointer; readonly revision: number }> {
  const entry = await engine.keyedGet(pointerKey(name));
  if (entry === undefined) return { pointer: nothing, revision: 0 };
  return { pointer: decodePointer(entry), revision: entry.revision };
}

/** Reads what a pointer's entry says. */
export function decodePointer(entry: KeyedEntry): ViewPointer {
  const value: unknown = JSON.parse(entry.value);
  if (typeof value !== 'object' || value === null || !('versions' in value))
    throw new HindsightError('STORE_CORRUPT', `The entry ${entry.key} is not the pointer of a projection.`);
  // Written by this file alone, whole.
  return value as ViewPointer;
}

/** How the change of a pointer ended. */
export type PointerOutcome =
  | { readonly kind: 'changed' | 'unchanged'; readonly pointer: ViewPointer }
  /** Something else that the change rests on is not as it was expected. */
  | { readonly kind: 'refused'; readonly conflicts: readonly Conflict[] };

/** Changes a pointer, again when somebody else was faster. `change` may answer undefined to leave it as it is. */
export async function tryChangePointer(
  engine: Engine,
  name: string,
  change: (pointer: ViewPointer) => PointerChange | undefined,
): Promise<PointerOutcome> {
  for (;;) {
    const { pointer, revision } = await readEntry(engine, name);
    const changed = change(pointer);
    if (changed === undefined) return { kind: 'unchanged', pointer };
    const { keyedWrites = [], statements = [] } = changed;
    const own = { key: pointerKey(name), value: JSON.stringify(changed.pointer), expectedRevision: revision };
    const conflicts = await writeTogether(engine, [own, ...keyedWrites], statements);
    if (conflicts.length === 0) return { kind: 'changed', pointer: changed.pointer };
    const isOutrun = conflicts.some((conflict) => conflict.kind === 'keyedStore' && conflict.key === own.key);
    if (!isOutrun) return { kind: 'refused', conflicts };
  }
}

/** The same where nothing but the pointer itself can stand against it. */
export async function changePointer(
  engine: Engine,
  name: string,
  change: (pointer: ViewPointer) => PointerChange | undefined,
): Promise<ViewPointer> {
  const outcome = await tryChangePointer(engine, name, change);
  if (outcome.kind === 'refused') throw conflictError(outcome.conflicts);
  return outcome.pointer;
}

/** Keyed writes and statements in one transaction. */
export async function writeTogether(
  engine: Engine,
  keyedWrites: readonly KeyedWrite[],
  statements: readonly SqlStatement[],
): Promise<readonly Conflict[]> {
  return statements.length === 0
    ? await engine.keyedWrite(keyedWrites)
    : await requiredSql(engine).write({ keyedWrites, statements });
}

/** What a projection's version is, as the pointer remembers it. */
export function definitionOf({ view }: Projection): string {
  return view.kind === 'documents'
    ? JSON.stringify({ documents: view.indexes })
    : JSON.stringify({ tables: view.definitions });
}

/** The names of the tables of a view. */
export function tableNames(view: View): readonly string[] {
  return view.kind === 'documents' ? [] : view.definitions.map(({ name }) => name);
}

/** Throws `VIEW_CHANGED` where the version was built as something else than the projection says. */
export function assertSameDefinition(projection: Projection, mode: ViewMode, known: VersionPointer): void {
  const { name, version } = projection;
  // A version of which nothing is kept may be built as whatever it is now.
  if (known.shown === null && known.building === null) return;
  if (known.mode !== mode)
    throw new HindsightError(
      'VIEW_CHANGED',
      `Version ${version} of ${name} is kept ${known.mode === 'inline' ? 'inline' : 'asynchronously'}. To keep it ${mode === 'inline' ? 'inline' : 'asynchronously'}, give the projection a new version.`,
      { details: { name, version } },
    );
  if (known.definition === definitionOf(projection)) return;
  throw new HindsightError(
    'VIEW_CHANGED',
    `Version ${version} of ${name} was built with other tables or indexes. Give the projection a new version, which is built beside the old one.`,
    { details: { name, version } },
  );
}
