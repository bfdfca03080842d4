/** The database itself refuses what nobody may do to a recorded event. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openStore } from '../../../src/index.ts';

test('the database refuses to change, delete or replace an event, and takes no passed position', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-guards-'));
  try {
    const path = join(folder, 'store.db');
    {
      await using store = await openStore(path);
      await store.append('order-1', [
        { type: 'OrderPlaced', data: {} },
        { type: 'OrderShipped', data: {} },
      ]);
    }
    const database = new DatabaseSync(path);
    const rows = (): unknown => database.prepare('SELECT * FROM event ORDER BY position').all();
    const before = rows();
    database.exec('CREATE TEMP TABLE passed AS SELECT * FROM event WHERE position = 1; UPDATE passed SET position = 0');
    const removed = `json_set(record, '$.type', '$removed')`;
    for (const [statement, reason] of [
      [`UPDATE event SET record = json_set(record, '$.data', 1) WHERE position = 1`, /never changed/],
      [`UPDATE event SET record = ${removed} WHERE position = 1`, /never changed/],
      ['UPDATE event SET recorded_at = recorded_at + 1', /never changed/],
      ['UPDATE event SET position = 9 WHERE position = 2', /never changed/],
      ['DELETE FROM event WHERE position = 2', /never deleted/],
      ['DELETE FROM event', /never deleted/],
      ['INSERT OR REPLACE INTO event SELECT * FROM event WHERE position = 2', /never reused/],
      ['INSERT INTO event SELECT * FROM passed', /never reused/],
    ] as const) {
      assert.throws(() => database.exec(statement), reason, statement);
    }
    assert.deepEqual(rows(), before);
    database.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
