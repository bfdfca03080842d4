/** Processes that accept, decide and answer commands are killed and stopped at random. The long form is commands.slow.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRounds } from './command-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('commands that are sent until they are answered have one outcome each, whoever is killed', async () => {
  const counts = await commandRounds({
    commandCount: 1000,
    clients: 2,
    members: 2,
    entityCount: 40,
    leaseMs: 200,
    atOnce: 64,
    strikeWithinMs: 400,
    dueWithinMs: 4000,
    seed: runSeed(),
  });
  assert.ok(counts.kills > 0 && counts.answers >= 2000, JSON.stringify(counts));
});
