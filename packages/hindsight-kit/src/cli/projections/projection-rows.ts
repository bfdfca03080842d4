/** What is kept of each projection, with how far it is and who keeps it. */

import type { Store } from 'hindsightdb';
import { listConsumers, type ConsumerInfo } from 'hindsightdb/consumers';
import { listViews, type KeptBuild, type KeptView, type Projection } from 'hindsightdb/projections';
import { standingOf } from '../consumers/consumer-text.ts';

/** A version of a projection: kept, declared, or both. */
export interface ProjectionRow {
  readonly name: string;
  readonly version: number;
  /** What the store keeps of it; undefined where nothing is. */
  readonly view: KeptView | undefined;
  /** Whether the configuration declares it. */
  readonly isDeclared: boolean;
  /** Positions between the shown build, or the one that is made first, and the newest event. */
  readonly lag: number | undefined;
  /** The part of the log that the build being made has behind it, from 0 to 1. */
  readonly builtShare: number | undefined;
  readonly consumer: ConsumerInfo | undefined;
}

/** Every version of every projection that the store keeps or the configuration declares, by name and version. */
export async function projectionRows(store: Store, declared: readonly Projection[]): Promise<readonly ProjectionRow[]> {
  const [views, consumers, heads] = await Promise.all([listViews(store), listConsumers(store), store.positions()]);
  const newest = sumOf(heads);
  const rows = views.map((view): ProjectionRow => {
    const { name, version, shown, building } = view;
    const kept = shown ?? building;
    return {
      name,
      version,
      view,
      isDeclared: declared.some((each) => each.name === name && each.version === version),
      lag: kept === undefined ? undefined : newest - doneOf(kept),
      builtShare: building === undefined ? undefined : newest === 0 ? 1 : doneOf(building) / newest,
      consumer: consumers.find((each) => each.name === kept?.consumerName),
    };
  });
  const missing = declared
    .filter(({ name, version }) => !rows.some((row) => row.name === name && row.version === version))
    .map(({ name, version }): ProjectionRow => {
      const nothing = { view: undefined, lag: undefined, builtShare: undefined, consumer: undefined };
      return { name, version, isDeclared: true, ...nothing };
    });
  return [...rows, ...missing].toSorted((left, right) =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : left.version - right.version,
  );
}

function doneOf({ positions }: KeptBuild): number {
  return sumOf(positions);
}

function sumOf(positions: readonly number[]): number {
  return positions.reduce((sum, position) => sum + position, 0);
}

/** How a version stands, in a few words. */
export function rowState({ view, builtShare, consumer }: ProjectionRow): string {
  const built = builtShare === undefined ? '' : `building ${Math.floor(builtShare * 100)} %`;
  if (view?.shown === undefined && view?.building === undefined) return 'not built';
  if (consumer?.status === 'failed') return 'failed';
  if (built !== '') return built;
  if (view.mode === 'inline') return 'inline';
  return consumer === undefined ? 'no process' : standingOf(consumer);
}

/** A row as a document. */
export function rowDocument({ name, version, view, isDeclared, lag, builtShare, consumer }: ProjectionRow): object {
  return {
    name,
    version,
    isDeclared,
    isPublic: view?.isPublic ?? false,
    mode: view?.mode ?? null,
    shown: view?.shown ?? null,
    building: view?.building ?? null,
    builtShare: builtShare ?? null,
    tables: view?.tables ?? [],
    replacedBuilds: view?.replacedBuilds ?? [],
    lag: lag ?? null,
    status: consumer?.status ?? null,
    failure: consumer?.failure ?? null,
  };
}
