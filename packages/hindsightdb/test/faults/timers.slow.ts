/** The long form of timers.test.ts: a hundred thousand timers, or as many as `TIMERS` says; and a million at flat memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { setWrites } from '../../src/timers/stored-timer.ts';
import { FaultFolder } from './fault-folder.ts';
import { FaultProcess } from './fault-process.ts';
import { runSeed } from './seeded-random.ts';
import { timerRounds } from './timer-rounds.ts';

test('a hundred thousand timers are fired once by processes that are killed every few hundred milliseconds', async () => {
  const timerCount = Number(process.env['TIMERS'] ?? 100_000);
  const counts = await timerRounds({
    timerCount,
    members: 3,
    leaseMs: 400,
    dueWithinMs: 10_000,
    strikeWithinMs: 800,
    seed: runSeed(),
  });
  console.log(JSON.stringify(counts));
  assert.ok(counts.kills > 0 && counts.fired > timerCount / 2);
});

test('the first thousand of a million timers that are due are fired with as little memory as a thousand alone', async () => {
  const grown: number[] = [];
  for (const timerCount of [1000, 1_000_000]) {
    using folder = new FaultFolder();
    await setMany(folder.storePath, timerCount);
    await using program = FaultProcess.start({ program: 'timer-memory.ts', programArguments: [folder.path, '1000'] });
    grown.push(Number((await program.lineBeginning('grown')).split(' ')[1]));
    await program.lineBeginning('done');
    await using store = await openStore(folder.storePath);
    assert.equal((await store.readLog().toArray()).length, 1000);
  }
  const [few = 0, many = 0] = grown;
  console.log(
    `grown by ${(few / 2 ** 20).toFixed(1)} MiB with a thousand, by ${(many / 2 ** 20).toFixed(1)} MiB with a million`,
  );
  assert.ok(many < few + 32 * 2 ** 20, `${many} bytes with a million, ${few} with a thousand`);
});

async function setMany(path: string, timerCount: number): Promise<void> {
  await using store = await openStore(path);
  for (let first = 0; first < timerCount; first += 1000) {
    const timers = Array.from({ length: 1000 }, (_, index) => ({
      group: 'many',
      id: `timer-${first + index}`,
      dueAt: (first + index) * 1000,
      dataText: JSON.stringify({ number: first + index }),
    }));
    const writes = await Promise.all(timers.map(async (timer) => await setWrites(store.context, undefined, timer)));
    assert.deepEqual(await store.context.engine.keyedWrite(writes.flat()), []);
  }
}
