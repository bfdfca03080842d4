/** Views on demand, checks against a fresh fold, and rebuilds of parts. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isHindsightError, openStore, type Event, type Recorded, type Store } from '../../src/index.ts';
import { consumerInfo, setAsideFailed } from '../../src/consumers/index.ts';
import {
  checkProjection,
  defineProjection,
  documents,
  foldLive,
  projectionsOf,
  rebuildEntity,
  rebuildFrom,
  rebuildProjection,
  runProjection,
  sql,
  sqlTables,
  viewOf,
  type EventsOfStore,
} from '../../src/projections/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import { openNew, storeKinds } from '../open-stores.ts';
import {
  documentsIn,
  expectedOrders,
  orderDocuments,
  orderTables,
  rowsIn,
  type Cancelled,
  type Paid,
  type Placed,
} from './orders.ts';

const placed = (cents: number, customer = 'ann') => ({ type: 'Placed', data: { customer, cents } });

const own = documents<{ cents: number }>({ indexes: ['cents'] });
const perEntity = defineProjection({
  name: 'own',
  view: own,
  perEntity: true,
  on: {
    Placed: ({ streamId, data }: Recorded<Placed>) => [
      own.set(streamId, { cents: data.cents }),
      own.set(`${streamId}/first`, { cents: data.cents }),
    ],
    Paid: ({ streamId, data }: Recorded<Paid>) => own.set(streamId, { cents: -data.cents }),
    Cancelled: ({ streamId }: Recorded<Cancelled>) => own.remove(streamId),
  },
});

/** Spoils a view, as a bug in an earlier handler or a hand in the file would. */
async function spoil(store: Store, prefix: string): Promise<void> {
  const { engine } = store.context;
  const entries = await engine.keyedScan({ prefix, limit: 10 });
  await engine.keyedWrite(
    entries.map(({ key, value }, index) => ({ key, value: index % 2 === 0 ? null : value.replace('cents', 'cent') })),
  );
}

for (const kind of storeKinds)
  suite(`views and the log (${kind.name}):`, () => {
    test('a view as of a moment in the past is what it was then', async (context) => {
      const clock = settableClock('2026-03-01T00:00:00Z');
      const store = await openNew(context, kind, { now: clock.now });
      const { checkpoint } = await store.append('order-1', [placed(5)]);
      clock.set('2026-03-02T00:00:00Z');
      await store.append('order-1', [{ type: 'Paid', data: { cents: 2 } }]);
      await store.append('order-2', [placed(7)]);
      const { projection: inTables, tables } = orderTables();
      const past = expectedOrders(await store.readLog({ limit: 1 }).toArray());
      for (const asOf of [{ checkpoint }, { time: '2026-03-01T12:00:00Z' }]) {
        await using live = await foldLive(store, orderDocuments(), { asOf });
        assert.deepEqual(await documentsIn(live.view), past);
        assert.equal(live.eventCount, 1);
        await using rows = await foldLive(store, inTables, { asOf });
        assert.deepEqual(await rowsIn(rows.view, tables), past);
      }
      const one = await foldLive(store, orderDocuments(), { streamId: 'order-1', asOf: { version: 2 } });
      assert.equal((await one.view.get('order-1'))?.cents, 3);
      assert.equal(await one.view.get('order-2'), undefined);
      await assert.rejects(foldLive(store, orderDocuments(), { asOf: { version: 1 } }), (error) =>
        isHindsightError(error, 'INVALID_ARGUMENT'),
      );
    });

    test('a check names what a spoilt view has wrong, and finds nothing in a right one', async (context) => {
      const store = await openNew(context, kind);
      for (let index = 0; index < 6; index += 1) await store.append(`order-${index}`, [placed(index + 1)]);
      const projection = orderDocuments();
      await rebuildProjection(store, projection);
      const sound = await checkProjection(store, projection);
      assert.deepEqual([sound.differenceCount, sound.eventCount, sound.comparedCount], [0, 6, 24]);
      await spoil(store, 'view/orders@1.1/d/');
      const report = await checkProjection(store, projection);
      assert.equal(report.differenceCount, 6);
      assert.deepEqual(
        report.differences.map(({ kind: what, place, actual }) => [what, place, actual === undefined]),
        Array.from({ length: 6 }, (_, index) => ['document', `order-${index}`, index % 2 === 0]),
      );
    });

    test('a check compares rows with their types and numbers', async (context) => {
      const store = await openNew(context, kind);
      for (let index = 0; index < 3; index += 1) await store.append(`order-${index}`, [placed(index + 1)]);
      const { projection, tables } = orderTables();
      await rebuildProjection(store, projection);
      assert.equal((await checkProjection(store, projection)).differenceCount, 0);
      await store.context.engine.sql?.write({
        keyedWrites: [],
        statements: [
          { sql: 'UPDATE open_orders__1_1 SET customer = ? WHERE order_id = ?', parameters: ['bob', 'order-1'] },
          { sql: 'DELETE FROM customers__1_1', parameters: [] },
        ],
      });
      const { differences } = await checkProjection(store, projection);
      assert.deepEqual(
        differences.map(({ place, expected, actual }) => [place, expected !== undefined, actual !== undefined]),
        [
          [tables.orders.name, true, false],
          [tables.orders.name, false, true],
          [tables.customers.name, true, false],
        ],
      );
    });

    test('documents that may be another entity’s are not taken away with one that is rebuilt', async (context) => {
      const store = await openNew(context, kind);
      for (const streamId of ['order-1', 'order-1/gift', 'order-2/gift', 'order-3'])
        await store.append(streamId, [placed(5)]);
      await using run = await runProjection(store, perEntity);
      await run.waitFor(await store.head());
      await assert.rejects(rebuildEntity(store, perEntity, 'order-1'), {
        code: 'UNSUPPORTED',
        message: /order-1\/gift/,
      });
      await assert.rejects(rebuildEntity(store, perEntity, 'order-1/gift'), { code: 'UNSUPPORTED' });
      for (const streamId of ['order-2/gift', 'order-3']) await rebuildEntity(store, perEntity, streamId);
      assert.equal((await checkProjection(store, perEntity)).differenceCount, 0);
      assert.deepEqual(await run.view.get('order-1/gift'), { cents: 5 });
    });

    test('the documents of one entity are rebuilt alone, under those who keep the view', async (context) => {
      const store = await openNew(context, kind);
      for (const streamId of ['order-1', 'order-10', 'order-2'])
        await store.append(streamId, [placed(5), { type: 'Paid', data: { cents: 2 } }]);
      await using run = await runProjection(store, perEntity);
      await run.waitFor(await store.head());
      await spoil(store, 'view/own@1.1/d/order-1');
      assert.deepEqual(await rebuildEntity(store, perEntity, 'order-1'), { eventCount: 2, changedCount: 2 });
      assert.deepEqual(await run.view.get('order-1'), { cents: -2 });
      const { differences } = await checkProjection(store, perEntity);
      assert.ok(differences.length > 0 && differences.every(({ place }) => place.includes('order-10')));
      await rebuildEntity(store, perEntity, 'order-10');
      assert.equal((await checkProjection(store, perEntity)).differenceCount, 0);
      // Whoever kept the view goes on with it.
      const { checkpoint } = await store.append('order-2', [{ type: 'Cancelled', data: {} }]);
      await run.waitFor(checkpoint);
      assert.equal(await run.view.get('order-2'), undefined);
    });

    test('from a place on only what sets and removes is rebuilt', async (context) => {
      const store = await openNew(context, kind);
      const { checkpoint } = await store.append('order-1', [placed(5)]);
      await store.append('order-1', [{ type: 'Paid', data: { cents: 2 } }]);
      await store.append('order-2', [placed(1), { type: 'Cancelled', data: {} }]);
      await rebuildProjection(store, perEntity);
      await spoil(store, 'view/own@1.1/d/order-1');
      assert.deepEqual(await rebuildFrom(store, perEntity, checkpoint), { eventCount: 3, changedCount: 1 });
      assert.deepEqual(await viewOf(store, perEntity).get('order-1'), { cents: -2 });
      const updating = orderDocuments();
      await rebuildProjection(store, updating);
      await assert.rejects(
        rebuildFrom(store, updating, checkpoint),
        (error) => isHindsightError(error, 'UNSUPPORTED') && error.message.includes('updates documents at Paid'),
      );
      await assert.rejects(rebuildEntity(store, updating, 'order-1'), (error) =>
        isHindsightError(error, 'UNSUPPORTED'),
      );
      await assert.rejects(rebuildFrom(store, orderTables().projection, checkpoint), (error) =>
        isHindsightError(error, 'UNSUPPORTED'),
      );
    });

    test('an event that a handler fails at stops the projection, which says why and can go on without it', async (context) => {
      const store = await openNew(context, kind);
      const view = sqlTables({ prices: 'order_id TEXT PRIMARY KEY, cents INTEGER NOT NULL CHECK (cents > 0)' });
      const projection = defineProjection({
        name: 'prices',
        view,
        on: {
          Placed: ({ streamId, data }: Recorded<Placed>) =>
            sql`INSERT INTO ${view.tables.prices} VALUES (${streamId}, ${data.cents})`,
        },
      });
      await store.append('order-1', [placed(1)]);
      const { checkpoint: bad } = await store.append('order-2', [placed(-1)]);
      const { checkpoint } = await store.append('order-3', [placed(3)]);
      await using run = await runProjection(store, projection, { retry: { attemptsMax: 1 } });
      await assert.rejects(run.waitFor(bad), (error) => isHindsightError(error, 'CONSUMER_FAILED'));
      const { failure } = await consumerInfo(store, run.consumerName);
      assert.equal(failure?.event?.streamId, 'order-2');
      assert.match(failure?.message ?? '', /CHECK constraint/);
      await setAsideFailed(store, run.consumerName);
      await run.waitFor(checkpoint);
      assert.deepEqual(await run.view.query(sql`SELECT order_id FROM ${view.tables.prices} ORDER BY 1`), [
        { order_id: 'order-1' },
        { order_id: 'order-3' },
      ]);
    });

    test('a view may be kept in another store than the log', async (context) => {
      const [store, views] = [await openNew(context, kind), await openNew(context, kind)];
      const projection = orderDocuments();
      const { checkpoint } = await store.append('order-1', [placed(5)]);
      await using run = await runProjection(store, projection, { viewsIn: views });
      await run.waitFor(checkpoint);
      assert.equal((await viewOf(views, projection).get('order-1'))?.cents, 5);
      await rebuildProjection(store, projection, { viewsIn: views });
      assert.equal((await checkProjection(store, projection, { viewsIn: views })).differenceCount, 0);
      assert.deepEqual(await store.context.engine.keyedScan({ prefix: 'view/', limit: 1 }), []);
      await run.stop();
    });
  });

test('the events of a store may be named once for all projections', async () => {
  type Shop = Event<'Placed', { customer: string; cents: number }> | Event<'Paid', { cents: number }>;
  await using store: Store<Shop> = await openStore('memory:');
  const define = projectionsOf<EventsOfStore<typeof store>>();
  const customers = documents<{ cents: number }>();
  const projection = define({
    name: 'customers',
    view: customers,
    on: {
      Placed: ({ data }) => customers.update(data.customer, (known) => ({ cents: (known?.cents ?? 0) + data.cents })),
    },
  });
  await store.append('order-1', [{ type: 'Placed', data: { customer: 'ann', cents: 2 } }]);
  const { view } = await foldLive(store, projection);
  assert.deepEqual(await view.get('ann'), { cents: 2 });
});

test('so may those of inline projections, whose handlers see placeholders', async () => {
  type Shop = Event<'Placed', { customer: string; cents: number }> | Event<'Paid', { cents: number }>;
  const placements = documents<{ customer: string; at: string }>({ indexes: ['at'] });
  const projection = projectionsOf<Shop>()({
    name: 'placements',
    view: placements,
    inline: true,
    on: {
      Placed: ({ streamId, data, recordedAt }) => placements.set(streamId, { customer: data.customer, at: recordedAt }),
    },
  });
  await using store = await openStore('memory:', { inline: [projection], now: () => 0 });
  await store.append('order-1', [placed(1)]);
  assert.deepEqual(await viewOf(store, projection).get('order-1'), {
    customer: 'ann',
    at: '1970-01-01T00:00:00.000000Z',
  });
});

test('an upcaster may make a followed type of another one', async () => {
  await using store = await openStore('memory:', {
    upcasters: [{ type: 'OrderPlaced', upcast: ({ data }) => ({ type: 'Placed', data }) }],
  });
  await store.append('order-1', [{ type: 'OrderPlaced', data: { customer: 'ann', cents: 2 } }]);
  await rebuildProjection(store, orderDocuments());
  assert.equal((await viewOf(store, orderDocuments()).get('order-1'))?.cents, 2);
});

test('wrong definitions and wrong writes are refused with what would be right', async () => {
  const view = documents<{ cents: number }>();
  const wrong: readonly [unknown, string | RegExp][] = [
    [{ name: 'a/b', view, on: { Placed: () => undefined } }, /letters, digits/],
    [{ name: 'a', version: 0, view, on: { Placed: () => undefined } }, /version/],
    [{ name: 'a', view: {}, on: { Placed: () => undefined } }, /documents\(\) or sqlTables\(\)/],
    [{ name: 'a', view, on: {} }, /at least one/],
    [{ name: 'a', view, on: { Placed: 7 } }, /on\.Placed/],
    [{ name: 'a', view, on: { $Placed: () => undefined } }, /begins with \$/],
    [
      { name: 'a', view, query: [{ types: ['Other'] }], on: { Placed: () => undefined } },
      /no event that has a handler/,
    ],
    [{ name: 'a', view: sqlTables({ t: 'x' }), perEntity: true, on: { Placed: () => undefined } }, /perEntity/],
  ];
  for (const [definition, message] of wrong)
    assert.throws(() => defineProjection(definition as never), { message: new RegExp(message) });
  assert.throws(() => sqlTables({ a__b: 'x' }), /single underscores/);
  assert.throws(() => sqlTables({ a: '' }), /CREATE TABLE/);
  assert.throws(() => documents({ indexes: [[]] as never }), /An index/);
  await using store = await openStore('memory:');
  await store.append('order-1', [placed(1)]);
  const returning = (returned: unknown) =>
    defineProjection({ name: 'a', view, on: { Placed: () => returned as never } });
  for (const [returned, message] of [
    [Promise.resolve(), /synchronous/],
    [{ cents: 1 }, /set\(\), update\(\) or remove\(\)/],
    [view.set('x', [] as never), /must be an object/],
    [view.set('x', { cents: 1n } as never), /no JSON form/],
  ] as const)
    await assert.rejects(
      foldLive(store, returning(returned)),
      (error) => isHindsightError(error, 'VIEW_HANDLER_FAILED') && message.test(error.message),
    );
  const foreign = sqlTables({ t: 'x' });
  const inSql = defineProjection({
    name: 'a',
    view: foreign,
    on: { Placed: () => sql`INSERT INTO ${foreign.tables.t} VALUES (${{} as never})` },
  });
  await assert.rejects(foldLive(store, inSql), /A value in a SQL template/);
});
