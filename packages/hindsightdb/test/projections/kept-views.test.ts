/** Which views a store keeps, and taking one away. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { storeOver, type Store } from '../../src/index.ts';
import {
  listViews,
  rebuildProjection,
  removeView,
  runProjection,
  viewOf,
  waitForView,
  type KeptView,
} from '../../src/projections/index.ts';
import { openNew, storeKinds } from '../open-stores.ts';
import { documentsIn, inlineDocuments, orderDocuments, orderTables } from './orders.ts';

async function fill(store: Store): Promise<void> {
  for (let index = 1; index <= 5; index += 1)
    await store.append(`order-${index}`, [{ type: 'Placed', data: { customer: 'ann', cents: index } }]);
}

function summary({ name, version, mode, isPublic, shown, building, replacedBuilds }: KeptView) {
  return [name, version, mode, isPublic, shown?.consumerName, building?.consumerName, replacedBuilds];
}

for (const kind of storeKinds)
  suite(`kept views (${kind.name}):`, () => {
    test('are listed with what is shown, what is built and what was replaced', async (context) => {
      const store = await openNew(context, kind);
      assert.deepEqual(await listViews(store), []);
      await fill(store);
      const inline = inlineDocuments();
      const withViews = storeOver(store.context.engine, { inline: [inline] });
      const { checkpoint } = await withViews.append('order-6', [
        { type: 'Placed', data: { customer: 'bob', cents: 6 } },
      ]);
      await waitForView(withViews, inline, checkpoint);
      for (const version of [1, 2, 2]) await rebuildProjection(store, orderDocuments('orders', version));
      const interruption = AbortSignal.abort(new Error('enough'));
      await assert.rejects(rebuildProjection(store, orderDocuments('orders', 2), { signal: interruption }), /enough/);
      const views = await listViews(store);
      assert.deepEqual(views.map(summary), [
        ['inline-orders', 1, 'inline', true, 'inline-orders@1.1', undefined, []],
        ['orders', 1, 'asynchronous', false, 'orders@1.1', undefined, []],
        ['orders', 2, 'asynchronous', true, 'orders@2.2', undefined, [1]],
      ]);
      const positions = views.map(({ shown }) => shown?.positions.reduce((sum, position) => sum + position, 0));
      assert.deepEqual(positions, [6, 6, 6]);
    });

    test('are gone for readers when they are removed, and built anew when they are wanted again', async (context) => {
      const store = await openNew(context, kind);
      await fill(store);
      const projection = orderDocuments();
      await rebuildProjection(store, projection);
      await removeView(store, projection);
      assert.deepEqual(await listViews(store), []);
      await assert.rejects(viewOf(store, projection).get('order-1'), { code: 'VIEW_NOT_BUILT' });
      await assert.rejects(removeView(store, projection), { code: 'VIEW_NOT_BUILT' });
      assert.deepEqual(
        (await store.context.engine.keyedScan({ prefix: 'view/', limit: 10 })).map(({ key }) => key),
        [],
      );
      const { build } = await rebuildProjection(store, projection);
      assert.equal(build, 2);
      assert.equal(Object.keys(await documentsIn(viewOf(store, projection))).length, 5);
    });

    test('of an inline projection are carried by no append after that, and built anew when a store is opened with them', async (context) => {
      const store = await openNew(context, kind);
      const inline = inlineDocuments();
      const withViews = storeOver(store.context.engine, { inline: [inline] });
      await fill(withViews);
      await removeView(store, inline);
      await fill(withViews);
      await assert.rejects(viewOf(store, inline).get('order-1'), { code: 'VIEW_NOT_BUILT' });
      const again = storeOver(store.context.engine, { inline: [inline] });
      await fill(again);
      await waitForView(again, inline, await store.head());
      assert.equal(Object.keys(await documentsIn(viewOf(store, inline))).length, 5);
    });

    test('are built anew by a process that still runs them', async (context) => {
      const store = await openNew(context, kind);
      await fill(store);
      const projection = orderDocuments();
      await using run = await runProjection(store, projection);
      await run.waitFor(await store.head());
      await removeView(store, projection);
      await run.waitFor(await store.head());
      assert.equal(Object.keys(await documentsIn(run.view)).length, 5);
    });

    test('of SQL tables leave no table behind, and the public name to the version before', async (context) => {
      const store = await openNew(context, kind);
      const { sql } = store.context.engine;
      if (sql === undefined) {
        await assert.rejects(rebuildProjection(store, orderTables().projection), { code: 'UNSUPPORTED' });
        return;
      }
      await fill(store);
      const versions = [1, 2].map((version) => orderTables('tables', version).projection);
      for (const projection of versions) await rebuildProjection(store, projection);
      const names = async (): Promise<readonly unknown[]> => {
        const rows = await sql.query({
          sql: "SELECT name FROM sqlite_schema WHERE name LIKE 'open_orders%' AND type IN ('table', 'view') ORDER BY name",
          parameters: [],
        });
        return rows.map(({ name }) => name);
      };
      const count = async (): Promise<unknown> =>
        (await sql.query({ sql: 'SELECT count(*) AS count FROM open_orders', parameters: [] }))[0]?.['count'];
      const [first, second] = versions;
      assert.ok(first !== undefined && second !== undefined);
      await removeView(store, second);
      assert.deepEqual(await names(), ['open_orders', 'open_orders__1', 'open_orders__1_1']);
      assert.equal(Number(await count()), 5);
      await removeView(store, first);
      assert.deepEqual(await names(), []);
    });
  });
