/** Real processes that keep views, killed at any moment: each event is in the view exactly once. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkProjection, viewOf, waitForView } from '../../src/projections/index.ts';
import { openAt } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import {
  countsIn,
  documentsIn,
  expectedCounts,
  expectedOrders,
  inlineDocuments,
  inlineTables,
  orderDocuments,
  orderTables,
  rowsIn,
} from './orders.ts';

const program = fileURLToPath(new URL('projection-process.ts', import.meta.url));
const appender = fileURLToPath(new URL('appending-process.ts', import.meta.url));

test('views that killed processes kept hold every event exactly once', async (context) => {
  const path = join(await temporaryFolder(context), 'store.db');
  const store = await openAt(context, path);
  const start = async () => {
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child;
  };
  const documents = orderDocuments();
  const { projection: rows, tables } = orderTables();
  const work = { isDone: false };
  const appending = (async () => {
    for (let index = 0; !work.isDone; index += 1) {
      const streamId = `order-${index % 40}`;
      await store.append(streamId, [
        { type: 'Placed', data: { customer: `c${index % 7}`, cents: 5 } },
        { type: 'Paid', data: { cents: (index % 6) + 1 } },
      ]);
    }
  })();
  for (let round = 0; round < 4; round += 1) {
    const child = await start();
    await new Promise((resolve) => setTimeout(resolve, 60 + round * 70));
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  work.isDone = true;
  await appending;
  const last = await start();
  try {
    const head = await store.head();
    for (const projection of [documents, rows]) await waitForView(store, projection, head, { timeoutMs: 30_000 });
    const events = await store.readLog().toArray();
    assert.ok(events.length > 20, `${events.length} events`);
    assert.deepEqual(await documentsIn(viewOf(store, documents)), expectedOrders(events));
    assert.deepEqual(await rowsIn(viewOf(store, rows), tables), expectedOrders(events));
    assert.deepEqual(await countsIn(viewOf(store, rows), tables), expectedCounts(events));
    for (const projection of [documents, rows])
      assert.equal((await checkProjection(store, projection)).differenceCount, 0);
  } finally {
    last.kill('SIGKILL');
    await once(last, 'exit');
  }
});

test('inline views that several processes write to, some of them killed, have no hole', async (context) => {
  const path = join(await temporaryFolder(context), 'store.db');
  const documents = inlineDocuments();
  const { projection: rows, tables } = inlineTables();
  const store = await openAt(context, path, { inline: [documents, rows] });
  for (let round = 0; round < 2; round += 1) {
    const children = ['a', 'b'].map((own) =>
      spawn(process.execPath, [appender, path, own], { stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    for (const child of children) await once(child.stdout, 'data');
    for (let index = 0; index < 40; index += 1)
      await store.append(`order-${index % 12}`, [{ type: 'Placed', data: { customer: 'own', cents: 3 } }]);
    for (const child of children) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await store.append('order-last', [{ type: 'Placed', data: { customer: 'own', cents: 3 } }]);
  const events = await store.readLog().toArray();
  assert.ok(events.length > 81, `${events.length} events`);
  assert.deepEqual(await documentsIn(viewOf(store, documents)), expectedOrders(events));
  assert.deepEqual(await rowsIn(viewOf(store, rows), tables), expectedOrders(events));
  assert.deepEqual(await countsIn(viewOf(store, rows), tables), expectedCounts(events));
  for (const projection of [documents, rows])
    assert.equal((await checkProjection(store, projection)).differenceCount, 0);
});
