/**
 * A process killed at any moment loses nothing that it was answered, and leaves no half of an append.
 *
 * `CRASH_ROUNDS` sets the number of rounds; crash.slow.ts makes a thousand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './crash-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('after kill -9 under load everything acknowledged is there, in order, and no half of an append', async () => {
  const rounds = Number(process.env['CRASH_ROUNDS'] ?? 24);
  const counts = await crashRounds({ rounds, roundsPerStore: 8, seed: runSeed() });
  assert.ok(counts.kills >= rounds);
  assert.ok(counts.acknowledged > rounds, 'the writers were killed before they did anything');
  assert.ok(counts.retries > 0);
});
