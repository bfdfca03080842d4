/** Inline views are written by the appends themselves: read your own writes, never a hole. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  defineDecider,
  handle,
  isHindsightError,
  openStore,
  storeOver,
  type Event,
  type Recorded,
} from '../../src/index.ts';
import {
  checkProjection,
  defineProjection,
  documents,
  rebuildProjection,
  runProjection,
  sql,
  sqlTables,
  viewOf,
  waitForView,
  type InlineRecorded,
} from '../../src/projections/index.ts';
import { openAt, openNew, storeKinds } from '../open-stores.ts';
import { documentsIn, expectedOrders, inlineDocuments, orderDocuments, type Paid, type Placed } from './orders.ts';

const placed = (cents: number) => ({ type: 'Placed', data: { customer: 'ann', cents } });

type Counted = Event<'Counted', { by: number }>;
interface Counter {
  readonly total: number;
  readonly times: number;
}
const counters = documents<Counter>();
const counting = defineProjection({
  name: 'counting',
  view: counters,
  inline: true,
  on: {
    Counted: ({ data }: InlineRecorded<Counted>) =>
      counters.update('all', (counter) => ({
        total: (counter?.total ?? 0) + data.by,
        times: (counter?.times ?? 0) + 1,
      })),
  },
});

for (const kind of storeKinds)
  suite(`inline views (${kind.name}):`, () => {
    test('an append is seen in the view as soon as it is answered, with what the commit decided', async (context) => {
      const facts = documents<{ position: number; version: number; at: { time: string }[] }>();
      const projection = defineProjection({
        name: 'facts',
        view: facts,
        inline: true,
        on: {
          Placed: ({ id, position, version, recordedAt }: InlineRecorded<Placed>) =>
            facts.set(id, { position, version, at: [{ time: recordedAt }] }),
        },
      });
      const store = await openNew(context, kind, { inline: [projection] });
      await store.append('order-1', [placed(1)]);
      const [second, third] = [[placed(2)], [placed(3), placed(4)]];
      await store.append({
        streams: [
          { streamId: 'order-2', events: second },
          { streamId: 'order-1', events: third },
        ],
      });
      for (const event of await store.readLog().toArray())
        assert.deepEqual(await viewOf(store, projection).get(event.id), {
          position: event.position,
          version: event.version,
          at: [{ time: event.recordedAt }],
        });
    });

    test('the time of recording can be indexed before it is known, and a position cannot', async (context) => {
      const timed = documents<{ at: string }>({ indexes: ['at'] });
      const ordered = documents<{ position: number }>({ indexes: ['position'] });
      const byTime = defineProjection({
        name: 'timed',
        view: timed,
        inline: true,
        on: { Placed: ({ id, recordedAt }: InlineRecorded<Placed>) => timed.set(id, { at: recordedAt }) },
      });
      const byPosition = defineProjection({
        name: 'ordered',
        view: ordered,
        inline: true,
        on: { Paid: ({ id, position }: InlineRecorded<Paid>) => ordered.set(id, { position }) },
      });
      const store = await openNew(context, kind, { inline: [byTime, byPosition] });
      for (let index = 0; index < 5; index += 1) await store.append(`order-${index}`, [placed(1)]);
      const { documents: found } = await viewOf(store, byTime).find({ orderBy: 'at', direction: 'backward' });
      const events = await store.readLog({ direction: 'backward' }).toArray();
      assert.deepEqual(
        found.map(({ document }) => document.at),
        events.map(({ recordedAt }) => recordedAt),
      );
      await assert.rejects(
        store.append('order-1', [{ type: 'Paid', data: { cents: 1 } }]),
        (error) => isHindsightError(error, 'VIEW_HANDLER_FAILED') && error.message.includes('"position" is indexed'),
      );
    });

    test('what only the commit decides cannot be computed with', async (context) => {
      const rows = sqlTables({ computed: 'text TEXT' });
      for (const compute of [
        (event: InlineRecorded<Placed>) => `at ${String(event.recordedAt)}`,
        (event: InlineRecorded<Placed>) => String(Number(event.position) + 1),
        (event: InlineRecorded<Placed>) => JSON.stringify(event.version),
      ]) {
        const projection = defineProjection({
          name: 'computed',
          view: rows,
          inline: true,
          on: {
            Placed: (event: InlineRecorded<Placed>) =>
              sql`INSERT INTO ${rows.tables.computed} VALUES (${compute(event)})`,
          },
        });
        const store = await openNew(context, kind, { inline: [projection] });
        await assert.rejects(
          store.append('order-1', [placed(1)]),
          (error) =>
            isHindsightError(error, 'VIEW_HANDLER_FAILED') &&
            isHindsightError(error.cause, 'PENDING_VALUE') &&
            error.message.includes('cannot be inline'),
        );
        assert.equal((await store.streamInfo('order-1')).version, 0, 'nothing was written');
      }
    });

    test('updates of one document by many appends at once all count', async (context) => {
      const store = await openNew(context, kind, { inline: [counting] });
      const other = storeOver(store.context.engine, { inline: [counting] });
      await Promise.all(
        Array.from({ length: 60 }, async (_, index) =>
          (index % 3 === 0 ? other : store).append(`count-${index % 7}`, [{ type: 'Counted', data: { by: index } }]),
        ),
      );
      assert.deepEqual(await viewOf(store, counting).get('all'), { total: (59 * 60) / 2, times: 60 });
      await other.inline?.close();
    });

    test('appends of one stream that are not awaited keep their order', async (context) => {
      const store = await openNew(context, kind, { inline: [counting, inlineDocuments()] });
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) =>
          store.append('count-1', [{ type: 'Counted', data: { by: index } }]),
        ),
      );
      const events = await store.readStream<Counted>('count-1').toArray();
      assert.deepEqual(
        events.map(({ data }) => data.by),
        Array.from({ length: 40 }, (_, index) => index),
      );
    });

    test('what was appended without the view is caught up with before the next append is written', async (context) => {
      const projection = inlineDocuments();
      const store = await openNew(context, kind, { inline: [projection] });
      const without = storeOver(store.context.engine);
      for (let index = 0; index < 20; index += 1) await without.append(`order-${index}`, [placed(index + 1)]);
      await store.append('order-0', [{ type: 'Paid', data: { cents: 1 } }]);
      assert.deepEqual(await documentsIn(viewOf(store, projection)), expectedOrders(await store.readLog().toArray()));
      // Without another append the view is brought up to date as well, a moment later.
      const { checkpoint } = await without.append('order-99', [placed(5)]);
      await waitForView(store, projection, checkpoint);
      assert.ok((await viewOf(store, projection).get('order-99')) !== undefined);
    });

    test('a view of a log that is there already is built first, and appends need not wait for it', async (context) => {
      const store = await openNew(context, kind);
      for (let index = 0; index < 30; index += 1) await store.append(`order-${index}`, [placed(index + 1)]);
      const projection = inlineDocuments();
      const withViews = storeOver(store.context.engine, { inline: [projection] });
      const { checkpoint } = await withViews.append('order-30', [placed(31)]);
      await waitForView(withViews, projection, checkpoint);
      await withViews.append('order-31', [placed(32)]);
      assert.deepEqual(await documentsIn(viewOf(store, projection)), expectedOrders(await store.readLog().toArray()));
      await withViews.inline?.close();
    });

    test('a new version takes over while both are appended with', async (context) => {
      const [old, next] = [inlineDocuments('shop', 1), inlineDocuments('shop', 2)];
      const store = await openNew(context, kind, { inline: [old] });
      await store.append('order-1', [placed(1)]);
      const newer = storeOver(store.context.engine, { inline: [next] });
      const appended = [];
      for (let index = 2; index < 20; index += 1)
        appended.push((index % 2 === 0 ? store : newer).append(`order-${index}`, [placed(index)]));
      await Promise.all(appended);
      for (const [handle_, projection] of [
        [store, old],
        [newer, next],
      ] as const)
        await waitForView(handle_, projection, await store.head());
      const expected = expectedOrders(await store.readLog().toArray());
      assert.deepEqual(await documentsIn(viewOf(store, old)), expected);
      assert.deepEqual(await documentsIn(viewOf(store, next)), expected);
      await newer.inline?.close();
    });

    test('rebuilding an inline view while several handles append to it loses nothing', async (context) => {
      const projection = inlineDocuments();
      const store = await openNew(context, kind, { inline: [projection] });
      const other = storeOver(store.context.engine, { inline: [projection] });
      const appended: Promise<unknown>[] = [];
      for (let index = 0; index < 60; index += 1) {
        appended.push((index % 2 === 0 ? store : other).append(`order-${index % 9}`, [placed(index + 1)]));
        if (index % 20 === 10) appended.push(rebuildProjection(store, projection));
      }
      await Promise.all(appended);
      await store.append('order-last', [placed(1)]);
      assert.deepEqual(await documentsIn(viewOf(store, projection)), expectedOrders(await store.readLog().toArray()));
      assert.equal((await checkProjection(store, projection)).differenceCount, 0);
      await other.inline?.close();
    });

    test('a command is decided, appended and seen in the view', async (context) => {
      const decider = defineDecider({
        initialState: 0,
        decide: (by: number, state: number): Counted[] =>
          state + by > 1000 ? [] : [{ type: 'Counted', data: { by } }],
        evolve: (state: number, event: Recorded<Counted>) => state + event.data.by,
      });
      const store = await openNew(context, kind, { inline: [counting] });
      const handled = await Promise.all(
        Array.from({ length: 30 }, async () => await handle(store, decider, 'count-1', 1)),
      );
      assert.deepEqual(
        handled.map(({ version }) => version),
        Array.from({ length: 30 }, (_, index) => index + 1),
      );
      assert.deepEqual(await viewOf(store, counting).get('all'), { total: 30, times: 30 });
    });

    test('a view that a rebuild made is one that appends carry', async (context) => {
      const address = await kind.address(context);
      const store = await openAt(context, address);
      await store.append('counter-1', [{ type: 'Counted', data: { by: 2 } }]);
      await rebuildProjection(store, counting);
      // A store in memory is not opened twice.
      if (kind.name === 'memory')
        return assert.deepEqual(await viewOf(store, counting).get('all'), { total: 2, times: 1 });
      const carrying = await openAt(context, address, { inline: [counting] });
      await carrying.append('counter-1', [{ type: 'Counted', data: { by: 3 } }]);
      assert.deepEqual(await viewOf(carrying, counting).get('all'), { total: 5, times: 2 });
    });

    test('an append that is refused or repeated writes nothing to the view', async (context) => {
      const store = await openNew(context, kind, { inline: [counting] });
      const count = [{ type: 'Counted', data: { by: 1 } }];
      await store.append('count-1', count, { key: 'once' });
      assert.equal((await store.append('count-1', count, { key: 'once' })).isDuplicate, true);
      await assert.rejects(store.append('count-1', count, { expectedVersion: 5 }));
      assert.deepEqual(await viewOf(store, counting).get('all'), { total: 1, times: 1 });
    });

    test('SQL that the database refuses refuses the append', async (context) => {
      const view = sqlTables({ unique_orders: 'customer TEXT PRIMARY KEY' });
      const projection = defineProjection({
        name: 'unique',
        view,
        inline: true,
        on: {
          Placed: ({ data }: InlineRecorded<Placed>) =>
            sql`INSERT INTO ${view.tables.unique_orders} VALUES (${data.customer})`,
        },
      });
      const store = await openNew(context, kind, { inline: [projection] });
      await store.append('order-1', [placed(1)]);
      await assert.rejects(store.append('order-2', [placed(1)]), (error) => isHindsightError(error, 'VIEW_SQL_FAILED'));
      assert.equal((await store.streamInfo('order-2')).version, 0);
    });

    test('an upcaster that asks for what only the commit decides makes inline views impossible, and says so', async (context) => {
      const store = await openNew(context, kind, {
        inline: [inlineDocuments()],
        upcasters: [{ type: 'Placed', upcast: ({ version, data }) => ({ data: { ...Object(data), cents: version } }) }],
      });
      await assert.rejects(
        store.append('order-1', [placed(1)]),
        (error) => isHindsightError(error, 'UPCAST_FAILED') && error.message.includes('before it is committed'),
      );
    });

    test('stream settings are appends too, and leave no view behind', async (context) => {
      const projection = inlineDocuments();
      const store = await openNew(context, kind, { inline: [projection] });
      await store.append('order-1', [placed(1)]);
      await store.tombstone('order-1');
      await store.append('order-2', [placed(2)]);
      assert.ok((await viewOf(store, projection).get('order-2')) !== undefined);
    });

    test('an inline projection may as well be run asynchronously, but a version is one or the other', async (context) => {
      const store = await openNew(context, kind);
      const projection = inlineDocuments();
      const { checkpoint } = await store.append('order-1', [placed(1)]);
      await using run = await runProjection(store, projection);
      await run.waitFor(checkpoint);
      assert.equal((await run.view.get('order-1'))?.cents, 1);
      await assert.rejects(
        storeOver(store.context.engine, { inline: [projection] }).append('order-2', [placed(2)]),
        (error) => isHindsightError(error, 'VIEW_CHANGED'),
      );
    });
  });

test('a store is not opened with what is no inline projection', async () => {
  for (const wrong of [[orderDocuments()], [{}], {}, [null]])
    await assert.rejects(openStore('memory:', { inline: wrong as never }), (error) =>
      isHindsightError(error, 'INVALID_ARGUMENT'),
    );
});
