/** Queries that the documents show run on a store, and find what they are about. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import { openStore } from 'hindsightdb';
import { documentOf } from './documents/markdown.ts';
import { textOf, writtenFiles } from './repository.ts';

const queries = writtenFiles('.md')
  .flatMap((path) => documentOf(path, textOf(path)).blocks)
  .filter(({ info }) => info[0] === 'sql');

suite('a query in the documents finds something', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hindsight-sql-'));
  const path = join(folder, 'shop.db');
  let database: DatabaseSync;

  before(async () => {
    await writeShop(path);
    database = new DatabaseSync(path, { readOnly: true });
  });

  after(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  for (const { path: page, line, code } of queries) {
    test(`${page}:${line}`, () => {
      assert.ok(database.prepare(code).all().length > 0);
    });
  }
});

/** A shop with an order that was shipped, one that was not, and an account that was truncated; all of it indexed. */
async function writeShop(path: string): Promise<void> {
  const metadata = { actor: 'ada', release: '1.4.0' };
  await using store = await openStore(path, {
    metadata,
    events: { ...declared, BalanceCarried: { carriesState: true } },
  });
  for (const [id, total] of [
    ['order-75', 12],
    ['order-76', 30],
  ] as const) {
    await store.append(id, [{ type: 'OrderPlaced', data: { total }, tags: ['customer:ada'], occurredAt: new Date(0) }]);
  }
  await store.append('order-75', [{ type: 'OrderShipped', data: { carrier: 'bike' } }], { key: 'request-1' });
  await store.append('account-1', [
    { type: 'MoneyDeposited', data: { amount: 100 } },
    { type: 'BalanceCarried', data: { balance: 100 } },
  ]);
  await store.truncate('account-1', { before: 2 });
  await store.removeTruncated('account-1');
  // So many that closing the store brings the index tables up to the head.
  await store.append(
    'meter-1',
    Array.from({ length: 100 }, (_, index) => ({ type: 'MeterRead', data: { index } }) as const),
  );
}

const declared = { OrderPlaced: {}, OrderShipped: {}, MoneyDeposited: {}, MeterRead: {} };
