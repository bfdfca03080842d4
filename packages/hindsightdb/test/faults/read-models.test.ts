/** Processes that keep views and send mails are killed: the views are right, and each mail is sent, none for the past. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readModelRounds } from './read-model-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('views are right and every mail is sent, and none for the past, though those who do it are killed at random', async () => {
  const { kills, mails } = await readModelRounds({
    before: 1000,
    during: 3000,
    entityCount: 50,
    members: 2,
    leaseMs: 200,
    killWithinMs: 700,
    appended: { atOnce: 10, pauseMs: 8 },
    seed: runSeed(),
  });
  assert.ok(kills > 0 && mails === 300, `${kills} kills, ${mails} mails`);
});
