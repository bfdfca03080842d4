/** The long form of commands.test.ts: a hundred thousand commands, or as many as `COMMANDS` says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRounds } from './command-rounds.ts';
import { runSeed } from './seeded-random.ts';

test('a hundred thousand commands have one outcome each, whoever is killed', async () => {
  const commands = Number(process.env['COMMANDS'] ?? 100_000);
  const clients = 2;
  const counts = await commandRounds({
    commandCount: Math.ceil(commands / clients),
    clients,
    members: 2,
    entityCount: 3000,
    leaseMs: 500,
    atOnce: 400,
    strikeWithinMs: 1200,
    dueWithinMs: 60_000,
    seed: runSeed(),
  });
  console.log(JSON.stringify(counts));
  assert.ok(counts.answers >= commands && counts.kills + counts.stops > 0);
});
