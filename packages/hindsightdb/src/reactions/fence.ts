/**
 * The replay fence of a slice of a reaction or of a process manager: how far its events are over, by whatever version. It is written
 * with the slice's checkpoint and its letters, and only grows. What lies at or below it is never planned again, wherever the
 * checkpoint is set; only letters are tried again.
 */

import { HindsightError, type ErrorCode } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { Engine, KeyedEntry } from '../store/engine-types.ts';
import { fenceKey, fencePrefix, type EventPlace } from './reaction-keys.ts';

/** What a fence says. */
export interface Fence {
  /** The epoch of the log in which the positions were reached. */
  readonly epoch: string;
  /** The newest version that has planned here. */
  readonly version: number;
  /** Over how many slices it was spread. With another number a slice has other entities, and this says nothing of them. */
  readonly slices: number;
  /** For each partition the greatest position that is over; 0 where there is none. */
  readonly positions: readonly number[];
}

/** Reads what an entry says. */
export function decodeFence({ key, value }: KeyedEntry): Fence {
  const fence: unknown = JSON.parse(value);
  if (typeof fence !== 'object' || fence === null || !('positions' in fence))
    throw new HindsightError('STORE_CORRUPT', `The entry ${key} is not the fence of a reaction or a process manager.`);
  // Written by `encodeFence` alone.
  return fence as Fence;
}

/** The text of a fence's entry. */
export function encodeFence({ epoch, version, slices, positions }: Fence): string {
  return JSON.stringify({ epoch, version, slices, positions });
}

/**
 * How far the fence reaches in the log as it is now, for each partition. Positions that an earlier life of the log went past
 * the next one's beginning belong to other events. A fence of a life that this log never had reaches nowhere.
 */
export function reachOf(fence: Fence | undefined, { lineage }: Engine['identity']): readonly number[] {
  const first = lineage[0]?.firstPositions ?? [];
  const index = lineage.findIndex(({ epoch }) => epoch === fence?.epoch);
  if (fence === undefined || index < 0) return first.map(() => 0);
  const next = lineage[index + 1];
  return first.map((_, partition) => {
    const reached = fence.positions[partition] ?? 0;
    return next === undefined ? reached : Math.min(reached, (next.firstPositions[partition] ?? 1) - 1);
  });
}

/** Whether an event lies at or below it. */
export function isBelow(reach: readonly number[], { partition, position }: EventPlace): boolean {
  return position <= (reach[partition] ?? 0);
}

/** How far a fence reaches when these events are over. */
export function advanced(reach: readonly number[], events: readonly RecordedEvent[]): readonly number[] {
  return reach.map((reached, partition) =>
    events.reduce(
      (greatest, event) => (event.partition === partition ? Math.max(greatest, event.position) : greatest),
      reached,
    ),
  );
}

/** The write that brings a fence up to the end of a batch; none where it says the same already. */
export function fenceWrites(
  key: string,
  before: Fence | undefined,
  after: Fence,
): readonly { readonly key: string; readonly value: string }[] {
  const value = encodeFence(after);
  return before !== undefined && encodeFence(before) === value ? [] : [{ key, value }];
}

const fencesMax = 10_000;

/** The fences of all slices: what is known of a reaction or process manager, also when its consumer was removed. */
export async function readFences(home: Engine, name: string): Promise<readonly Fence[]> {
  return (await home.keyedScan({ prefix: fencePrefix(name), limit: fencesMax })).map(decodeFence);
}

/** The fence of a slice; undefined where there is none yet. */
export async function readFence(home: Engine, name: string, slice: number): Promise<Fence | undefined> {
  const entry = await home.keyedGet(fenceKey(name, slice));
  return entry === undefined ? undefined : decodeFence(entry);
}

/** The newest version that has planned in any slice; 0 where none has. */
export function newestVersion(fences: readonly Fence[]): number {
  return Math.max(0, ...fences.map(({ version }) => version));
}

/** Whose fence it is, for messages. */
export interface Fenced {
  readonly kind: 'reaction' | 'process manager';
  readonly name: string;
  readonly version: number;
}

/** Throws `CONSUMER_MISMATCH` where the fences are of another number of slices: what was done would be done again, or never. */
export function assertSameSlices({ kind, name }: Fenced, fences: readonly Fence[], wanted: number): void {
  const other = fences.find(({ slices }) => slices !== wanted)?.slices;
  if (other === undefined) return;
  throw new HindsightError(
    'CONSUMER_MISMATCH',
    `The ${kind} ${name} was spread over ${other} slices, not ${wanted}. Removing it does not change that: what it did is remembered by slice, and would be done again. Run it with slices: ${other}, or under a new name that starts where this one is.`,
    { details: { name, slices: other, wanted } },
  );
}

const outdatedCodes: Readonly<Record<Fenced['kind'], ErrorCode>> = {
  reaction: 'REACTION_OUTDATED',
  'process manager': 'PROCESS_OUTDATED',
};

/** The error for a version that is older than one which has been at work already. */
export function outdatedError({ kind, name, version }: Fenced, newest: number): HindsightError {
  return new HindsightError(
    outdatedCodes[kind],
    `Version ${newest} of the ${kind} ${name} was at work already, and this is version ${version}. What it does would be done by old rules, for good.`,
    { details: { name, version, newest } },
  );
}
