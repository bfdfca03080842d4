/**
 * The processes that run a consumer, and how many of its slices each of them should hold: as equal shares as there can be,
 * by the order of their ids.
 */

import type { Engine, KeyedEntry } from '../store/engine-types.ts';
import { memberPrefix } from './consumer-keys.ts';
import { lasts } from './slice-entry.ts';

/**
 * Says that a member is there until a time, where one is given, takes away those whose time is over, and answers who is
 * there, in order.
 */
export async function announceMember(
  home: Engine,
  name: string,
  { member, now, expiresAt }: { readonly member: string; readonly now: number; readonly expiresAt?: number },
): Promise<readonly string[]> {
  const present: string[] = [];
  const over: string[] = [];
  for (const entry of await membersOf(home, name)) {
    const other = entry.key.slice(memberPrefix(name).length);
    if (other === member) continue;
    if (lasts(Number(entry.value), now)) present.push(other);
    else over.push(entry.key);
  }
  if (expiresAt !== undefined)
    await home.keyedWrite([
      { key: memberPrefix(name) + member, value: String(expiresAt) },
      ...over.map((key) => ({ key, value: null })),
    ]);
  return [...present, member].toSorted();
}

/** Takes a member away. */
export async function forgetMember(home: Engine, name: string, member: string): Promise<void> {
  await home.keyedWrite([{ key: memberPrefix(name) + member, value: null }]);
}

/** How many processes may run one consumer; further ones are not seen, and wait. */
const membersMax = 1000;

async function membersOf(home: Engine, name: string): Promise<readonly KeyedEntry[]> {
  return await home.keyedScan({ prefix: memberPrefix(name), limit: membersMax });
}

/** How many slices a member should hold. */
export function shareOf(members: readonly string[], member: string, sliceCount: number): number {
  const rank = members.indexOf(member);
  const rest = sliceCount % members.length;
  return Math.floor(sliceCount / members.length) + (rank < rest ? 1 : 0);
}
