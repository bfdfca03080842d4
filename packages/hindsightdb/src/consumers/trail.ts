/**
 * The trail of a slice: places that it passed, the more of them the nearer. When a checkpoint no longer fits the log, the
 * trail tells how far the two histories are the same.
 */

import { isCheckpoint, decodeCheckpoint, type Checkpoint } from '../core/checkpoint.ts';

/** How many places are kept: two for each doubling of the distance. */
const placesMax = 64;

/**
 * Adds a place, and of those at about the same distance, within a factor of two, keeps the oldest and the newest: the oldest
 * will be the newest of the next such group, so none runs empty. Newest first.
 */
export function extendTrail(trail: readonly Checkpoint[], place: Checkpoint): readonly Checkpoint[] {
  const head = distanceOf(place);
  const groups = new Map<number, Checkpoint[]>();
  for (const each of trail) {
    const distance = head - distanceOf(each);
    // After a rewind there are places that lie ahead: of another round.
    if (distance <= 0) continue;
    const group = Math.floor(Math.log2(distance));
    const [newest = each] = groups.get(group) ?? [];
    groups.set(group, newest === each ? [each] : [newest, each]);
  }
  return [place, ...[...groups.values()].flat()].slice(0, placesMax);
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
