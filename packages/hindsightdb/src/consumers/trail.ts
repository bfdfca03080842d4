/**
 * The trail of a slice: places that it passed, the more of them the nearer. When a checkpoint no longer fits the log, the
 * trail tells how far the two histories are the same.
 */

import { isCheckpoint, decodeCheckpoint, type Checkpoint } from '../core/checkpoint.ts';

/** How many places are kept. */
const placesMax = 24;

/** Adds a place, and drops those that stand closer together than their distance to the newest one asks for. Newest first. */
export function extendTrail(trail: readonly Checkpoint[], place: Checkpoint): readonly Checkpoint[] {
  const head = distanceOf(place);
  const kept: Checkpoint[] = [place];
  let lastBucket = -1;
  for (const each of trail) {
    const distance = head - distanceOf(each);
    const bucket = distance <= 0 ? -1 : Math.floor(Math.log2(distance));
    // Of those in one bucket the newest stays; a reset or rewind makes distances that are none.
    if (bucket === lastBucket || distance <= 0) continue;
    lastBucket = bucket;
    kept.push(each);
  }
  return kept.slice(0, placesMax);
}

/** The text of a trail. */
export function encodeTrail(trail: readonly Checkpoint[]): string {
  return JSON.stringify(trail);
}

/** Reads a trail. What is no checkpoint is left out: a trail only helps to explain. */
export function decodeTrail(text: string | undefined): readonly Checkpoint[] {
  const value: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(value) ? value.filter((each) => isCheckpoint(each)) : [];
}

function distanceOf(place: Checkpoint): number {
  return decodeCheckpoint(place).places.reduce((sum, { position }) => sum + position, 0);
}
