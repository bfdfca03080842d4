/** The long form of consumers.test.ts: a million events, or as many as `CONSUMER_EVENTS` says, with a kill every few hundred ms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumerRounds } from './consumer-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('a million events are handled by processes that are killed every few hundred milliseconds', async () => {
  const eventCount = Number(process.env['CONSUMER_EVENTS'] ?? 1_000_000);
  const counts = await consumerRounds({
    eventCount,
    entityCount: 2000,
    members: 3,
    slices: 6,
    leaseMs: 500,
    strikeWithinMs: 600,
    appended: { atOnce: 500, pauseMs: 10 },
    seed: runSeed(),
  });
  console.log(JSON.stringify(counts));
  assert.ok(counts.kills > 0 && counts.handled >= eventCount);
});
