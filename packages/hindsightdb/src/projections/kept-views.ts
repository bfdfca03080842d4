/** Which views a store keeps, whoever defined them. */

import { recordedPlaces } from '../consumers/wait-for.ts';
import { contextOf, type AnyStore } from '../store/context-of.ts';
import { readProgress } from './inline-progress.ts';
import { pointerPrefix, decodePointer, type ViewMode, type VersionPointer, type ViewPointer } from './view-pointer.ts';
import { buildName } from './view-tables.ts';

/** A build of a view. */
export interface KeptBuild {
  readonly build: number;
  /** The name of the consumer that keeps it; the appends keep an inline view. */
  readonly consumerName: string;
  /** How far it has come, in each partition; empty where it has not begun. */
  readonly positions: readonly number[];
}

/** What is kept of one version of a projection. */
export interface KeptView {
  readonly name: string;
  readonly version: number;
  readonly mode: ViewMode;
  /** Whether the public names show this version. */
  readonly isPublic: boolean;
  /** The build that readers see; undefined until one is complete. */
  readonly shown: KeptBuild | undefined;
  /** The build that is being made; undefined where none is. */
  readonly building: KeptBuild | undefined;
  /** The names of its SQL tables. */
  readonly tables: readonly string[];
  /** Builds that were replaced and are not removed yet. */
  readonly replacedBuilds: readonly number[];
}

const pageSize = 200;

/** The views that a store keeps, by name and version. */
export async function listViews(store: AnyStore): Promise<readonly KeptView[]> {
  const { engine } = contextOf(store);
  const views: KeptView[] = [];
  for (let after: string | undefined; ;) {
    const entries = await engine.keyedScan({
      prefix: pointerPrefix,
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const entry of entries)
      views.push(...(await viewsOf(store, entry.key.slice(pointerPrefix.length), decodePointer(entry))));
    after = entries.at(-1)?.key;
    if (entries.length < pageSize || after === undefined) return views;
  }
}

async function viewsOf(store: AnyStore, name: string, pointer: ViewPointer): Promise<readonly KeptView[]> {
  const views: KeptView[] = [];
  for (const [key, known] of Object.entries(pointer.versions)) {
    const version = Number(key);
    const replacedBuilds = pointer.old.filter((each) => each.version === version).map(({ build }) => build);
    const { mode, tables } = known;
    const [shown, building] = await Promise.all([
      keptBuild(store, { name, version, known }, known.shown),
      keptBuild(store, { name, version, known }, known.building),
    ]);
    // Of a version that was removed nothing is left but the numbers that its builds had.
    if (shown === undefined && building === undefined && replacedBuilds.length === 0) continue;
    views.push({ name, version, mode, isPublic: pointer.public === version, shown, building, tables, replacedBuilds });
  }
  return views.toSorted((left, right) => left.version - right.version);
}

async function keptBuild(
  store: AnyStore,
  of: { readonly name: string; readonly version: number; readonly known: VersionPointer },
  build: number | null,
): Promise<KeptBuild | undefined> {
  if (build === null) return undefined;
  const id = { name: of.name, version: of.version, build };
  const consumerName = buildName(id);
  const positions =
    of.known.mode === 'inline'
      ? (await readProgress(contextOf(store).engine, id))?.positions
      : (await recordedPlaces(store, consumerName, 0))?.map(({ position }) => position);
  return { build, consumerName, positions: positions ?? [] };
}
