/**
 * Where consumers keep what they remember, in the keyed store of their home. `docs/formats/keyed.md` describes it for people.
 *
 *     consumer/<name>                               what the consumer is and whether it is to run
 *     slice/<name>/<nnnn>                           checkpoint, lease and fence of a slice
 *     trail/<name>/<nnnn>                           earlier places of a slice, thinning with their distance
 *     member/<name>/<id>                            a process that runs the consumer
 *     letter/<name>/<nnnn>/<entity>/<pp>-<position> an event that was set aside
 */

import { argumentError } from '../core/errors.ts';
import { describe } from '../core/text.ts';

/** Letters, digits and `._@-`, not longer than this. */
const nameLengthMax = 200;

/** Throws a `TypeError` unless the name can be one of a consumer. */
export function assertConsumerName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.length <= nameLengthMax && /^[A-Za-z0-9][A-Za-z0-9._@-]*$/.test(name)) return;
  throw argumentError(
    'INVALID_ARGUMENT',
    `The name of a consumer must be of letters, digits and . _ @ -, at most ${nameLengthMax}, not ${describe(name)}.`,
  );
}

/** The entry that says what a consumer is. */
export function recordKey(name: string): string {
  return `consumer/${name}`;
}

/** All of those. */
export const recordPrefix = 'consumer/';

/** The entry of a slice. */
export function sliceKey(name: string, slice: number): string {
  return `slice/${name}/${digits(slice, 4)}`;
}

/** The entry with the earlier places of a slice. */
export function trailKey(name: string, slice: number): string {
  return `trail/${name}/${digits(slice, 4)}`;
}

/** Entries of the processes that run a consumer. */
export function memberPrefix(name: string): string {
  return `member/${name}/`;
}

/** Letters of a consumer; of one of its slices; of one entity. */
export function letterPrefix(name: string, slice?: number, entity?: string): string {
  const ofSlice = slice === undefined ? '' : `${digits(slice, 4)}/`;
  const ofEntity = entity === undefined ? '' : `${encodeURIComponent(entity)}/`;
  return `letter/${name}/${ofSlice}${ofEntity}`;
}

/** The letter of an event. Letters of an entity are ordered as its events are. */
export function letterKey(
  name: string,
  slice: number,
  event: {
    readonly streamId: string;
    readonly entity?: string;
    readonly partition: number;
    readonly position: number;
  },
): string {
  return `${letterPrefix(name, slice, event.entity ?? event.streamId)}${digits(event.partition, 4)}-${digits(event.position, 16)}`;
}

/** Every prefix under which a consumer keeps something beside its record. */
export function prefixesOf(name: string): readonly string[] {
  return [`slice/${name}/`, `trail/${name}/`, memberPrefix(name), letterPrefix(name)];
}

function digits(count: number, width: number): string {
  return String(count).padStart(width, '0');
}
