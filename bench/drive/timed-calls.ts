/** One caller that calls again and again, each call timed. */

import type { Scale } from '../run/workload.ts';
import { Durations } from './statistics.ts';

export interface CallFigures {
  readonly [figure: string]: number;
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Calls for the scale's warm-up and measuring time, and at least ten times. */
export async function timeCalls(scale: Scale, call: (turn: number) => Promise<void>): Promise<CallFigures> {
  const begin = performance.now() + scale.warmUpMs;
  const durations = new Durations();
  let total = 0;
  for (let turn = 0; ; turn++) {
    const asked = performance.now();
    if (asked >= begin + scale.measureMs && durations.count >= 10) break;
    await call(turn);
    const elapsed = performance.now() - asked;
    if (asked < begin) continue;
    durations.add(elapsed);
    total += elapsed;
  }
  return {
    callsPerSecond: (durations.count / total) * 1000,
    p50Ms: durations.quantile(0.5),
    p99Ms: durations.quantile(0.99),
  };
}
