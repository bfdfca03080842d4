/**
 * The proof that the power cut simulation can fail: a database that syncs loses nothing in it, and the same database
 * without syncs, with a disk that lies about them, or that tells before it has committed, is caught.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { FaultFolder } from './fault-folder.ts';
import { readRecord } from './fault-record.ts';
import { forEachPowerCut, recordedFolder, type PowerCutImage, type PowerCutOptions } from './power-cut.ts';
import { runSeed } from './seeded-random.ts';
import { needsFaults } from './shim/compile-shim.ts';

const seed = runSeed();

describe('a power cut', needsFaults(), () => {
  for (const names of ['journaled', 'strict'] as const) {
    test(`loses no acknowledged commit of a database with synchronous=FULL (${names} names)`, async () => {
      using folder = new FaultFolder();
      const operations = await record(folder, 'FULL');
      const counts = await forEachPowerCut({ operations, folder: folder.path, names, seed, imagesMax: 400 }, checkRows);
      for (const [kind, count] of Object.entries(counts))
        assert.ok(count > 0, `no image of the kind "${kind}" was made`);
    });
  }

  test('loses acknowledged commits of a database with synchronous=OFF', async () => {
    using folder = new FaultFolder();
    await findsLoss(folder, await record(folder, 'OFF'));
  });

  test('loses acknowledged commits of a database with synchronous=NORMAL, which leaves the WAL to the next checkpoint', async () => {
    using folder = new FaultFolder();
    await findsLoss(folder, await record(folder, 'NORMAL'));
  });

  test('loses acknowledged commits when the syncs of the WAL lie', async () => {
    using folder = new FaultFolder();
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', action: { kind: 'lie' } });
    await findsLoss(folder, await record(folder, 'FULL'));
  });

  test('the record of a run, applied whole, is the folder as the run left it', async () => {
    using folder = new FaultFolder();
    const options: PowerCutOptions = {
      operations: await record(folder, 'FULL'),
      folder: folder.path,
      seed,
      imagesMax: 0,
    };
    const recorded = recordedFolder(options);
    assert.deepEqual(
      [...recorded.keys()].map((path) => relative(folder.path, path)),
      ['rows.db'],
    );
    for (const [path, content] of recorded)
      assert.ok(content.equals(readFileSync(path)), `${path} differs from its record`);
  });

  test('the same seed gives the same images', async () => {
    using folder = new FaultFolder();
    const operations = await record(folder, 'FULL');
    const descriptions = async (): Promise<string[]> => {
      const seen: string[] = [];
      await forEachPowerCut(
        { operations, folder: folder.path, seed: 7, imagesMax: 30 },
        ({ description }) => void seen.push(description),
      );
      return seen;
    };
    assert.deepEqual(await descriptions(), await descriptions());
  });
});

async function record(folder: FaultFolder, synchronous: string): Promise<ReturnType<typeof readRecord>> {
  await using program = folder.start('row-writer.ts', [synchronous, '12', '2500', '5'], { isRecorded: true });
  await program.lineBeginning('done');
  return readRecord(folder.recordPath);
}

async function findsLoss(folder: FaultFolder, operations: ReturnType<typeof readRecord>): Promise<void> {
  await assert.rejects(
    forEachPowerCut({ operations, folder: folder.path, seed, imagesMax: 400 }, checkRows),
    /was acknowledged and is lost|is damaged/,
  );
}

/** Every row that the program has told of is there, the rows have no gap, and the database is sound. */
function checkRows({ folder, told }: PowerCutImage): void {
  const database = new DatabaseSync(join(folder, 'rows.db'));
  try {
    const acknowledged = Number(told.at(-1) ?? 0);
    const rows = readRows(database);
    assert.deepEqual(
      rows,
      rows.map((_, index) => index + 1),
      'the rows have a gap: the file is damaged',
    );
    assert.ok(
      rows.length >= acknowledged,
      `row ${acknowledged} was acknowledged and is lost: there are ${rows.length}`,
    );
    // The row that was being written may be there, and no other.
    assert.ok(rows.length <= acknowledged + 1, 'a row is there that was not even begun');
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok', 'the file is damaged');
  } finally {
    database.close();
  }
}

function readRows(database: DatabaseSync): number[] {
  const isCreated =
    database.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'row'").get()?.['count'] === 1;
  return isCreated
    ? database
        .prepare('SELECT number FROM row ORDER BY number')
        .all()
        .map(({ number }) => Number(number))
    : [];
}
