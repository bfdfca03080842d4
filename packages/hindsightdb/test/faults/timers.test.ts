/** Processes that fire the same timers are killed and stopped: none is lost, none fired twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './seeded-random.ts';
import { timerRounds } from './timer-rounds.ts';

test('processes that fire timers and are killed at random lose none and fire none twice', async () => {
  const counts = await timerRounds({
    timerCount: 3000,
    members: 3,
    leaseMs: 200,
    dueWithinMs: 2000,
    strikeWithinMs: 400,
    seed: runSeed(),
  });
  assert.ok(
    counts.kills > 0 && counts.fired > 2000 && counts.moved > 0 && counts.cancelled > 0,
    JSON.stringify(counts),
  );
});
