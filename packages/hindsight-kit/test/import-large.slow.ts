/** A log of half a million events, imported while it is killed again and again. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { suite, test } from 'node:test';
import { openStore } from 'hindsightdb';
import { start, succeed, temporaryFolder } from './hindsight-process.ts';
import { randomFrom, seedOfRun } from './seeded-random.ts';

const rowCount = 560_000;
const caseCount = 150_000;

interface Row {
  readonly id: string;
  readonly what: string;
  readonly at: string;
  readonly amount: string;
}

/** The rows of a log, the same at every walk. Cases come one after the other, or as they happened. */
function* rowsOf(seed: number, order: 'by case' | 'interleaved'): Generator<Row, void> {
  const random = randomFrom(seed);
  let current = 0;
  for (let index = 0; index < rowCount; index += 1) {
    if (order === 'by case') current = Math.floor((index * caseCount) / rowCount);
    else if (random() < 0.8) current = Math.floor(random() * caseCount);
    const at = new Date(1_000_000_000_000 + index * 1000).toISOString().replace('Z', '+02:00');
    yield { id: `A${current}`, what: `Step ${index % 11}`, at, amount: (random() * 500).toFixed(2) };
  }
}

async function writeLog(path: string, rows: Iterable<Row>): Promise<void> {
  const file = createWriteStream(path);
  let text = 'id,what,at,amount\n';
  for (const { id, what, at, amount } of rows) {
    text += `${id},${what},${at},${amount}\n`;
    if (text.length < 1_000_000) continue;
    if (!file.write(text)) await once(file, 'drain');
    text = '';
  }
  file.end(text);
  await finished(file);
}

const importLog = [
  'import',
  'log.csv',
  '--store',
  's.db',
  '--case',
  'id',
  '--type',
  'what',
  '--time',
  'at',
  '--number',
  'amount',
];

suite('half a million events', () => {
  for (const order of ['by case', 'interleaved'] as const)
    test(`${order}, killed at random and begun again, are there once, in the order of the file`, async (context) => {
      const seed = seedOfRun();
      context.diagnostic(`seed ${seed}`);
      const random = randomFrom(seed);
      const folder = await temporaryFolder(context);
      await writeLog(join(folder, 'log.csv'), rowsOf(seed, order));
      let kills = 0;
      for (; kills < 20; kills += 1) {
        const running = start(importLog, { folder });
        let hasEnded = false;
        void running.ended.then(() => (hasEnded = true));
        const at = Date.now() + 300 + random() * 1500;
        while (!hasEnded && Date.now() < at) await pause(10);
        running.child.kill('SIGKILL');
        if ((await running.ended).signal === null) break;
      }
      context.diagnostic(`${kills} kills`);
      await succeed(importLog, { folder });
      await succeed(importLog, { folder });
      await assertSame(join(folder, 's.db'), rowsOf(seed, order));
    });
});

async function assertSame(path: string, rows: Generator<Row, void>): Promise<void> {
  await using store = await openStore(path, { create: false, readOnly: true });
  const versions = new Map<string, number>();
  let count = 0;
  for await (const { streamId, version, type, occurredAt, data } of store.readLog()) {
    const next = rows.next();
    assert.ok(next.done !== true, `There are more events than rows: ${count}.`);
    const row = next.value;
    assert.deepEqual(
      [streamId, type, occurredAt, data],
      [`case-${row.id}`, row.what, row.at, { amount: Number(row.amount) }],
    );
    assert.equal(version, (versions.get(streamId) ?? 0) + 1);
    versions.set(streamId, version);
    count += 1;
  }
  assert.equal(count, rowCount);
}
