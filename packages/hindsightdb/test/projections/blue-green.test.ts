/** Builds are made beside the one that is shown, and readers see complete ones only. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isHindsightError, openStore, storeOver, type Checkpoint, type Recorded, type Store } from '../../src/index.ts';
import {
  defineProjection,
  documents,
  listViews,
  rebuildProjection,
  removeReplacedBuilds,
  removeView,
  runProjection,
  sql,
  viewOf,
  waitForView,
} from '../../src/projections/index.ts';
import { openNew, storeKinds } from '../open-stores.ts';
import { mortal } from './mortal-engine.ts';
import {
  documentsIn,
  expectedOrders,
  inlineDocuments,
  orderDocuments,
  orderTables,
  rowsIn,
  type Placed,
} from './orders.ts';

const placed = (cents: number) => ({ type: 'Placed', data: { customer: `c${cents % 3}`, cents } });

async function fill(store: Store, count: number, from = 0): Promise<Checkpoint> {
  let checkpoint: Checkpoint | undefined;
  for (let index = from; index < from + count; index += 1)
    ({ checkpoint } = await store.append(`order-${index}`, [placed(index + 1)]));
  if (checkpoint === undefined) throw new Error('Fill with something.');
  return checkpoint;
}

async function keysOf(store: Store, prefix: string): Promise<readonly string[]> {
  return (await store.context.engine.keyedScan({ prefix, limit: 1000 })).map(({ key }) => key);
}

for (const kind of storeKinds)
  suite(`builds (${kind.name}):`, () => {
    test('readers never see an empty or half-built view while it is rebuilt under appends', async (context) => {
      const store = await openNew(context, kind);
      await fill(store, 40);
      const asynchronous = orderDocuments();
      const inline = inlineDocuments();
      const withViews = storeOver(store.context.engine, { inline: [inline] });
      const first = await withViews.append('order-first', [placed(1)]);
      await using run = await runProjection(store, asynchronous, { batchSizeMax: 7 });
      await run.waitFor(first.checkpoint);
      await waitForView(withViews, inline, first.checkpoint);
      const work = { isDone: false };
      let least = 41;
      const reading = (async () => {
        while (!work.isDone) {
          for (const projection of [asynchronous, inline]) {
            const { documents: found } = await viewOf(store, projection).find({ limit: 1000 });
            assert.ok(found.length >= least, `${projection.name} shows ${found.length} of ${least}`);
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      const appending = (async () => {
        for (let index = 100; !work.isDone; index += 1) {
          const { checkpoint } = await withViews.append(`order-${index}`, [placed(1)]);
          await run.waitFor(checkpoint);
          // What was waited for is shown from then on, whichever build it is.
          least += 1;
        }
      })();
      for (let round = 0; round < 3; round += 1) {
        await rebuildProjection(store, asynchronous, { batchSizeMax: 7 });
        await rebuildProjection(withViews, inline);
      }
      work.isDone = true;
      await Promise.all([reading, appending]);
      await run.waitFor(await store.head());
      const expected = expectedOrders(await store.readLog().toArray());
      assert.deepEqual(await documentsIn(viewOf(store, asynchronous)), expected);
      assert.deepEqual(await documentsIn(viewOf(store, inline)), expected);
      await withViews.inline?.close();
    });

    test('a rebuild that was interrupted goes on where it was', async (context) => {
      const store = await openNew(context, kind);
      const end = await fill(store, 30);
      const projection = orderDocuments();
      await using run = await runProjection(store, projection);
      await run.waitFor(end);
      const stop = new AbortController();
      const rebuilding = rebuildProjection(store, projection, {
        batchSizeMax: 2,
        signal: stop.signal,
        onProgress: ({ done }) => done > 4 && stop.abort(new Error('Enough for now.')),
      });
      await assert.rejects(rebuilding, /Enough for now/);
      assert.equal(run.consumerName, 'orders@1.1');
      const again = await rebuildProjection(store, projection, { batchSizeMax: 5 });
      assert.equal(again.build, 2);
      assert.ok(again.eventCount < 30, `${again.eventCount} events were handled again`);
      assert.deepEqual(await documentsIn(viewOf(store, projection)), expectedOrders(await store.readLog().toArray()));
    });

    test('a rebuild whose process was killed is finished by the next', async (context) => {
      const store = await openNew(context, kind);
      await fill(store, 30);
      const projection = orderDocuments();
      const life = mortal(store.context.engine);
      const dying = rebuildProjection(storeOver(life.engine), projection, {
        batchSizeMax: 2,
        leaseMs: 100,
        onProgress: ({ done }) => done > 4 && life.kill(),
      });
      await assert.rejects(dying);
      await rebuildProjection(store, projection, { leaseMs: 100 });
      assert.deepEqual(await documentsIn(viewOf(store, projection)), expectedOrders(await store.readLog().toArray()));
    });

    test('processes that rebuild at once make one build', async (context) => {
      const store = await openNew(context, kind);
      await fill(store, 30);
      const projection = orderDocuments();
      const others = [store, storeOver(store.context.engine), storeOver(store.context.engine)];
      const options = { batchSizeMax: 4, leaseMs: 100 };
      const built = await Promise.all(others.map(async (each) => await rebuildProjection(each, projection, options)));
      assert.deepEqual(
        built.map(({ build }) => build),
        [1, 1, 1],
      );
      assert.deepEqual(await documentsIn(viewOf(store, projection)), expectedOrders(await store.readLog().toArray()));
    });

    test('a new version is built beside the old one, which old code goes on reading', async (context) => {
      const store = await openNew(context, kind);
      const end = await fill(store, 5);
      const { projection: old, tables } = orderTables();
      const { projection: next } = orderTables('tables', 2);
      await using running = await runProjection(store, old);
      await running.waitFor(end);
      await assert.rejects(viewOf(store, next).query(sql`SELECT 1 FROM ${tables.orders}`), (error) =>
        isHindsightError(error, 'VIEW_NOT_BUILT'),
      );
      await using runningNext = await runProjection(store, next);
      await runningNext.waitFor(end);
      const { checkpoint } = await store.append('order-9', [placed(9)]);
      await Promise.all([running.waitFor(checkpoint), runningNext.waitFor(checkpoint)]);
      const expected = expectedOrders(await store.readLog().toArray());
      assert.deepEqual(await rowsIn(viewOf(store, old), tables), expected);
      assert.deepEqual(await rowsIn(viewOf(store, next), tables), expected);
      const query = (text: string) => store.context.engine.sql?.query({ sql: text, parameters: [] });
      assert.deepEqual(await query('SELECT count(*) AS count FROM open_orders'), [{ count: 6 }]);
      assert.deepEqual(await query("SELECT sql FROM sqlite_schema WHERE name = 'open_orders'"), [
        { sql: 'CREATE VIEW "open_orders" AS SELECT * FROM "open_orders__2_1"' },
      ]);
    });

    test('another definition under the same version is refused', async (context) => {
      const store = await openNew(context, kind);
      await using _ = await runProjection(store, orderDocuments());
      const other = documents<{ customer: string }>({ indexes: ['customer'] });
      const changed = defineProjection({
        name: 'orders',
        view: other,
        on: { Placed: ({ streamId, data }: Recorded<Placed>) => other.set(streamId, data) },
      });
      await assert.rejects(runProjection(store, changed), (error) => isHindsightError(error, 'VIEW_CHANGED'));
      await assert.rejects(
        openStoreOver(store, inlineDocuments('orders')),
        (error) => isHindsightError(error, 'VIEW_CHANGED') && error.message.includes('inline'),
      );
    });

    test('a name of a table that is taken is refused before anything is built', async (context) => {
      const store = await openNew(context, kind);
      await using _ = await runProjection(store, orderTables().projection);
      await assert.rejects(
        runProjection(store, orderTables('others', 2).projection),
        (error) => isHindsightError(error, 'INVALID_ARGUMENT') && error.message.includes('the projection tables'),
      );
      await store.context.engine.sql?.write({
        keyedWrites: [],
        statements: [{ sql: 'CREATE TABLE My_Customers (name TEXT)', parameters: [] }],
      });
      await assert.rejects(
        rebuildProjection(store, orderTables('own', 1, 'my_').projection),
        (error) => isHindsightError(error, 'INVALID_ARGUMENT') && error.message.includes('My_Customers'),
      );
    });

    test('what was replaced is removed on request, or by the next rebuild', async (context) => {
      const store = await openNew(context, kind);
      await fill(store, 12);
      const projection = orderDocuments();
      const { projection: inTables } = orderTables();
      for (const each of [projection, inTables]) {
        await rebuildProjection(store, each);
        await rebuildProjection(store, each);
      }
      assert.ok((await keysOf(store, 'view/orders@1.1/')).length > 12);
      assert.equal(await removeReplacedBuilds(store, projection), 1);
      assert.equal(await removeReplacedBuilds(store, projection), 0);
      assert.deepEqual(await keysOf(store, 'view/orders@1.1/'), []);
      assert.deepEqual(await keysOf(store, 'slice/orders@1.1/'), []);
      await rebuildProjection(store, inTables);
      const names = await store.context.engine.sql?.query({
        sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'open_orders%' ORDER BY name",
        parameters: [],
      });
      assert.deepEqual(
        names?.map(({ name }) => name),
        ['open_orders__1_2', 'open_orders__1_3'],
      );
    });

    test('a version that nobody reads any more is given up', async (context) => {
      const store = await openNew(context, kind);
      const end = await fill(store, 3);
      for (const version of [1, 2]) {
        await using run = await runProjection(store, orderTables('tables', version).projection);
        await run.waitFor(end);
      }
      const shown = (await listViews(store)).map((view) => [view.version, view.isPublic, view.shown?.consumerName]);
      assert.deepEqual(shown, [
        [1, false, 'tables@1.1'],
        [2, true, 'tables@2.1'],
      ]);
      await removeView(store, { name: 'tables', version: 1 });
      const names = await store.context.engine.sql?.query({
        sql: "SELECT name FROM sqlite_schema WHERE name LIKE 'open_orders%' AND name NOT LIKE '%i1' ORDER BY name",
        parameters: [],
      });
      assert.deepEqual(
        names?.map(({ name }) => name),
        ['open_orders', 'open_orders__2', 'open_orders__2_1'],
      );
    });

    test('a view of a log that was restored is noticed, and taken out of sight until it is built anew', async (context) => {
      const [first, restored, views] = [
        await openNew(context, kind),
        await openNew(context, kind),
        await openNew(context, kind),
      ];
      const projection = orderDocuments();
      const options = { viewsIn: views, leaseMs: 100 };
      await fill(first, 3);
      await using run = await runProjection(first, projection, options);
      await run.waitFor(await first.head());
      await run.stop();
      await fill(restored, 2, 7);
      await assert.rejects(runProjection(restored, projection, options), (error) =>
        isHindsightError(error, 'CONSUMER_DIVERGED'),
      );
      assert.equal((await viewOf(views, projection).find()).documents.length, 3);
      await using again = await runProjection(restored, projection, { ...options, onDiverged: 'reset' });
      const seen = new Set<number>();
      for (let isBuilt = false; !isBuilt;) {
        const found = await again.view.find().catch((error: unknown) => {
          assert.ok(isHindsightError(error, 'VIEW_NOT_BUILT'), String(error));
          return undefined;
        });
        if (found !== undefined) seen.add(found.documents.length);
        isBuilt = found?.documents.some(({ id }) => id === 'order-7') === true;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(
        [...seen].toSorted((left, right) => left - right),
        seen.has(3) ? [2, 3] : [2],
      );
      assert.deepEqual(await documentsIn(again.view), expectedOrders(await restored.readLog().toArray()));
    });

    test('a handler that fails stops the rebuild, and what is shown stays', async (context) => {
      const store = await openNew(context, kind);
      const end = await fill(store, 3);
      await rebuildProjection(store, orderDocuments());
      const view = documents<{ customer: string }>({
        indexes: ['customer', ['customer', 'cents'], 'placedAt'] as never,
      });
      const failing = defineProjection({
        name: 'orders',
        category: 'order',
        view,
        on: {
          Placed: () => {
            throw new Error('No such customer.');
          },
        },
      });
      await assert.rejects(
        rebuildProjection(store, failing, { retry: { attemptsMax: 1 } }),
        (error) => isHindsightError(error, 'CONSUMER_FAILED') && error.message.includes('No such customer.'),
      );
      assert.equal((await viewOf(store, failing).find()).documents.length, 3);
      await store.validateCheckpoint(end);
    });
  });

async function openStoreOver(store: Store, projection: ReturnType<typeof inlineDocuments>): Promise<void> {
  await storeOver(store.context.engine, { inline: [projection] }).inline?.ready();
}

test('tables need an engine that has SQL', async () => {
  await using store = await openStore('memory:');
  const { projection } = orderTables();
  const engine = new Proxy(store.context.engine, {
    get: (target, name): unknown => {
      if (name === 'sql') return undefined;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function'
        ? (...given: unknown[]): unknown => Reflect.apply(member, target, given)
        : member;
    },
  });
  await assert.rejects(runProjection(storeOver(engine), projection), (error) => isHindsightError(error, 'UNSUPPORTED'));
});
