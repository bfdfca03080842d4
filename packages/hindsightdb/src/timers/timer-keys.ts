/**
 * Where timers are kept, in the keyed store. `docs/formats/keyed.md` describes it for people.
 *
 *     timer/<group>/<id>            when it is due, and what it carries
 *     due/<group>/<time>/<id>       its place in the order in which timers are fired
 *     failed/<group>/<time>/<id>    in place of that, when it was set aside
 *     timers/<group>                which process fires the timers of the group
 */

import { assertKeyedName } from '../store/argument-checks.ts';

/** The order in which a timer stands: of those that are to be fired, or of those that were set aside. */
export type TimerOrder = 'due' | 'failed';

/** A place in an order: by time, in microseconds since 1970, then by id. */
export interface TimerPlace {
  readonly at: number;
  readonly id: string;
}

/** Throws a `TypeError` unless the value can be the name of a group of timers. Groups of the library itself have a `/` in theirs. */
export function assertGroup(group: unknown): asserts group is string {
  assertKeyedName('The group of a timer', group);
}

/** The entry of a timer. */
export function timerKey(group: string, id: string): string {
  return `timer/${encodeGroup(group)}/${encodeURIComponent(id)}`;
}

/** All places of an order. */
export function orderPrefix(order: TimerOrder, group: string): string {
  return `${order}/${encodeGroup(group)}/`;
}

/** The place of a timer in an order. */
export function orderKey(order: TimerOrder, group: string, { at, id }: TimerPlace): string {
  return `${orderPrefix(order, group)}${timeDigits(at)}/${encodeURIComponent(id)}`;
}

/** What the key of a place says. */
export function placeOfKey(key: string): TimerPlace {
  const [time = '', id = ''] = key.split('/').slice(2);
  return { at: time.startsWith('-') ? Number(time.slice(1)) - beforeEpoch : Number(time), id: decodeURIComponent(id) };
}

/** Orders places as their keys are ordered. */
export function comparePlaces(left: TimerPlace, right: TimerPlace): number {
  if (left.at !== right.at) return left.at - right.at;
  const [leftId, rightId] = [encodeURIComponent(left.id), encodeURIComponent(right.id)];
  return leftId === rightId ? 0 : leftId < rightId ? -1 : 1;
}

/** The entry of the lease. */
export function leaseKey(group: string): string {
  return `timers/${encodeGroup(group)}`;
}

/** Added to a time before 1970, so that its digits grow with it; the sign before them sorts in front of all digits. */
const beforeEpoch = Number.MAX_SAFE_INTEGER;

function timeDigits(at: number): string {
  return at < 0 ? `-${String(at + beforeEpoch).padStart(16, '0')}` : String(at).padStart(16, '0');
}

/** A slash in a group is encoded, so that no group's keys lie among those of another. */
function encodeGroup(group: string): string {
  return group.replaceAll('/', '%2F');
}
