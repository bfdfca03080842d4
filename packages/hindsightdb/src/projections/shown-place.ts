/**
 * How far the build is that readers see, and how to write into it although somebody else keeps it: on the condition that it
 * is still where it was, and so that whoever keeps it cannot write what was computed before.
 */

import { sliceKey } from '../consumers/consumer-keys.ts';
import { decodeSlice, encodeSlice } from '../consumers/slice-entry.ts';
import { decodeCheckpoint } from '../core/checkpoint.ts';
import type { AnyStore } from '../store/context-of.ts';
import type { KeyedWrite } from '../store/engine-types.ts';
import { progressKey, readProgress } from './inline-progress.ts';
import type { Projection } from './projection.ts';
import { shownBuild, versionOf } from './view-builds.ts';
import { readPointer } from './view-pointer.ts';
import { buildName, type BuildId } from './view-tables.ts';

/** The build that is shown, and its place. */
export interface ShownPlace {
  readonly id: BuildId;
  /** How far it is, in each partition of the log that is followed. */
  readonly positions: readonly number[];
  /** Written with anything that is computed for this place. */
  readonly fence: KeyedWrite;
}

/** Looks where the build is that readers see. Throws `VIEW_NOT_BUILT` where none is. */
export async function shownPlace(store: AnyStore, home: AnyStore, projection: Projection): Promise<ShownPlace> {
  const { engine } = home.context;
  const id = await shownBuild(engine, projection);
  const none = Array.from({ length: store.context.engine.identity.partitionCount }, () => 0);
  const known = versionOf(await readPointer(engine, projection.name), projection);
  if (known?.mode === 'inline') {
    const progress = await readProgress(engine, id);
    const positions = progress?.positions ?? none;
    const fence = {
      key: progressKey(id),
      value: JSON.stringify(positions),
      expectedRevision: progress?.revision ?? 0,
    };
    return { id, positions, fence };
  }
  const key = sliceKey(buildName(id), 0);
  const entry = await engine.keyedGet(key);
  const slice = decodeSlice(key, entry?.value ?? '{}');
  const positions =
    slice.checkpoint === null ? none : decodeCheckpoint(slice.checkpoint).places.map(({ position }) => position);
  const taken = { ...slice, token: slice.token + 1, holder: null, expiresAt: 0, writes: 0 };
  return { id, positions, fence: { key, value: encodeSlice(taken), expectedRevision: entry?.revision ?? 0 } };
}

/** Whether two places are the same. */
export function isSamePlace(left: readonly number[], right: readonly number[]): boolean {
  return left.every((position, partition) => position === right[partition]);
}
