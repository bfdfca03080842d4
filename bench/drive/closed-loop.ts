/** Writers that each wait for one answer before they ask again: the load of an application with that many requests at once. */

import { Durations } from './statistics.ts';

export interface ClosedLoop {
  readonly writerCount: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** One request. Answers how many events it wrote, once they are as durable as the contestant makes them. */
  readonly write: (writer: number, turn: number) => Promise<number>;
}

export interface ClosedLoopFigures {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Runs the loop. Time is read by the writers themselves and not by a timer: a contestant that answers at once, in
 * memory, never lets a timer run.
 */
export async function runClosedLoop(loop: ClosedLoop): Promise<ClosedLoopFigures> {
  const begin = performance.now() + loop.warmUpMs;
  const end = begin + loop.measureMs;
  const durations = new Durations();
  let eventCount = 0;
  let last = begin;
  const writer = async (index: number): Promise<void> => {
    for (let turn = 0; ; turn++) {
      const asked = performance.now();
      if (asked >= end) return;
      const written = await loop.write(index, turn);
      const answered = performance.now();
      if (answered < begin || answered > end) continue;
      eventCount += written;
      durations.add(answered - asked);
      last = answered;
    }
  };
  await Promise.all(Array.from({ length: loop.writerCount }, (_, index) => writer(index)));
  if (durations.count === 0) throw new Error(`No request was answered within ${loop.measureMs} ms.`);
  return {
    eventsPerSecond: (eventCount / (Math.max(last, begin + 1) - begin)) * 1000,
    p50Ms: durations.quantile(0.5),
    p99Ms: durations.quantile(0.99),
  };
}
