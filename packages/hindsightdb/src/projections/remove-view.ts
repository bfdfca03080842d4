/** Removing what is kept of one version of a projection. */

import { HindsightError } from '../core/errors.ts';
import { assertObject, assertOptionalSignal } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import type { SqlStatement } from '../store/engine-types.ts';
import type { Projection } from './projection.ts';
import { removeOldBuilds, type RemoveBuildsOptions } from './replaced-builds.ts';
import { versionOf, withVersion } from './view-builds.ts';
import { changePointer, type PointerChange, type ViewPointer } from './view-pointer.ts';
import { hide, showPublicly } from './view-tables.ts';

/**
 * Removes the view of one version of a projection with all its builds. Readers of this version are told that it is not built;
 * where the public names showed it, they show the newest other version that is complete. A process that still runs this
 * version builds it anew, unless it is inline: then a store that is opened with it does. Throws `VIEW_NOT_BUILT` where there is none.
 */
export async function removeView(
  store: AnyStore,
  projection: Pick<Projection, 'name' | 'version'>,
  options: RemoveBuildsOptions = {},
): Promise<void> {
  contextOf(store);
  assertObject('options', options);
  const { viewsIn: home = store, signal } = options;
  const { engine } = contextOf(home);
  assertOptionalSignal(signal);
  const { name, version } = projection;
  // Out of sight first, so that nobody reads what is half removed.
  await changePointer(engine, name, (pointer) => withoutVersion(pointer, projection));
  await removeOldBuilds(engine, name, { version, signal });
}

function withoutVersion(pointer: ViewPointer, projection: Pick<Projection, 'name' | 'version'>): PointerChange {
  const { name, version } = projection;
  const known = versionOf(pointer, projection);
  const builds = [known?.shown ?? null, known?.building ?? null].filter((build) => build !== null);
  const isLeft = pointer.old.some((each) => each.version === version);
  if (known === undefined || (builds.length === 0 && !isLeft))
    throw new HindsightError('VIEW_NOT_BUILT', `There is no view of version ${version} of ${name} in this store.`, {
      details: { name, version },
    });
  const { tables } = known;
  const isPublic = pointer.public === version;
  const next = isPublic ? nextPublic(pointer, version) : pointer.public;
  const old = builds.map((build) => ({ version, build, tables }));
  const changed = withVersion(pointer, version, { ...known, shown: null, building: null, mode: 'asynchronous' });
  return {
    pointer: { ...changed, public: next, old: [...pointer.old, ...old] },
    statements: [
      ...tables.map((table) => hide(`${table}__${version}`)),
      ...(isPublic ? publicStatements(pointer, next, tables) : []),
    ],
  };
}

/** The newest other version that is complete. */
function nextPublic({ versions }: ViewPointer, version: number): number | null {
  const others = Object.entries(versions)
    .filter(([key, { shown }]) => Number(key) !== version && shown !== null)
    .map(([key]) => Number(key));
  return others.length === 0 ? null : Math.max(...others);
}

function publicStatements(
  pointer: ViewPointer,
  next: number | null,
  before: readonly string[],
): readonly SqlStatement[] {
  const { shown = null, tables = [] } = (next === null ? undefined : pointer.versions[String(next)]) ?? {};
  return next === null || shown === null
    ? before.map(hide)
    : showPublicly(tables, { version: next, build: shown }, before);
}
