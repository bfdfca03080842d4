/** Handlers that go wrong in ways that types forbid: each is told what was wrong, and with which event. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Event, Recorded } from '../../src/index.ts';
import {
  defineProjection,
  documents,
  foldLive,
  rebuildProjection,
  removeView,
  runProjection,
  sql,
  sqlTables,
  type InlineRecorded,
} from '../../src/projections/index.ts';
import { inFile, inMemory, openAt, openNew } from '../open-stores.ts';

type Put = Event<'Put', { id: number }>;
const put = (id: number): Put => ({ type: 'Put', data: { id } });
const view = documents<{ id: number }>();

suite('a handler that goes wrong', () => {
  test('by being asynchronous is refused, and its own failure ends no process', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('order-1', [put(1), put(2)]);
    const late = async (): Promise<never> => {
      throw new Error('too late');
    };
    const on: object = { Put: late };
    // What the types refuse is what is tried here.
    const projection = defineProjection({ name: 'late', view, on: on as Record<string, () => undefined> });
    await assert.rejects(foldLive(store, projection), { code: 'VIEW_HANDLER_FAILED', message: /returned a promise/ });
    const change: unknown = late;
    const changing = defineProjection({
      name: 'changing',
      view,
      // The same of a change.
      on: { Put: () => view.update('all', change as () => undefined) },
    });
    await assert.rejects(foldLive(store, changing), { code: 'VIEW_HANDLER_FAILED', message: /not a promise/ });
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('with a document that holds itself in several places is refused at once, also inline', async (t) => {
    interface Node {
      readonly id: number;
      readonly children: Node[];
      readonly parents: Node[];
    }
    const trees = documents<Node>();
    const tree = (): Node => {
      const root: Node = { id: 1, children: [], parents: [] };
      for (let id = 2; id < 5; id += 1) root.children.push({ id, children: [root], parents: [root, root] });
      return root;
    };
    const projection = defineProjection({
      name: 'trees',
      view: trees,
      inline: true,
      on: { Put: () => trees.set('all', tree()) },
    });
    const store = await openNew(t, inMemory, { inline: [projection] });
    await assert.rejects(store.append('order-1', [put(1)]), { code: 'VIEW_HANDLER_FAILED' });
    assert.equal((await store.readLog().toArray()).length, 0);
  });

  test('with one statement among thousands is told which event that was, however the view is made', async (t) => {
    const address = await inFile.address(t);
    const store = await openAt(t, address);
    await store.append(
      'order-1',
      Array.from({ length: 1500 }, (_, index) => put(index === 1234 ? 7 : index)),
    );
    const { tables, ...rest } = sqlTables({ items: 'id INTEGER PRIMARY KEY' });
    const on = { Put: ({ data }: Recorded<Put>) => sql`INSERT INTO ${tables.items} VALUES (${data.id})` };
    const projection = defineProjection({ name: 'items', view: { tables, ...rest }, on });
    const isNamed = { code: 'VIEW_HANDLER_FAILED', details: { type: 'Put', streamId: 'order-1' } };
    const [wrong] = (await store.readStream('order-1').toArray()).filter(({ version }) => version === 1235);
    const expected = { ...isNamed, details: { ...isNamed.details, name: 'items', eventId: wrong?.id } };
    await assert.rejects(foldLive(store, projection), expected);
    const inline = defineProjection({
      name: 'items',
      view: { tables, ...rest },
      inline: true,
      on: { Put: ({ data }: InlineRecorded<Put>) => sql`INSERT INTO ${tables.items} VALUES (${data.id})` },
    });
    const carrying = await openAt(t, address, { inline: [inline] });
    await assert.rejects(rebuildProjection(carrying, inline), expected);
  });

  test('or a column that hides the ids of rows does not keep a view from being removed', async (t) => {
    const store = await openNew(t, inFile);
    await store.append('order-1', [put(1), put(2)]);
    const hiding = sqlTables({ items: 'rowid TEXT, id INTEGER' });
    const projection = defineProjection({
      name: 'items',
      view: hiding,
      on: {
        Put: ({ data }: Recorded<Put>) =>
          sql`INSERT INTO ${hiding.tables.items} VALUES (${data.id === 1 ? null : 'two'}, ${data.id})`,
      },
    });
    const running = await runProjection(store, projection);
    await running.waitFor(await store.head());
    await running.stop();
    await removeView(store, projection);
    await assert.rejects(running.view.query(sql`SELECT id FROM ${hiding.tables.items}`), { code: 'VIEW_NOT_BUILT' });
  });

  test('or columns with a comment behind them do not spoil a table', async (t) => {
    const store = await openNew(t, inFile);
    await store.append('order-1', [put(1)]);
    const kept = sqlTables({ items: 'id INTEGER PRIMARY KEY -- as it was put' });
    const projection = defineProjection({
      name: 'items',
      view: kept,
      on: { Put: ({ data }: Recorded<Put>) => sql`INSERT INTO ${kept.tables.items} VALUES (${data.id})` },
    });
    const running = await runProjection(store, projection);
    await running.waitFor(await store.head());
    assert.deepEqual(await running.view.query(sql`SELECT id FROM ${kept.tables.items}`), [{ id: 1 }]);
    await running.stop();
  });
});
