/**
 * The log is read in pieces, from which large records are left out. A reader must not notice where a piece ends, nor which
 * records were fetched by themselves.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openForWriting } from '../../../src/engines/sqlite/database.ts';
import { LogWalk } from '../../../src/engines/sqlite/log-walk.ts';
import { rowOf } from '../../../src/engines/sqlite/rows.ts';
import { Writer } from '../../../src/engines/sqlite/writer.ts';

test('a walk hands out every row of its range once, large records included, in either direction', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-log-walk-'));
  const path = join(folder, 'walk.db');
  const { database } = openForWriting({ path, create: true, newLogId: 'log', newEpoch: 'epoch', now: 1 });
  // Around the bound of what stays in a piece, with letters of several bytes, and far beyond it.
  const sizes = [10, 16_300, 16_400, 100_000];
  const records = Array.from({ length: 2500 }, (_, index) => {
    const text = 'ä'.repeat((sizes[index % 97] ?? 20) / 2);
    return `{"id":"e${index}","type":"T","data":"${text}"}`;
  });
  const events = records.map((record, index) => ({ id: `e${index}`, type: 'T', tags: [], record }));
  database.exec('BEGIN IMMEDIATE');
  new Writer(database).writeGroup([{ streams: [{ streamId: 's-1', expectedVersion: 0, events }] }], 1);
  database.exec('COMMIT');

  const walk = new LogWalk(database);
  const read = (direction: 'forward' | 'backward', from: number, end: number, limit: number): string[] => {
    const found: string[] = [];
    const isEnd = walk.walk({ direction, from, end, limit }, (row) => found.push(String(rowOf(row)[4])) > 0);
    assert.equal(isEnd, true);
    return found;
  };
  assert.deepEqual(read('forward', 0, 2500, 1000), records);
  assert.deepEqual(read('forward', 100, 150, 7), records.slice(100, 150));
  assert.deepEqual(read('backward', 2501, 1, 1000), records.toReversed());
  assert.deepEqual(read('backward', 51, 11, 3), records.slice(10, 50).toReversed());

  let count = 0;
  assert.equal(
    walk.walk({ direction: 'forward', from: 0, end: 2500, limit: 10 }, () => (count += 1) < 1500),
    false,
  );
  assert.equal(count, 1500);
  database.close();
  rmSync(folder, { recursive: true, force: true });
});
