/** Read models: however they are run, they hold what a fold of the log gives. */

import type { Recorded } from '../../core/event.ts';
import {
  checkProjection,
  defineProjection,
  documents,
  foldLive,
  rebuildProjection,
  runProjection,
  sql,
  sqlTables,
  viewOf,
  type DocumentReader,
  type DocumentsView,
  type InlineProjection,
  type InlineRecorded,
  type Projection,
} from '../../projections/index.ts';
import { setAsideFailed, type ConsumerState } from '../../consumers/index.ts';
import { equal, holds, refuses } from '../assertions.ts';
import type { Area } from '../area.ts';
import { followerArea, placed, twoTries, type FollowerScene, type Placed } from './follower-scene.ts';

interface Order {
  readonly customer: string;
  readonly cents: number;
}

const orders: DocumentsView<Order> = documents<Order>({ indexes: ['customer', ['customer', 'cents']] });

function asynchronous(version = 1): Projection<DocumentsView<Order>> {
  return defineProjection({
    name: 'orders',
    version,
    view: orders,
    on: {
      // Not idempotent: an event that went in twice would show.
      Placed: ({ streamId, data }: Recorded<Placed>) =>
        orders.update(streamId, (order) => ({ ...data, cents: (order?.cents ?? 0) + data.cents * version })),
    },
  });
}

function inline(): InlineProjection<DocumentsView<Order>> {
  return defineProjection({
    name: 'orders-inline',
    view: orders,
    inline: true,
    on: {
      Placed: ({ streamId, data }: InlineRecorded<Placed>) =>
        orders.update(streamId, (order) => ({ ...data, cents: (order?.cents ?? 0) + data.cents })),
    },
  });
}

async function contentsOf(view: DocumentReader<Order>): Promise<Readonly<Record<string, number>>> {
  const contents: Record<string, number> = {};
  for await (const { id, document } of view.all()) contents[id] = document.cents;
  return contents;
}

async function settle(
  scene: FollowerScene,
  running: { waitFor: (place: Awaited<ReturnType<FollowerScene['store']['head']>>, options: object) => Promise<void> },
): Promise<void> {
  await running.waitFor(await scene.store.head(), { timeoutMs: scene.log.patienceMs });
}

/** Read models. */
export const projecting: Area = followerArea('read models', {
  'an asynchronous view holds each event once, also when whoever keeps it starts again': async (scene) => {
    const { store } = scene;
    await scene.place({ 'order-1': 5, 'order-2': 7 });
    for (const cents of [1, 2, 3]) {
      await using running = await runProjection(store, asynchronous());
      await scene.place({ 'order-1': cents });
      await settle(scene, running);
    }
    equal(await contentsOf(viewOf(store, asynchronous())), { 'order-1': 11, 'order-2': 7 }, 'The view');
    equal((await checkProjection(store, asynchronous())).differences, [], 'What differs from a fresh fold');
  },

  'documents are found by their indexes, in order, in both directions and page by page': async (scene) => {
    await scene.place({ 'order-1': 30, 'order-2': 3, 'order-3': 9, 'order-4': 4 });
    await using running = await runProjection(scene.store, asynchronous());
    await settle(scene, running);
    const { view } = running;
    const wanted = { where: { customer: 'c0' }, orderBy: 'cents' } as const;
    const idsOf = (page: Awaited<ReturnType<typeof view.find>>): readonly string[] =>
      page.documents.map(({ id }) => id);
    equal(idsOf(await view.find(wanted)), ['order-2', 'order-3', 'order-1'], 'Forward');
    equal(idsOf(await view.find({ ...wanted, direction: 'backward' })), ['order-1', 'order-3', 'order-2'], 'Backward');
    const first = await view.find({ ...wanted, limit: 2 });
    equal(idsOf(first), ['order-2', 'order-3'], 'The first page');
    holds(first.next !== undefined, 'The first page has none behind it.');
    equal(idsOf(await view.find({ ...wanted, limit: 2, after: first.next })), ['order-1'], 'The second page');
    await refuses('A request that no index serves', () => view.find({ where: { cents: 3 } }), 'VIEW_INDEX_MISSING');
  },

  'a view of SQL tables does the same where the engine has SQL, and is refused where it has none': async (scene) => {
    const { store } = scene;
    const tables = sqlTables({ kit_orders: 'order_id TEXT PRIMARY KEY, cents INTEGER NOT NULL' });
    const { kit_orders } = tables.tables;
    const projection = defineProjection({
      name: 'order-rows',
      view: tables,
      on: {
        Placed: ({ streamId, data }: Recorded<Placed>) => sql`
          INSERT INTO ${kit_orders} VALUES (${streamId}, ${data.cents})
          ON CONFLICT DO UPDATE SET cents = cents + excluded.cents`,
      },
    });
    if (store.capabilities.sql === 'none')
      return await refuses('A view of tables', () => runProjection(store, projection), 'UNSUPPORTED');
    await scene.place({ 'order-1': 5, 'order-2': 7 });
    await using running = await runProjection(store, projection);
    await scene.place({ 'order-1': 1 });
    await settle(scene, running);
    const rows = await running.view.query(sql`SELECT order_id, cents FROM ${kit_orders} ORDER BY order_id`);
    equal(
      rows,
      [
        { order_id: 'order-1', cents: 6 },
        { order_id: 'order-2', cents: 7 },
      ],
      'The rows',
    );
  },

  'an inline view shows what an append wrote as soon as it is answered, and nothing of one that is refused': async (
    scene,
  ) => {
    const projection = inline();
    const store = scene.storeOver(scene.log.engine, { inline: [projection] });
    await store.append('order-1', [placed(5)]);
    equal(await contentsOf(viewOf(store, projection)), { 'order-1': 5 }, 'The view after an append');
    await refuses(
      'An append under a version that is not there',
      () => store.append('order-1', [placed(7)], { expectedVersion: 7 }),
      'VERSION_CONFLICT',
    );
    equal(await contentsOf(viewOf(store, projection)), { 'order-1': 5 }, 'The view after an append that was refused');
  },

  'an append without an inline view leaves it behind, and the next one with it has no hole': async (scene) => {
    const projection = inline();
    const store = scene.storeOver(scene.log.engine, { inline: [projection] });
    await store.append('order-1', [placed(5)]);
    await scene.place({ 'order-1': 7 });
    await store.append('order-1', [placed(1)]);
    equal(await contentsOf(viewOf(store, projection)), { 'order-1': 13 }, 'The view');
  },

  'appends at the same time to one document of an inline view all count': async (scene) => {
    const projection = inline();
    const stores = [0, 1].map(() => scene.storeOver(scene.log.engine, { inline: [projection] }));
    await stores[0]?.append('order-1', [placed(1)]);
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => await stores[index % 2]?.append('order-1', [placed(1)])),
    );
    equal(await contentsOf(viewOf(scene.store, projection)), { 'order-1': 13 }, 'The view');
  },

  'a rebuild is shown when it is complete, and readers see a whole view all the while': async (scene) => {
    const { store } = scene;
    await scene.place({ 'order-1': 5, 'order-2': 7, 'order-3': 9 });
    await using running = await runProjection(store, asynchronous());
    await settle(scene, running);
    const expected = await contentsOf(running.view);
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        equal(await contentsOf(viewOf(store, asynchronous())), expected, 'The view during a rebuild');
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const { build, eventCount } = await rebuildProjection(store, asynchronous());
    isOver = true;
    await reading;
    equal([build, eventCount], [2, 3], 'The build that is shown, and its events');
    await scene.place({ 'order-1': 1 });
    await settle(scene, running);
    equal(await contentsOf(viewOf(store, asynchronous())), { ...expected, 'order-1': 6 }, 'The view after it');
  },

  'a new version is built beside the old one, which old code goes on reading': async (scene) => {
    const { store } = scene;
    await scene.place({ 'order-1': 5 });
    await using old = await runProjection(store, asynchronous(1));
    await settle(scene, old);
    await refuses(
      'Reading a version that nobody built',
      () => viewOf(store, asynchronous(2)).get('order-1'),
      'VIEW_NOT_BUILT',
    );
    await using fresh = await runProjection(store, asynchronous(2));
    await scene.place({ 'order-1': 1 });
    await settle(scene, fresh);
    await settle(scene, old);
    equal(await contentsOf(old.view), { 'order-1': 6 }, 'The old version');
    equal(await contentsOf(fresh.view), { 'order-1': 12 }, 'The new version');
  },

  'a handler that throws stops its projection at the event, and set aside, what follows of the entity waits': async (
    scene,
  ) => {
    const { store } = scene;
    const projection = defineProjection({
      name: 'strict',
      view: orders,
      on: {
        Placed: ({ streamId, data }: Recorded<Placed>) => {
          if (data.cents === 13) throw new Error('unlucky');
          return orders.set(`${streamId}/${data.cents}`, data);
        },
      },
    });
    await store.append('order-1', [placed(1), placed(13), placed(2)]);
    await scene.place({ 'order-2': 4 });
    await using running = await runProjection(store, projection, { retry: twoTries });
    await scene.log.eventually('The stop', async () => running.state.kind === 'failed');
    equal(stoppedAt(running.state), ['order-1', 2], 'Where it stopped');
    await setAsideFailed(store, running.consumerName);
    await settle(scene, running);
    equal(
      Object.keys(await contentsOf(running.view)),
      ['order-1/1', 'order-2/4'],
      'The view without the entity’s rest',
    );
  },

  'a view on demand shows what was, as of any place': async (scene) => {
    const { store } = scene;
    await scene.place({ 'order-1': 5 });
    const then = await store.head();
    await scene.place({ 'order-1': 1, 'order-2': 2 });
    await using past = await foldLive(store, asynchronous(), { asOf: { checkpoint: then } });
    equal(await contentsOf(past.view), { 'order-1': 5 }, 'The view as of then');
    await using now = await foldLive(store, asynchronous());
    equal(await contentsOf(now.view), { 'order-1': 6, 'order-2': 2 }, 'The view as of now');
  },
});

/** The stream and version of the event at which a projection stopped. */
function stoppedAt(state: ConsumerState): readonly unknown[] {
  const event = state.kind === 'failed' ? state.failure.event : undefined;
  return [event?.streamId, event?.version];
}
