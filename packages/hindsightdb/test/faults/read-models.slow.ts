/** The long form of read-models.test.ts: a million events, or as many as `READ_MODEL_EVENTS` says, with a kill every few hundred ms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readModelRounds } from './read-model-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('the views of a million events are right, and every mail is sent, though processes are killed every few hundred ms', async () => {
  const events = Number(process.env['READ_MODEL_EVENTS'] ?? 1_000_000);
  const { kills, mails } = await readModelRounds({
    before: events / 10,
    during: events - events / 10,
    entityCount: 5000,
    members: 2,
    leaseMs: 500,
    killWithinMs: 800,
    appended: { atOnce: 500, pauseMs: 10 },
    seed: runSeed(),
  });
  console.log(`${kills} kills, ${mails} mails`);
  assert.ok(kills > 0);
});
