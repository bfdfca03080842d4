/** Imports that are interrupted, killed, begun again, or run beside others: each event is there once. */

import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { documentsOf, hindsight, start, succeed, temporaryFolder } from './hindsight-process.ts';
import { randomFrom, seedOfRun } from './seeded-random.ts';

const mapping = ['--case', 'id', '--type', 'what', '--no-time', '--number', 'n'];
const importLog = ['import', 'log.csv', '--store', 's.db', ...mapping];

async function eventsIn(path: string): Promise<readonly RecordedEvent[]> {
  await using store = await openStore(path, { create: false, readOnly: true });
  return await store.readLog().toArray();
}

interface Row {
  readonly id: string;
  readonly what: string;
  readonly n: number;
}

/** Rows of cases that are interleaved at random, some of them in runs. */
function rowsOf(count: number, random: () => number): readonly Row[] {
  let id = 'c0';
  return Array.from({ length: count }, (_, index) => {
    if (random() < 0.6) id = `c${Math.floor(random() * 300)}`;
    return { id, what: `E${index}`, n: Math.floor(random() * 1e6) };
  });
}

function csvOf(rows: readonly Row[]): string {
  return `id,what,n\n${rows.map(({ id, what, n }) => `${id},${what},${n}\n`).join('')}`;
}

function assertEachOnce(events: readonly RecordedEvent[], rows: readonly Row[]): void {
  assert.equal(events.length, rows.length);
  assert.deepEqual(
    events.map(({ streamId, type, data }) => [streamId, type, data]),
    rows.map(({ id, what, n }) => [`case-${id}`, what, { n }]),
  );
  const versions = new Map<string, number>();
  for (const { streamId, version } of events) {
    assert.equal(version, (versions.get(streamId) ?? 0) + 1);
    versions.set(streamId, version);
  }
  assert.equal(new Set(events.map(({ id }) => id)).size, rows.length);
}

suite('an import', () => {
  test('killed at random moments and begun again holds exactly the events of the file, once', async (context) => {
    const seed = seedOfRun();
    context.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    const folder = await temporaryFolder(context);
    const rows = rowsOf(40_000, random);
    await writeFile(join(folder, 'log.csv'), csvOf(rows));
    const kills = await importKilling(folder, random);
    context.diagnostic(`${kills} kills`);
    assertEachOnce(await eventsIn(join(folder, 's.db')), rows);
  });

  test('interrupted with Ctrl-C says how to go on, exits with 130, and goes on', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(120_000, randomFrom(7));
    await writeFile(join(folder, 'log.csv'), csvOf(rows));
    const running = start([...importLog, '--json'], { folder });
    await untilStoreGrows(join(folder, 's.db'));
    running.child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await running.ended;
    assert.equal(exitCode, 130, stderr);
    const [summary] = documentsOf(stdout);
    assert.ok(typeof summary === 'object' && summary !== null && 'isComplete' in summary && 'eventsTotal' in summary);
    assert.equal(summary.isComplete, false);
    assert.equal((await eventsIn(join(folder, 's.db'))).length, summary.eventsTotal);
    assert.match(stderr, /same command/);
    await succeed(importLog, { folder });
    assertEachOnce(await eventsIn(join(folder, 's.db')), rows);
  });

  test('run twice changes nothing, whatever folder the file lies in and whether it is compressed', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(500, randomFrom(1));
    await writeFile(join(folder, 'log.csv'), csvOf(rows));
    await succeed(importLog, { folder });
    const before = await eventsIn(join(folder, 's.db'));
    const { stdout } = await succeed(importLog, { folder });
    assert.match(stdout, /Nothing new: all 500 events of log\.csv were imported before/);
    await mkdir(join(folder, 'elsewhere'));
    await writeFile(join(folder, 'elsewhere/log.csv.gz'), gzipSync(csvOf(rows)));
    await succeed(['import', 'elsewhere/log.csv.gz', '--store', 's.db', ...mapping], { folder });
    assert.deepEqual(await eventsIn(join(folder, 's.db')), before);
  });

  test('of a file that has grown imports what was added', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(3000, randomFrom(2));
    await writeFile(join(folder, 'log.csv'), csvOf(rows.slice(0, 1000)));
    await succeed(importLog, { folder });
    await appendFile(join(folder, 'log.csv'), csvOf(rows.slice(1000)).replace(/^.*\n/, ''));
    const { stdout } = await succeed([...importLog, '--json'], { folder });
    assert.deepEqual(
      documentsOf(stdout).map((document) => document?.events),
      [2000],
    );
    assertEachOnce(await eventsIn(join(folder, 's.db')), rows);
  });

  test('of a file whose last row has grown is refused', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.csv'), 'id,what,n\nA,X,1\nA,Y,2');
    await succeed(importLog, { folder });
    await appendFile(join(folder, 'log.csv'), '2\nA,Z,3\n');
    const { exitCode, stderr } = await hindsight(importLog, { folder });
    assert.equal(exitCode, 3);
    assert.match(stderr, /its last row, row 2, goes on now/);
    await writeFile(join(folder, 'log.csv'), 'id,what,n\nA,X,1\nA,Y,2\nA,Z,3');
    await succeed(importLog, { folder });
    assert.deepEqual(
      (await eventsIn(join(folder, 's.db'))).map(({ type }) => type),
      ['X', 'Y', 'Z'],
    );
  });

  test('of another file under the same name, or with another mapping, is refused and writes nothing', async (context) => {
    const folder = await temporaryFolder(context);
    const text = csvOf(rowsOf(1000, randomFrom(3)));
    await writeFile(join(folder, 'log.csv'), text);
    await succeed(importLog, { folder });
    const before = await eventsIn(join(folder, 's.db'));
    await writeFile(join(folder, 'log.csv'), text.replace('E500', 'E50x'));
    const changed = await hindsight(importLog, { folder });
    assert.equal(changed.exitCode, 3);
    assert.match(changed.stderr, /differs from that one[\s\S]*--source/);
    await writeFile(join(folder, 'log.csv'), text.slice(0, 200));
    const shorter = await hindsight(importLog, { folder });
    assert.equal(shorter.exitCode, 3);
    assert.match(shorter.stderr, /has only 200 bytes/);
    await writeFile(join(folder, 'log.csv'), text);
    const remapped = await hindsight([...importLog, '--category', 'other'], { folder });
    assert.equal(remapped.exitCode, 3);
    assert.match(remapped.stderr, /another mapping before: category differs/);
    const cut = await hindsight([...importLog, '--delimiter', ';'], { folder });
    assert.equal(cut.exitCode, 3);
    assert.match(cut.stderr, /delimiter differs/);
    assert.deepEqual(await eventsIn(join(folder, 's.db')), before);
  });

  test('gives the same rows the same ids in whichever store', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.csv'), csvOf(rowsOf(100, randomFrom(4))));
    await succeed(importLog, { folder });
    await succeed(['import', 'log.csv', '--store', 'other.db', ...mapping], { folder });
    const ids = async (name: string): Promise<string[]> => (await eventsIn(join(folder, name))).map(({ id }) => id);
    assert.deepEqual(await ids('s.db'), await ids('other.db'));
  });

  test('begun twice at the same time writes each event once', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(30_000, randomFrom(5));
    await writeFile(join(folder, 'log.csv'), csvOf(rows));
    const ended = await Promise.all([1, 2, 3].map(() => hindsight(importLog, { folder })));
    for (const { exitCode, stderr } of ended) assert.ok(exitCode === 0 || exitCode === 3, stderr);
    await succeed(importLog, { folder });
    assertEachOnce(await eventsIn(join(folder, 's.db')), rows);
  });

  test('beside writers who append to the same streams keeps their events and its own', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(30_000, randomFrom(6));
    await writeFile(join(folder, 'log.csv'), csvOf(rows));
    await using store = await openStore(join(folder, 's.db'));
    const running = start(importLog, { folder });
    let isRunning = true;
    void running.ended.then(() => (isRunning = false));
    let written = 0;
    while (isRunning) {
      await store.append(`case-c${written % 300}`, [{ type: 'Foreign', data: written }]);
      written += 1;
    }
    const { exitCode, stderr } = await running.ended;
    assert.equal(exitCode, 0, stderr);
    const events = await store.readLog().toArray();
    assert.deepEqual(
      events.filter(({ type }) => type === 'Foreign').map(({ data }) => data),
      Array.from({ length: written }, (_, index) => index),
    );
    const own = events.filter(({ type }) => type !== 'Foreign');
    assert.deepEqual(
      own.map(({ type, data }) => [type, data]),
      rows.map(({ what, n }) => [what, { n }]),
    );
  });

  test('into a stream that was ended says so, and keeps what stands before', async (context) => {
    const folder = await temporaryFolder(context);
    {
      await using store = await openStore(join(folder, 's.db'));
      await store.append('case-B', [{ type: 'X', data: 1 }]);
      await store.tombstone('case-B');
    }
    await writeFile(join(folder, 'log.csv'), 'id,what,n\nA,X,1\nB,X,2\nA,Y,3\n');
    const { exitCode, stderr } = await hindsight(importLog, { folder });
    assert.equal(exitCode, 3);
    assert.match(stderr, /Row 2 belongs to the stream "case-B", which was ended/);
  });

  test('reads standard input under the name that it is given', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(2000, randomFrom(8));
    const args = ['import', '-', '--format', 'csv', '--source', 'pipe', '--store', 's.db', ...mapping];
    await succeed(args, { folder, input: csvOf(rows.slice(0, 900)) });
    await succeed(args, { folder, input: csvOf(rows) });
    assertEachOnce(await eventsIn(join(folder, 's.db')), rows);
    assert.equal(
      (await hindsight(['import', '-', '--format', 'csv', '--store', 's.db', ...mapping], { folder })).exitCode,
      2,
    );
  });

  test('goes on in a copy of the store as far as the copy has come', async (context) => {
    const folder = await temporaryFolder(context);
    const rows = rowsOf(4000, randomFrom(9));
    await writeFile(join(folder, 'log.csv'), csvOf(rows.slice(0, 2500)));
    await succeed(importLog, { folder });
    await copyFile(join(folder, 's.db'), join(folder, 'copy.db'));
    await writeFile(join(folder, 'log.csv'), csvOf(rows));
    await succeed(['import', 'log.csv', '--store', 'copy.db', ...mapping], { folder });
    assertEachOnce(await eventsIn(join(folder, 'copy.db')), rows);
  });
});

/** Imports the log, killing the process at random: soon after it has written something, or at any time. Gives back how often. */
async function importKilling(folder: string, random: () => number): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    const path = join(folder, 's.db');
    const before = await headOf(path).catch(() => 0);
    const running = start(importLog, { folder });
    let hasEnded = false;
    void running.ended.then(() => (hasEnded = true));
    // Mostly a run may do a part of the work before it ends, and sometimes nothing at all.
    const writesFirst = random() < 0.8;
    while (writesFirst && !hasEnded && (await headOf(path).catch(() => 0)) <= before) await pause(3);
    await pause(random() * (writesFirst ? 120 : 600));
    running.child.kill('SIGKILL');
    const { signal, exitCode, stderr } = await running.ended;
    if (signal !== null) continue;
    assert.equal(exitCode, 0, stderr);
    return kills;
  }
}

/** Resolves when a store has events that a reader sees. */
async function untilStoreGrows(path: string): Promise<void> {
  for (;;) {
    try {
      if ((await headOf(path)) > 0) return;
    } catch {
      // It is being made.
    }
    await pause(5);
  }
}

async function headOf(path: string): Promise<number> {
  await using store = await openStore(path, { create: false, readOnly: true });
  return (await store.positions())[0] ?? 0;
}
