/**
 * The life of a build: it is made beside the one that is shown, shown when it has come as far, and removed when it is not
 * shown any more. See docs/decisions/0017.
 */

import { HindsightError } from '../core/errors.ts';
import type { Engine, KeyedWrite } from '../store/engine-types.ts';
import type { Projection } from './projection.ts';
import {
  assertSameDefinition,
  changePointer,
  definitionOf,
  readPointer,
  tableNames,
  tryChangePointer,
  type PointerChange,
  type VersionPointer,
  type ViewMode,
  type ViewPointer,
} from './view-pointer.ts';
import { assertTablesFree } from './table-names.ts';
import { assertKeeps, createTables, hide, showPublicly, showVersion, type BuildId } from './view-tables.ts';

/** A build, and whether readers see it. */
export interface FoundBuild {
  readonly id: BuildId;
  readonly isShown: boolean;
}

/** What the pointer says of the projection's version. */
export function versionOf(pointer: ViewPointer, { version }: Pick<Projection, 'version'>): VersionPointer | undefined {
  return pointer.versions[String(version)];
}

/** The build to be kept up to date: the one that is shown, else the one that is being made, which is begun where there is none. */
export async function openBuild(home: Engine, projection: Projection, mode: ViewMode): Promise<FoundBuild> {
  assertKeeps(home, projection.view);
  await assertTablesFree(home, projection);
  const pointer = await changePointer(home, projection.name, (found) => {
    const known = versionOf(found, projection);
    if (known !== undefined) assertSameDefinition(projection, mode, known);
    const { shown = null, building = null } = known ?? {};
    return shown !== null || building !== null ? undefined : withNewBuild(found, projection, mode);
  });
  const { shown = null, building = null } = versionOf(pointer, projection) ?? {};
  const { name, version } = projection;
  return { id: { name, version, build: shown ?? building ?? 0 }, isShown: shown !== null };
}

/** The build that is being made, which is begun where there is none: so an interrupted rebuild goes on. */
export async function beginBuild(home: Engine, projection: Projection, mode: ViewMode): Promise<BuildId> {
  assertKeeps(home, projection.view);
  await assertTablesFree(home, projection);
  const pointer = await changePointer(home, projection.name, (found) => {
    const known = versionOf(found, projection);
    if (known !== undefined) assertSameDefinition(projection, mode, known);
    return (known?.building ?? null) === null ? withNewBuild(found, projection, mode) : undefined;
  });
  const { name, version } = projection;
  return { name, version, build: versionOf(pointer, projection)?.building ?? 0 };
}

function withNewBuild(pointer: ViewPointer, projection: Projection, mode: ViewMode): PointerChange {
  const { name, version, view } = projection;
  const known = versionOf(pointer, projection);
  const build = (known?.last ?? 0) + 1;
  return {
    pointer: withVersion(pointer, version, {
      shown: known?.shown ?? null,
      building: build,
      showings: known?.showings ?? 0,
      last: build,
      mode,
      definition: definitionOf(projection),
      tables: tableNames(view),
    }),
    statements: createTables(view, { name, version, build }),
  };
}

/** The pointer with one version changed. */
export function withVersion(pointer: ViewPointer, version: number, changed: VersionPointer): ViewPointer {
  return { ...pointer, versions: { ...pointer.versions, [String(version)]: changed } };
}

/** How showing a build ended. */
export type Showing =
  /** It is shown, perhaps since before. */
  | 'shown'
  /** The one that is shown has moved meanwhile; compare again. */
  | 'outrun'
  /** It is not among the builds any more: it was removed, or another one was shown. */
  | 'gone';

/** What is written with the flip, so that the build that was shown does not move on behind it. */
export type HandOver = (shown: BuildId | undefined) => Promise<readonly KeyedWrite[] | 'outrun'>;

/**
 * Shows a build that is complete: the pointer, the SQL views and what hands over from the build shown before, in one
 * transaction. `handOver` says that the build has come far enough, and takes the right to go on from the other one.
 */
export async function showBuild(home: Engine, id: BuildId, handOver: HandOver): Promise<Showing> {
  const before = await readPointer(home, id.name);
  const shownBefore = versionOf(before, id)?.shown ?? null;
  if (shownBefore === id.build) return 'shown';
  const keyedWrites = await handOver(shownBefore === null ? undefined : { ...id, build: shownBefore });
  if (keyedWrites === 'outrun') return 'outrun';
  let showing: Showing = 'shown';
  const outcome = await tryChangePointer(home, id.name, (pointer) => {
    const known = versionOf(pointer, id);
    showing = judge(known, id, shownBefore);
    return known === undefined || showing !== 'shown' || known.shown === id.build
      ? undefined
      : { ...withShown(pointer, known, id), keyedWrites };
  });
  return outcome.kind === 'refused' ? 'outrun' : showing;
}

function judge(known: VersionPointer | undefined, { build }: BuildId, shownBefore: number | null): Showing {
  if (known === undefined) return 'gone';
  if (known.shown === build) return 'shown';
  if (known.building !== build) return 'gone';
  return known.shown === shownBefore ? 'shown' : 'outrun';
}

function withShown(pointer: ViewPointer, known: VersionPointer, { version, build }: BuildId): PointerChange {
  const { shown, tables } = known;
  const isPublic = pointer.public === null || version >= pointer.public;
  const publicTables = pointer.versions[String(pointer.public)]?.tables ?? [];
  const changed = withVersion(pointer, version, {
    ...known,
    shown: build,
    building: null,
    showings: known.showings + 1,
  });
  return {
    pointer: {
      ...changed,
      public: isPublic ? version : pointer.public,
      old: shown === null ? pointer.old : [...pointer.old, { version, build: shown, tables }],
    },
    statements: [
      ...showVersion(tables, { version, build }),
      ...(isPublic ? showPublicly(tables, { version, build }, publicTables) : []),
    ],
  };
}

/** Takes a build out of sight before it is emptied: readers are told that the view is not complete, and no lies. */
export async function hideBuild(home: Engine, id: BuildId): Promise<void> {
  await changePointer(home, id.name, (pointer) => {
    const known = versionOf(pointer, id);
    if (known === undefined || (known.shown !== id.build && known.building !== id.build)) throw goneError(id);
    if (known.shown !== id.build) return undefined;
    const isPublic = pointer.public === id.version;
    return {
      pointer: withVersion(pointer, id.version, { ...known, shown: null, building: id.build }),
      statements: [
        ...known.tables.map((table) => hide(`${table}__${id.version}`)),
        ...(isPublic ? known.tables.map(hide) : []),
      ],
    };
  });
}

/** The error of work on a build that was given up for another one. */
export function goneError({ name, version, build }: BuildId): HindsightError {
  return new HindsightError('VIEW_NOT_BUILT', `Build ${build} of version ${version} of ${name} was given up.`, {
    details: { name, version, build },
  });
}

/** A build that is shown, and for the how many-th time one of its version is. */
export interface ShownBuild extends BuildId {
  readonly showings: number;
}

/** The build that readers of a version see. Throws `VIEW_NOT_BUILT` where none is complete. */
export async function shownBuild(home: Engine, projection: Pick<Projection, 'name' | 'version'>): Promise<ShownBuild> {
  const { name, version } = projection;
  const known = versionOf(await readPointer(home, name), projection);
  const { shown = null, showings = 0 } = known ?? {};
  if (shown !== null) return { name, version, build: shown, showings };
  throw new HindsightError(
    'VIEW_NOT_BUILT',
    known === undefined
      ? `Version ${version} of the view ${name} was never built with this store: run the projection.`
      : `Version ${version} of the view ${name} is still being built, and is shown when it is complete. Wait for it, or read an earlier version.`,
    { details: { name, version } },
  );
}
