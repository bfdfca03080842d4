/** Whatever way a projection runs, its view is what a plain fold of the log makes: the property that everything rests on. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { openStore, storeOver, type Store } from '../../src/index.ts';
import {
  checkProjection,
  foldLive,
  rebuildProjection,
  runProjection,
  viewOf,
  waitForView,
} from '../../src/projections/index.ts';
import { allStoreKinds } from '../open-stores.ts';
import { mortal } from './mortal-engine.ts';
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
  shopAppend,
  type ShopAppend,
} from './orders.ts';

const asynchronous = orderDocuments();
const { projection: inTables, tables } = orderTables();
const inline = inlineDocuments();
const { projection: inlineInTables, tables: inlineOwn } = inlineTables();

type Step =
  | {
      readonly kind: 'append';
      readonly append: ShopAppend;
      readonly through: 'inline' | 'plain';
      readonly isAwaited: boolean;
    }
  | { readonly kind: 'crash' | 'stop' | 'rebuild' | 'rebuildInline' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      append: shopAppend,
      through: fc.constantFrom('inline' as const, 'inline' as const, 'plain' as const),
      isAwaited: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom('crash' as const, 'stop' as const).map((kind) => ({ kind })) },
  { weight: 1, arbitrary: fc.constantFrom('rebuild' as const, 'rebuildInline' as const).map((kind) => ({ kind })) },
);

for (const kind of allStoreKinds)
  suite(`in ${kind.name}`, () => {
    test('every way of running a projection gives the view of a plain fold', async (context) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
          await using store = await openStore(await kind.address(context), { partitionCount: kind.partitionCount });
          await follow(store, steps);
        }),
        { numRuns: kind.name === 'SQLite' ? 12 : 25 },
      );
    });
  });

async function follow(store: Store, steps: readonly Step[]): Promise<void> {
  const { engine } = store.context;
  const withViews = storeOver(engine, { inline: [inline, inlineInTables] });
  await withViews.inline?.ready();
  let running = await start(engine);
  const appending: Promise<unknown>[] = [];
  for (const next of steps) {
    if (next.kind === 'append') {
      const { streamId, events } = next.append;
      const appended = (next.through === 'inline' ? withViews : store).append(streamId, events);
      if (next.isAwaited) await appended;
      else appending.push(appended);
    } else if (next.kind === 'rebuild') await rebuildProjection(store, asynchronous);
    else if (next.kind === 'rebuildInline') await rebuildProjection(withViews, inline);
    else {
      await (next.kind === 'crash' ? running.kill() : running.stop());
      running = await start(engine);
    }
  }
  await Promise.all(appending);
  // The last append brings every inline view up to date.
  const { checkpoint } = await withViews.append('order-last', [{ type: 'Noted', data: { text: 'the end' } }]);
  await running.waitFor(checkpoint);
  // With several partitions that append concerned one of them; the others are caught up with by and by.
  for (const projection of [inline, inlineInTables]) await waitForView(withViews, projection, await store.head());
  const events = (await store.readLog().toArray()).filter(({ streamId }) => streamId.startsWith('order-'));
  const expected = expectedOrders(events);
  assert.deepEqual(await documentsIn(viewOf(store, asynchronous)), expected, 'asynchronous documents');
  assert.deepEqual(await documentsIn(viewOf(store, inline)), expected, 'inline documents');
  await using live = await foldLive(store, asynchronous);
  assert.deepEqual(await documentsIn(live.view), expected, 'documents on demand');
  for (const projection of [asynchronous, inline])
    assert.deepEqual((await checkProjection(store, projection)).differences, []);
  await checkTables(store);
  await running.stop();
  await withViews.inline?.close();
}

async function checkTables(store: Store): Promise<void> {
  const events = await store.readLog().toArray();
  const [all, counts] = [expectedOrders(events), expectedCounts(events)];
  assert.deepEqual(await rowsIn(viewOf(store, inTables), tables), all, 'asynchronous rows');
  assert.deepEqual(await countsIn(viewOf(store, inTables), tables), counts);
  assert.deepEqual(await rowsIn(viewOf(store, inlineInTables), inlineOwn), all, 'inline rows');
  assert.deepEqual(await countsIn(viewOf(store, inlineInTables), inlineOwn), counts);
  await using live = await foldLive(store, inTables);
  assert.deepEqual(await rowsIn(live.view, tables), all, 'rows on demand');
  for (const projection of [inTables, inlineInTables])
    assert.deepEqual((await checkProjection(store, projection)).differences, []);
}

/** Both projections, in what might be a process of their own. */
async function start(engine: Store['context']['engine']) {
  const life = mortal(engine);
  const own = storeOver(life.engine);
  const options = { leaseMs: 100, batchSizeMax: 3 };
  const runs = await Promise.all([runProjection(own, asynchronous, options), runProjection(own, inTables, options)]);
  return {
    waitFor: async (checkpoint: Parameters<(typeof runs)[0]['waitFor']>[0]) =>
      await Promise.all(runs.map(async (run) => await run.waitFor(checkpoint))),
    stop: async () => await Promise.all(runs.map(async (run) => await run.stop())),
    kill: async () => {
      life.kill();
      await Promise.all(runs.map(async (run) => await run.ended));
    },
  };
}
