/** A full disk: appends are refused with DISK_FULL and leave nothing behind, reads go on, and so does all when space returns. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { needsFaults } from './shim/compile-shim.ts';
import type { ConsoleAnswer, StoreProcess } from './store-process.ts';

const event = { type: 'Stored', data: { fill: 'd'.repeat(2000) } };

describe('a full disk', needsFaults(), () => {
  // Rooms of different sizes end within the frames of a commit, between them, and while the database file grows.
  for (const roomBytes of [0, 1, 4095, 20_000, 61_234]) {
    test(`refuses appends with DISK_FULL after ${roomBytes} bytes, and takes them again when there is space`, async () => {
      using folder = new FaultFolder();
      await using store = folder.startStore();
      await store.open(folder.storePath);
      await store.append('parcel-1', [event, event]);

      const rule = folder.control.arm({ calls: ['write'], action: { kind: 'noSpace', roomBytes } });
      const appended = await appendUntilRefused(store);
      assert.ok(folder.control.counts(rule).struck > 0);
      const full = await store.read();
      assert.equal(full.length, 2 + appended, 'what was acknowledged is readable on the full disk, and nothing else');
      assert.equal(await store.codeOf({ do: 'append', streamId: 'parcel-2', events: [event] }), 'DISK_FULL');
      assert.deepEqual(await store.read(), full, 'a refused append leaves no trace');

      folder.control.disarm(rule);
      await store.append('parcel-3', [event]);
      const after = await store.read();
      assert.deepEqual(after.slice(0, full.length), full);
      assert.equal(after.length, full.length + 1);
      assert.deepEqual(await store.findings(), []);
      await store.close();
      await assertSame(folder, after.length);
    });
  }

  test('of many appends under way each is either acknowledged and there, or refused and not there', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore();
    await store.open(folder.storePath);
    folder.control.arm({ calls: ['write'], action: { kind: 'noSpace', roomBytes: 150_000 } });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map((number) =>
        store.outcome({ do: 'append', streamId: `parcel-${number}`, events: [event, { ...event, data: { number } }] }),
      ),
    );
    assert.ok(
      answers.every((answer) => answer.kind === 'ok' || answer.code === 'DISK_FULL'),
      JSON.stringify(answers.find(isOtherError)),
    );
    const acknowledged = numbers.filter((number) => answers[number]?.kind === 'ok').map((number) => `parcel-${number}`);
    assert.ok(acknowledged.length < numbers.length, 'the disk was never full');
    const expected = acknowledged.flatMap((streamId) => [`${streamId} 1`, `${streamId} 2`]);
    assert.deepEqual((await versions(store)).toSorted(), expected.toSorted());
  });

  // What the first of these writes fits into the memory of the connection; the second goes to the disk before the commit.
  for (const rowCount of [100, 40_000]) {
    test(`refuses ${rowCount} rows of a view with DISK_FULL, whole, and takes them when there is space`, async () => {
      using folder = new FaultFolder();
      await using store = folder.startStore();
      await store.open(folder.storePath);
      await store.execute('CREATE TABLE view (id INTEGER PRIMARY KEY, fill TEXT)');
      const filling = `WITH RECURSIVE number (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number LIMIT ${rowCount}) INSERT INTO view SELECT id, hex(zeroblob(500)) FROM number`;
      const statements = ['INSERT INTO view VALUES (0, NULL)', filling].map((sql) => ({ sql, parameters: [] }));

      const rule = folder.control.arm({ calls: ['write'], action: { kind: 'noSpace', roomBytes: 20_000 } });
      assert.equal(await store.codeOf({ do: 'execute', statements }), 'DISK_FULL');
      assert.ok(folder.control.counts(rule).struck > 0);
      assert.deepEqual(await store.query('SELECT * FROM view'), []);
      folder.control.disarm(rule);
      await store.execute(...statements.map(({ sql }) => sql));
      assert.deepEqual(await store.query('SELECT count(*) AS rows FROM view'), [{ rows: rowCount + 1 }]);
      assert.deepEqual(await store.findings(), []);
    });
  }

  test('met only by the checkpoint of the WAL refuses no append, and writes none twice', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore();
    await store.open(folder.storePath);
    const rule = folder.control.arm({
      calls: ['write'],
      pathEnds: 'store.db',
      action: { kind: 'noSpace', roomBytes: 0 },
    });
    // Enough to pass the size at which the writer empties the WAL into the database file, which cannot grow.
    const large = { type: 'Stored', data: 'l'.repeat(600_000) };
    for (let number = 0; number < 40; number++) {
      await Promise.all([store.append(`parcel-${number}`, [large]), store.append(`parcel-${number}`, [large])]);
    }
    assert.ok(folder.control.counts(rule).struck > 0, 'no checkpoint was tried');
    assert.deepEqual(
      await versions(store),
      Array.from({ length: 40 }, (_, number) => [`parcel-${number} 1`, `parcel-${number} 2`]).flat(),
    );
    folder.control.disarm(rule);
    await store.append('parcel-1', [event]);
    await store.close();
    await assertSame(folder, 81);
  });

  test('a store cannot be made on a full disk, and can when there is space', async () => {
    using folder = new FaultFolder();
    await using store = folder.startStore();
    const rule = folder.control.arm({ calls: ['write'], action: { kind: 'noSpace', roomBytes: 6000 } });
    assert.equal(await store.codeOf({ do: 'open', address: folder.storePath }), 'DISK_FULL');
    folder.control.disarm(rule);
    await store.open(folder.storePath);
    await store.append('parcel-1', [event]);
    assert.equal((await store.read()).length, 1);
  });

  test('a store opens for reading on a full disk after a crash', async () => {
    using folder = new FaultFolder();
    await using first = folder.startStore();
    await first.open(folder.storePath);
    await first.append('parcel-1', [event, event, event]);
    first.signal('SIGKILL');
    await first.ended();

    folder.control.arm({ calls: ['write'], pathEnds: 'store.db', action: { kind: 'noSpace', roomBytes: 0 } });
    folder.control.arm({ calls: ['write'], pathEnds: '-wal', action: { kind: 'noSpace', roomBytes: 0 } });
    await using second = folder.startStore();
    await second.open(folder.storePath);
    assert.equal((await second.read()).length, 3);
    assert.equal(await second.codeOf({ do: 'append', streamId: 'parcel-2', events: [event] }), 'DISK_FULL');
  });
});

async function versions(store: StoreProcess): Promise<string[]> {
  return (await store.read()).map(({ streamId, version }) => `${streamId} ${version}`);
}

/** Appends until the disk is full, and answers how many events were acknowledged. */
async function appendUntilRefused(store: StoreProcess): Promise<number> {
  for (let appended = 0; ; appended++) {
    const answer = await store.outcome({ do: 'append', streamId: 'parcel-1', events: [event] });
    if (answer.kind === 'ok') continue;
    assert.equal(answer.code, 'DISK_FULL', answer.message);
    return appended;
  }
}

async function assertSame(folder: FaultFolder, eventCount: number): Promise<void> {
  await using store = await openStore(folder.storePath, { create: false });
  assert.equal((await store.readLog().toArray()).length, eventCount);
  assert.deepEqual((await store.check()).findings, []);
}

function isOtherError(answer: ConsoleAnswer): boolean {
  return answer.kind === 'error' && answer.code !== 'DISK_FULL';
}
