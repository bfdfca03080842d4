/** The long form of crash.test.ts: a thousand rounds in ten parts, or as many as `CRASH_ROUNDS` says. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crashRounds, type CrashCounts } from './crash-rounds.ts';
import { runSeed } from './seeded-random.ts';

const parts = 10;
const rounds = Math.ceil(Number(process.env['CRASH_ROUNDS'] ?? 1000) / parts);
const seed = runSeed();

describe('a thousand crashes', () => {
  const counts: CrashCounts[] = [];
  for (let part = 0; part < parts; part++) {
    test(`lose nothing, part ${part + 1} of ${parts}`, async () => {
      counts.push(await crashRounds({ rounds, roundsPerStore: 20, seed: seed + part }));
    });
  }

  test('met stores while they were opened, and appends that were written and not answered', () => {
    const sum = (name: keyof CrashCounts): number => counts.reduce((total, each) => total + each[name], 0);
    assert.ok(sum('kills') >= rounds * parts);
    assert.ok(sum('killsBeforeReady') > 0, 'no store was ever killed while it was opened');
    assert.ok(sum('unansweredFound') > 0, 'no append was ever written and not answered');
  });
});
