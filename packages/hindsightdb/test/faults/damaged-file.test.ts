/**
 * Files with flipped bytes, empty pages and missing ends: never a crash of the process, and always either a clear code or
 * a read that is right. `DAMAGE_CASES` sets how many seeded damages are tried.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/index.ts';
import { FaultFolder } from './fault-folder.ts';
import { runSeed, seededRandom, type SeededRandom } from './seeded-random.ts';
import { StoreProcess, type ConsoleEvent } from './store-process.ts';

const cases = Number(process.env['DAMAGE_CASES'] ?? 60);
const suffixes = ['', '-wal', '-shm'];
const clearCodes = new Set(['STORE_CORRUPT', 'FOREIGN_FILE', 'FORMAT_TOO_NEW', 'DECODE_FAILED']);

test('a damaged store is met with a clear code or read as it was, and never crashes the process', async () => {
  const seed = runSeed();
  const random = seededRandom(seed);
  using folder = new FaultFolder();
  const { files, events } = await makeStore(folder);
  await using reader = new StoreProcess({});
  let refused = 0;
  for (let number = 0; number < cases; number++) {
    // Each damage has a path of its own: a handle that met damage may have kept something of the file before.
    const path = join(folder.path, `damaged-${number}.db`);
    const description = damage(path, files, random);
    const outcome = await readDamaged(reader, path, events).catch((error: unknown) =>
      assert.fail(`${description}; FAULT_SEED=${seed}: ${String(error)}`),
    );
    if (outcome === 'refused') refused++;
    for (const suffix of suffixes) rmSync(path + suffix, { force: true });
  }
  assert.ok(refused > 0, 'no damage was ever noticed');
});

/** A store as a killed process leaves it: much in the database file, the newest appends in the WAL alone. */
async function makeStore(folder: FaultFolder): Promise<{ files: Map<string, Buffer>; events: ConsoleEvent[] }> {
  {
    await using store = await openStore(folder.storePath);
    for (let number = 0; number < 40; number++) {
      const event = { type: 'Stored', data: { number, fill: 'd'.repeat(number * 20) }, tags: [`number:${number % 7}`] };
      await store.append(`note-${number % 10}`, [event, event]);
    }
  }
  await using writer = new StoreProcess({});
  await writer.open(folder.storePath);
  for (let number = 0; number < 10; number++)
    await writer.append(`late-${number}`, [{ type: 'Stored', data: { number } }]);
  const events = await writer.read();
  writer.signal('SIGKILL');
  await writer.ended();
  const files = new Map(
    suffixes
      .map((suffix) => [suffix, folder.storePath + suffix] as const)
      .filter(([, path]) => existsSync(path))
      .map(([suffix, path]) => [suffix, readFileSync(path)]),
  );
  assert.ok((files.get('-wal')?.length ?? 0) > 0, 'the newest appends are in the WAL');
  return { files, events };
}

/** Puts the files at a new path and damages one of them. Answers what was done, for the message of a failure. */
function damage(path: string, files: ReadonlyMap<string, Buffer>, random: SeededRandom): string {
  for (const [suffix, content] of files) writeFileSync(path + suffix, content);
  const suffix = random.chance(0.75) ? '' : '-wal';
  const content = Buffer.from(files.get(suffix) ?? Buffer.alloc(0));
  const place = random.chance(0.3) ? random.below(200) : random.below(content.length);
  const way = random.below(10);
  let description: string;
  if (way < 6) {
    const count = 1 + random.below(4);
    for (let index = 0; index < count; index++) {
      const at = Math.min(content.length - 1, place + index);
      content[at] = (content[at] ?? 0) ^ (1 + random.below(255));
    }
    description = `${count} bytes from ${place} of the file${suffix} are changed`;
  } else if (way < 8) {
    const length = random.pick([16, 512, 4096]);
    content.fill(0, place, Math.min(content.length, place + length));
    description = `${length} bytes from ${place} of the file${suffix} are zeros`;
  } else {
    writeFileSync(path + suffix, content.subarray(0, place));
    return `the file${suffix} ends at ${place}`;
  }
  writeFileSync(path + suffix, content);
  return description;
}

async function readDamaged(
  reader: StoreProcess,
  path: string,
  events: readonly ConsoleEvent[],
): Promise<'read' | 'refused'> {
  const opened = await reader.outcome({ do: 'open', address: path });
  if (opened.kind === 'error') {
    assert.ok(clearCodes.has(opened.code), `opening failed with ${opened.code}: ${opened.message}`);
    return 'refused';
  }
  const read = await reader.outcome({ do: 'read' });
  if (read.kind === 'error') {
    assert.ok(clearCodes.has(read.code), `reading failed with ${read.code}: ${read.message}`);
    await reader.outcome({ do: 'close' });
    return 'refused';
  }
  // A damaged WAL ends where its first damage is, as if what lies behind had never been written: SQLite cannot tell it
  // from a torn end. What is read up to there must be right.
  const found = read.value as ConsoleEvent[];
  assert.deepEqual(found, events.slice(0, found.length), 'a damaged store was read wrongly');
  await reader.outcome({ do: 'close' });
  return 'read';
}

test('a store that lost its WAL to a copy without it is still one sound log', async () => {
  using folder = new FaultFolder();
  const { events } = await makeStore(folder);
  const copy = join(folder.path, 'copy.db');
  copyFileSync(folder.storePath, copy);
  await using reader = new StoreProcess({});
  await reader.open(copy);
  const found = await reader.read();
  assert.deepEqual(found, events.slice(0, found.length));
  assert.deepEqual(await reader.findings(), []);
});

test('a byte that changed inside a record is noticed by reads, and the check names its place', async () => {
  using folder = new FaultFolder();
  {
    await using store = await openStore(folder.storePath);
    for (let number = 1; number <= 30; number++)
      await store.append(`note-${number % 3}`, [{ type: 'Stored', data: `needle ${number}.` }]);
  }
  const content = readFileSync(folder.storePath);
  const place = content.indexOf('needle 17.');
  assert.equal(content.lastIndexOf('needle 17.'), place);
  content[place] = 'N'.charCodeAt(0);
  writeFileSync(folder.storePath, content);
  await using store = await openStore(folder.storePath);
  await assert.rejects(store.readLog().toArray(), { code: 'STORE_CORRUPT', message: /position 17/ });
  await assert.rejects(store.readStream('note-2').toArray(), { code: 'STORE_CORRUPT' });
  assert.equal((await store.readStream('note-1').toArray()).length, 10, 'what is not damaged is read');
  const { findings } = await store.check();
  assert.deepEqual(
    findings.map(({ kind, position }) => ({ kind, position })),
    [{ kind: 'checksum-mismatch', position: 17 }],
  );
});
