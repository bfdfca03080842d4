/** The long form of process-managers.test.ts: as many events as `PROCESS_EVENTS` says, with a kill every few hundred ms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processManagerRounds } from './process-manager-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('process managers that are killed every few hundred milliseconds lose no timer and fire none twice', async () => {
  const counts = await processManagerRounds({
    eventCount: Number(process.env['PROCESS_EVENTS'] ?? 40_000),
    instanceCount: 400,
    members: 3,
    slices: 6,
    leaseMs: 400,
    strikeWithinMs: 1500,
    seed: runSeed(),
  });
  console.log(JSON.stringify(counts));
  assert.ok(counts.kills > 0 && counts.fired > 0 && counts.commands > 0);
});
