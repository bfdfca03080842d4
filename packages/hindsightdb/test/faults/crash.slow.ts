/** The long form of crash.test.ts: a thousand rounds, or as many as `CRASH_ROUNDS` says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './crash-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('a thousand crashes lose nothing', async () => {
  const rounds = Number(process.env['CRASH_ROUNDS'] ?? 1000);
  const counts = await crashRounds({ rounds, roundsPerStore: 20, seed: runSeed() });
  assert.ok(counts.kills >= rounds);
  assert.ok(counts.killsBeforeReady > 0, 'no store was ever killed while it was opened');
  assert.ok(counts.unansweredFound > 0, 'no append was ever written and not answered');
});
