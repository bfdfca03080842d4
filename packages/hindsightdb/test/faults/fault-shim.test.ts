/** The shim itself: every kind of fault really strikes a real SQLite in a real process, and only where it should. */
import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { FaultRule } from './fault-control.ts';
import { FaultFolder } from './fault-folder.ts';
import type { FaultProcess } from './fault-process.ts';
import { readRecord } from './fault-record.ts';
import { stopped } from './process-state.ts';
import { needsFaults } from './shim/compile-shim.ts';

const fullDisk = 13;
const inputOutputError = 10;

describe('the fault shim', needsFaults(), () => {
  test('a program without rules runs to its end, and nothing outside of the folder is recorded', async () => {
    using folder = new FaultFolder();
    await using program = folder.start('row-writer.ts', ['FULL', '5'], { isRecorded: true });
    const lines = await allLines(program);
    assert.deepEqual(
      lines,
      ['committed 1', 'committed 2', 'committed 3', 'committed 4', 'committed 5', 'done'],
      program.errors,
    );
    const operations = readRecord(folder.recordPath);
    assert.ok(operations.every((operation) => operation.kind === 'mark' || operation.path.startsWith(folder.path)));
    assert.deepEqual(
      operations.flatMap((operation) => (operation.kind === 'mark' ? operation.lines : [])),
      ['1', '2', '3', '4', '5'],
    );
  });

  test('the n-th sync of a file fails, and only that one', async () => {
    using folder = new FaultFolder();
    const { rule, lines } = await runWith(folder, {
      calls: ['sync'],
      pathEnds: '-wal',
      skip: 4,
      times: 1,
      action: { kind: 'error', code: 'EIO' },
    });
    assert.match(lines.at(-1) ?? '', new RegExp(`^failed ${inputOutputError} `));
    assert.ok(lines.includes('committed 1'), 'the first commits were synced before the fault');
    assert.equal((await runLines(folder, '3')).at(-1), 'done');
    assert.equal(folder.control.counts(rule).struck, 1);
  });

  test('all syncs fail from the n-th on', async () => {
    using folder = new FaultFolder();
    const { rule, lines } = await runWith(folder, { calls: ['sync'], skip: 0, action: { kind: 'error', code: 'EIO' } });
    assert.ok(folder.control.counts(rule).struck >= 1);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('committed')),
      [],
    );
  });

  test('the disk is full after so many bytes of growth, and the write that passes the bound is cut short', async () => {
    using folder = new FaultFolder();
    const roomBytes = 120_001;
    const { rule, lines } = await runWith(folder, { calls: ['write'], action: { kind: 'noSpace', roomBytes } });
    const { seen, struck } = folder.control.counts(rule);
    assert.match(lines.at(-1) ?? '', new RegExp(`^failed ${fullDisk} `));
    assert.ok(struck >= 1);
    assert.equal(seen, roomBytes, 'all the room was used');
    // The -shm file is made of holes, which take no room.
    const sizes = ['rows.db', 'rows.db-wal'].map(
      (name) => statSync(join(folder.path, name), { throwIfNoEntry: false })?.size ?? 0,
    );
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= roomBytes);
  });

  test('a rule that is armed while the process runs strikes, and disarmed strikes no more', async () => {
    using folder = new FaultFolder();
    await using program = folder.start('row-writer.ts', ['FULL', '100000']);
    await program.lineBeginning('committed 20');
    const rule = folder.control.arm({ calls: ['write'], action: { kind: 'noSpace', roomBytes: 0 } });
    assert.match(await program.lineBeginning('failed'), new RegExp(`^failed ${fullDisk} `));
    folder.control.disarm(rule);
    assert.deepEqual((await runLines(folder, '3')).at(-1), 'done');
  });

  for (const call of ['write', 'read', 'truncate', 'open'] as const) {
    test(`the n-th ${call} of a file fails with EIO`, async () => {
      using folder = new FaultFolder();
      await runLines(folder, '50');
      const skip = call === 'write' || call === 'read' ? 3 : 0;
      const { rule, lines } = await runWith(folder, { calls: [call], skip, action: { kind: 'error', code: 'EIO' } });
      assert.ok(folder.control.counts(rule).struck >= 1, `${call} was never struck`);
      assert.match(lines.at(-1) ?? '', /^failed /);
    });
  }

  test('a delayed sync is still made', async () => {
    using folder = new FaultFolder();
    const { rule, lines } = await runWith(folder, {
      calls: ['sync'],
      times: 3,
      action: { kind: 'delay', delayMs: 40 },
    });
    assert.equal(folder.control.counts(rule).struck, 3);
    assert.equal(lines.at(-1), 'done');
  });

  test('a process kills itself in the middle of a write, and leaves exactly the bytes written so far', async () => {
    using folder = new FaultFolder();
    folder.control.arm({
      calls: ['write'],
      pathEnds: '-wal',
      skip: 10,
      action: { kind: 'killBefore', writtenBytes: 100 },
    });
    await using program = folder.start('row-writer.ts', ['FULL', '50'], { isRecorded: true });
    assert.equal((await program.ended()).signal, 'SIGKILL');
    const writes = readRecord(folder.recordPath).filter(
      (operation) => operation.kind === 'write' && operation.path.endsWith('-wal'),
    );
    const last = writes.at(-1);
    assert.ok(last?.kind === 'write');
    assert.equal(writes.length, 11);
    assert.ok(last.data.length <= 100);
    assert.equal(statSync(join(folder.path, 'rows.db-wal')).size, last.offset + last.data.length);
  });

  test('a process that is killed after a sync has made it, and one killed before has not', async () => {
    for (const [kind, syncs] of [
      ['killAfter', 3],
      ['killBefore', 2],
    ] as const) {
      using folder = new FaultFolder();
      folder.control.arm({ calls: ['sync'], pathEnds: '-wal', skip: 2, action: { kind } });
      await using program = folder.start('row-writer.ts', ['FULL', '50'], { isRecorded: true });
      assert.equal((await program.ended()).signal, 'SIGKILL');
      assert.equal(
        readRecord(folder.recordPath).filter(
          (operation) => operation.kind === 'syncEnd' && operation.path.endsWith('-wal'),
        ).length,
        syncs,
        kind,
      );
    }
  });

  test('a process stops itself before a sync and goes on when it is continued', async () => {
    using folder = new FaultFolder();
    folder.control.arm({ calls: ['sync'], pathEnds: '-wal', skip: 5, times: 1, action: { kind: 'stop' } });
    await using program = folder.start('row-writer.ts', ['FULL', '50']);
    await stopped(program.processId);
    program.signal('SIGCONT');
    assert.equal((await allLines(program)).at(-1), 'done');
  });

  test('a short read is met by SQLite as an incomplete file', async () => {
    using folder = new FaultFolder();
    await runLines(folder, '50');
    const { rule } = await runWith(folder, {
      calls: ['read'],
      pathEnds: '.db',
      skip: 1,
      times: 1,
      action: { kind: 'short', bytes: 16 },
    });
    assert.equal(folder.control.counts(rule).struck, 1);
  });

  test('a sync that lies is not in the record', async () => {
    using folder = new FaultFolder();
    const rule = folder.control.arm({ calls: ['sync'], pathEnds: '-wal', action: { kind: 'lie' } });
    await using program = folder.start('row-writer.ts', ['FULL', '5'], { isRecorded: true });
    assert.equal((await allLines(program)).at(-1), 'done');
    assert.ok(folder.control.counts(rule).struck >= 5);
    assert.ok(
      !readRecord(folder.recordPath).some(
        (operation) => operation.kind === 'syncEnd' && operation.path.endsWith('-wal'),
      ),
    );
  });

  test('an ordinary user cannot write where the modes forbid it, also where the tests run as root', async () => {
    using folder = new FaultFolder();
    chmodSync(folder.path, 0o555);
    await using program = folder.start('row-writer.ts', ['FULL', '1'], { isOrdinaryUser: true });
    const { code } = await program.ended();
    chmodSync(folder.path, 0o755);
    assert.equal(code, 1);
    assert.match(program.errors, /EACCES/);
  });

  test('what the rules let through is a sound database', async () => {
    using folder = new FaultFolder();
    await runWith(folder, { calls: ['write'], action: { kind: 'noSpace', roomBytes: 200_000 } });
    const database = new DatabaseSync(join(folder.path, 'rows.db'));
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    database.close();
  });
});

async function runWith(folder: FaultFolder, rule: FaultRule): Promise<{ rule: number; lines: string[] }> {
  const number = folder.control.arm(rule);
  return { rule: number, lines: await runLines(folder, '50') };
}

async function runLines(folder: FaultFolder, rows: string): Promise<string[]> {
  await using program = folder.start('row-writer.ts', ['FULL', rows, '3000', '20']);
  // Awaited here, because leaving the function kills the program.
  return await allLines(program);
}

async function allLines(program: FaultProcess): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) lines.push(line);
  return lines;
}
