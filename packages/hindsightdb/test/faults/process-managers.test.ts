/** Process managers whose processes are killed take the steps that the log leads to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processManagerRounds } from './process-manager-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('steps, timers and commands are those of the simulation, whatever is killed', async () => {
  const counts = await processManagerRounds({
    eventCount: 500,
    instanceCount: 10,
    members: 2,
    slices: 3,
    leaseMs: 300,
    strikeWithinMs: 900,
    seed: runSeed(),
  });
  assert.ok(counts.kills + counts.stops > 0 && counts.fired > 0 && counts.commands > 0);
});
