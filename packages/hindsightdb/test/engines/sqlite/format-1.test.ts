/** Stores that were written by format 1 stay readable, and go on. */

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../../src/index.ts';
import { describeStore } from './fixtures/describe-store.ts';

const fixture = new URL('./fixtures/format-1.db', import.meta.url);
const description = new URL('./fixtures/format-1.jsonl', import.meta.url);

function withCopy(work: (path: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hindsight-format-'));
    try {
      const path = join(folder, 'store.db');
      copyFileSync(fixture, path);
      await work(path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

test(
  'a store of format 1 says today what it said when it was written',
  withCopy(async (path) => {
    await using store = await openStore(path, { create: false });
    assert.equal(await describeStore(store), readFileSync(description, 'utf8'));
    assert.deepEqual((await store.check()).findings, []);
  }),
);

test(
  'a store of format 1 remembers its keys, its tags and its tombstones, and takes more events',
  withCopy(async (path) => {
    await using store = await openStore(path, { create: false });
    const again = await store.append(
      'order-1',
      [{ type: 'OrderPlaced', data: { total: 1.5, customer: 'Ada' }, tags: ['region:eu', 'customer:ada'] }],
      { key: 'first', expectedVersion: 0 },
    );
    assert.equal(again.isDuplicate, true);
    await assert.rejects(store.append('order-2', [{ type: 'Late', data: {} }]), { code: 'STREAM_TOMBSTONED' });
    await assert.rejects(
      store.append('new', [{ type: 'Late', data: {} }], {
        condition: { failIfEventsMatch: [{ tags: ['customer:ada'] }] },
      }),
      { code: 'CONDITION_CONFLICT' },
    );
    assert.equal((await store.readQuery([{ tags: ['batch:11'] }]).toArray()).length, 100);
    const { version } = await store.append('meter-0', [{ type: 'Measured', data: { value: -1 } }]);
    assert.equal(version, 401);
  }),
);
