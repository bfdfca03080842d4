/**
 * Looking after views without the code of their projections: what there is, and giving up a version.
 */

import { argumentError, HindsightError } from '../core/errors.ts';
import { assertObject, assertOptionalSignal, assertWhole } from '../store/argument-checks.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { removeOldBuilds } from './replaced-builds.ts';
import { changePointer, decodePointer, pointerPrefix, type ViewMode, type ViewPointer } from './view-pointer.ts';
import { buildName, hide } from './view-tables.ts';

/** A version of a view, as its operators see it. */
export interface ViewVersionInfo {
  readonly version: number;
  readonly mode: ViewMode;
  /** The build that readers see; undefined while none is complete. */
  readonly shown?: number;
  /** The build that is being made, where there is one. */
  readonly building?: number;
  /** The consumers that keep its builds, by which they are paused, resumed and looked at; none of an inline view. */
  readonly consumers: readonly string[];
  /** The names of its SQL tables; none of a view of documents. */
  readonly tables: readonly string[];
}

/** The views of a projection, as their operators see them. */
export interface ProjectionInfo {
  readonly name: string;
  /** The version that the plain SQL names show. */
  readonly publicVersion?: number;
  /** By version, ascending. */
  readonly versions: readonly ViewVersionInfo[];
  /** Builds that were replaced and are not removed yet. */
  readonly replacedCount: number;
}

const pageSize = 500;

/** The projections that were ever run with this store as the one that keeps their views, by name. */
export async function listProjections(store: AnyStore): Promise<readonly ProjectionInfo[]> {
  const { engine } = contextOf(store);
  const found: ProjectionInfo[] = [];
  for (let after: string | undefined; ;) {
    const entries = await engine.keyedScan({
      prefix: pointerPrefix,
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const entry of entries) found.push(infoOf(entry.key.slice(pointerPrefix.length), decodePointer(entry)));
    after = entries.at(-1)?.key;
    if (entries.length < pageSize || after === undefined) return found;
  }
}

function infoOf(name: string, pointer: ViewPointer): ProjectionInfo {
  const versions = Object.entries(pointer.versions)
    .map(([text, { mode, shown, building, tables }]): ViewVersionInfo => {
      const version = Number(text);
      const builds = mode === 'inline' ? [] : [shown, building].filter((build) => build !== null);
      return {
        version,
        mode,
        ...(shown !== null && { shown }),
        ...(building !== null && { building }),
        consumers: builds.map((build) => buildName({ name, version, build })),
        tables,
      };
    })
    .toSorted((left, right) => left.version - right.version);
  return {
    name,
    ...(pointer.public !== null && { publicVersion: pointer.public }),
    versions,
    replacedCount: pointer.old.length,
  };
}

/**
 * Gives up a version of a view that no code reads any more, and removes it in small steps. Throws `UNSUPPORTED` for the one that
 * the plain SQL names show, and `VIEW_NOT_BUILT` where there is no such version. Stop whatever keeps it first: it would
 * build the version again.
 */
export async function removeViewVersion(
  store: AnyStore,
  view: { readonly name: string; readonly version: number },
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { engine } = contextOf(store);
  assertObject('view', view);
  const { name, version } = view;
  if (typeof name !== 'string') throw argumentError('INVALID_ARGUMENT', 'name must be the name of a projection.');
  assertWhole('version', version, { min: 1, max: 1_000_000 });
  assertObject('options', options);
  assertOptionalSignal(options.signal);
  await changePointer(engine, name, (pointer) => {
    const { [String(version)]: known, ...versions } = pointer.versions;
    if (known === undefined)
      throw new HindsightError('VIEW_NOT_BUILT', `There is no version ${version} of a view ${name} in this store.`, {
        details: { name, version },
      });
    if (pointer.public === version)
      throw new HindsightError(
        'UNSUPPORTED',
        `Version ${version} of ${name} is the one that is shown to tools. Run a newer version first.`,
        { details: { name, version } },
      );
    const { shown, building, tables } = known;
    const builds = [shown, building].filter((build) => build !== null);
    return {
      pointer: { ...pointer, versions, old: [...pointer.old, ...builds.map((build) => ({ version, build, tables }))] },
      statements: tables.map((table) => hide(`${table}__${version}`)),
    };
  });
  await removeOldBuilds(engine, name, { version, signal: options.signal });
}
