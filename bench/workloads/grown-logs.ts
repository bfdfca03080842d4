/** Logs of several sizes, grown once a run and shared by the workloads that need a large one. */

import { copyFileSync, fsyncSync, closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { growStore, openHindsight } from '../contestants/hindsight.ts';
import { sampleEvent } from '../drive/sample-events.ts';
import type { Fixture, Scale } from '../run/workload.ts';

export const eventsPerEntity = 10;

export const grownLogName = (eventCount: number): string => `log-${eventCount}`;

export function grownLogs(scale: Scale): readonly Fixture[] {
  return scale.logSizes.map((eventCount) => ({
    name: grownLogName(eventCount),
    build: async ({ directory, progress }) => {
      await using store = await openHindsight(directory);
      await growStore(store, { eventCount, eventsPerEntity, progress }, (turn) => sampleEvent(turn, 0));
    },
  }));
}

/** Copies a closed store into another folder and syncs the copy, so that its writing back disturbs no measurement. */
export function copyStore(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const copy = join(to, name);
    copyFileSync(join(from, name), copy);
    const file = openSync(copy, 'r');
    fsyncSync(file);
    closeSync(file);
  }
}
