/** How long after its acknowledgement an event is seen by a live follower. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Durations } from './statistics.ts';
import type { Figures, Scale } from '../run/workload.ts';

/** Now, on the clock that all processes of the machine share, in milliseconds. */
export function machineNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Times of the nth event; the writer and the follower keep one each. */
export type Moments = number[];

/** Appends events one at a time with a pause between them and notes when each was acknowledged. */
export async function writeWithPauses(append: (turn: number) => Promise<unknown>, scale: Scale): Promise<Moments> {
  const answered: Moments = [];
  const end = machineNowMs() + scale.warmUpMs + scale.measureMs;
  for (let turn = 0; machineNowMs() < end; turn++) {
    await append(turn);
    answered.push(machineNowMs());
    await sleep(2);
  }
  return answered;
}

/** Waits until the follower has seen so many events. Throws after ten seconds without a new one. */
export async function untilSeen(seen: Moments, count: number): Promise<void> {
  let [lastCount, idleMs] = [seen.length, 0];
  while (seen.length < count) {
    await sleep(20);
    idleMs = seen.length > lastCount ? 0 : idleMs + 20;
    lastCount = seen.length;
    if (idleMs > 10_000) throw new Error(`The follower saw ${seen.length} of ${count} events and then no more.`);
  }
}

/** The delays, without the first tenth, in which a process still compiles its code. A negative one was seen before its writer heard of it. */
export function delayFigures(answered: Moments, seen: Moments): Figures {
  const durations = new Durations();
  for (let turn = Math.ceil(answered.length / 10); turn < answered.length; turn++) {
    durations.add((seen[turn] ?? Number.NaN) - (answered[turn] ?? Number.NaN));
  }
  return { p50Ms: durations.quantile(0.5), p99Ms: durations.quantile(0.99), eventCount: durations.count };
}
