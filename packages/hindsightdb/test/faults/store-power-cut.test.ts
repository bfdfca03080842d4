/**
 * A power cut at any moment loses nothing that anybody was told. `POWER_CUT_IMAGES` sets how many images are opened;
 * store-power-cut.slow.ts opens thousands.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FaultFolder } from './fault-folder.ts';
import { readRecord } from './fault-record.ts';
import { stopped } from './process-state.ts';
import { runSeed } from './seeded-random.ts';
import { needsFaults } from './shim/compile-shim.ts';
import { checkCuts, cutPowerUnderLoad, recordLoad, recordLoadOverWals, startRecorded } from './store-power-cut.ts';

const imagesMax = Number(process.env['POWER_CUT_IMAGES'] ?? 50);
const seed = runSeed();
const load = { lanes: 4, appendsOfLane: 5 };

describe('a power cut under a store', needsFaults(), () => {
  for (const names of ['journaled', 'strict'] as const) {
    test(`loses nothing that was acknowledged or shown to a reader (${names} names)`, async () => {
      assert.ok((await cutPowerUnderLoad({ seed, imagesMax, names, ...load })) > imagesMax / 2);
    });
  }

  test('loses nothing of a load over which the WAL begins anew', async () => {
    using folder = new FaultFolder();
    const operations = await recordLoadOverWals(folder);
    assert.ok((await checkCuts(folder, operations, { seed, imagesMax, names: 'journaled' })) > imagesMax / 2);
  });

  test('is caught losing acknowledged appends where the disk lies about the syncs of the WAL', async () => {
    await assertLiesAreCaught('-wal', (folder) => recordLoad(folder, load));
  });

  test('is caught losing acknowledged appends where the disk lies about the syncs of the database file', async () => {
    // The WAL begins anew on the word of the disk that what was in it is in the database file.
    await assertLiesAreCaught('store.db', recordLoadOverWals);
  });

  for (const kind of ['killBefore', 'killAfter'] as const) {
    test(`right after a crash loses nothing that the next opener has shown, when the crash came ${kind === 'killBefore' ? 'before' : 'after'} a sync`, async () => {
      using folder = new FaultFolder();
      const rule = folder.control.arm({ calls: ['sync'], pathEnds: '-wal', skip: 6, action: { kind } });
      await using writer = startRecorded(folder, 'load-writer.ts', ['writer', '4', '40', 'marks']);
      assert.equal((await writer.ended()).signal, 'SIGKILL', writer.errors);
      folder.control.disarm(rule);
      const firstCut = readRecord(folder.recordPath).length;
      // What the killed process wrote and did not sync is still in the page cache, and an opener finds it there.
      await using watcher = startRecorded(folder, 'log-watcher.ts', ['3']);
      await watcher.lineBeginning('done');
      const operations = readRecord(folder.recordPath);
      assert.ok(
        operations.some(
          (operation) => operation.kind === 'mark' && operation.lines.some((line) => line.startsWith('seen ')),
        ),
      );
      assert.ok((await checkCuts(folder, operations, { seed, imagesMax, names: 'journaled', firstCut })) > 0);
    });
  }

  test('loses nothing that an opener has shown which began to open while the crashed process was still writing', async () => {
    using folder = new FaultFolder();
    using control = folder.anotherControl();
    await using writer = startRecorded(folder, 'load-writer.ts', ['writer', '1', '0', 'marks']);
    await writer.lineBeginning('ready');
    // The opener stops on its way to the database file, whatever it may have synced before.
    control.arm({ calls: ['open'], pathEnds: 'store.db', times: 1, action: { kind: 'stop' } });
    await using watcher = folder.start('log-watcher.ts', ['3'], { isRecorded: true, controlPath: control.path });
    await stopped(watcher.processId);
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', skip: 3, action: { kind: 'killBefore' } });
    assert.equal((await writer.ended()).signal, 'SIGKILL', writer.errors);
    const firstCut = readRecord(folder.recordPath).length;
    watcher.signal('SIGCONT');
    await watcher.lineBeginning('done');
    const operations = readRecord(folder.recordPath);
    assert.ok((await checkCuts(folder, operations, { seed, imagesMax, names: 'journaled', firstCut })) > 0);
  });
});

async function assertLiesAreCaught(pathEnds: string, record: typeof recordLoadOverWals): Promise<void> {
  using folder = new FaultFolder();
  folder.control.arm({ calls: ['sync'], pathEnds, action: { kind: 'lie' } });
  const operations = await record(folder);
  await assert.rejects(checkCuts(folder, operations, { seed, imagesMax, names: 'journaled' }), /FAULT_SEED/);
}
