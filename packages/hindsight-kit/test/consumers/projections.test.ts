/** hindsight projections and hindsight effects: read models and what was done, seen from another process. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore, type Store } from 'hindsightdb';
import { consumerInfo } from 'hindsightdb/consumers';
import { defineReaction, effect, runReaction } from 'hindsightdb/reactions';
import {
  documentsOf,
  hindsight,
  objectOf,
  start,
  succeed,
  temporaryFolder,
  type Document,
} from '../hindsight-process.ts';
import { eventually } from './consumer-fixture.ts';

const library = fileURLToPath(import.meta.resolve('hindsightdb/projections'));

/** A projection of the shop, as its project would write it. `slow` makes each event take so many milliseconds. */
const config = (versions: readonly number[], slow = 0): string => `
import { defineProjection, documents, sql, sqlTables } from ${JSON.stringify(library)};
const orders = documents({ indexes: ['customer'] });
const wait = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
const openOrders = (version) => defineProjection({
  name: 'open-orders', version, category: 'order', view: orders,
  on: {
    Placed: ({ streamId, data }) => { wait(${slow}); return orders.set(streamId, { ...data, version }); },
    Shipped: ({ streamId }) => orders.remove(streamId),
  },
});
const view = sqlTables({ totals: 'customer TEXT PRIMARY KEY, cents INTEGER NOT NULL' });
const totals = defineProjection({
  name: 'totals', view,
  on: { Placed: ({ data }) => sql\`INSERT INTO \${view.tables.totals} VALUES (\${data.customer}, \${data.cents})
    ON CONFLICT (customer) DO UPDATE SET cents = cents + excluded.cents\` },
});
const broken = defineProjection({
  name: 'broken', view: orders, on: { Placed: () => { throw new Error('it is\\nbroken'); } },
});
export default { store: './s.db', projections: [${versions.map((version) => `openOrders(${version}), `).join('')}totals, broken] };
`;

async function shop(
  context: TestContext,
  { count = 12, versions = [1], slow = 0 } = {},
): Promise<{ readonly folder: string }> {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'hindsight.config.mjs'), config(versions, slow));
  await using store = await openStore(join(folder, 's.db'));
  await fill(store, count);
  return { folder };
}

async function fill(store: Store, count: number): Promise<void> {
  const placed = (number: number) => ({ type: 'Placed', data: { customer: `c${number % 3}`, cents: number } });
  for (let number = 1; number <= count; number += 500) {
    const some = Array.from({ length: Math.min(500, count - number + 1) }, (_, index) => number + index);
    await Promise.all(some.map((each) => store.append(`order-${each}`, [placed(each)])));
  }
  await store.append('order-1', [{ type: 'Shipped', data: {} }]);
}

async function documents(at: { readonly folder: string }, ...args: readonly string[]): Promise<Document[]> {
  return documentsOf((await succeed([...args, '--json'], at)).stdout);
}

suite('projections', () => {
  test('are listed as declared, built, replaced and dropped', async (context) => {
    const at = await shop(context, { versions: [1, 2] });
    const before = await documents(at, 'projections');
    assert.deepEqual(
      before.map(({ name, version, isDeclared, shown }) => [name, version, isDeclared, shown]),
      [
        ['broken', 1, true, null],
        ['open-orders', 1, true, null],
        ['open-orders', 2, true, null],
        ['totals', 1, true, null],
      ],
    );
    for (const name of ['open-orders@1', 'open-orders', 'open-orders', 'totals'])
      await succeed(['projections', 'rebuild', name], at);
    const lines = (await succeed(['projections', 'list'], at)).stdout.split('\n');
    assert.match(lines[0] ?? '', /^NAME +VERSION +SHOWN +LAG +STATE +NOTES$/);
    assert.match(lines[1] ?? '', /^broken +1 +- +- +not built$/);
    assert.match(lines[2] ?? '', /^open-orders +1 +build 1 +0 +no process$/);
    assert.match(lines[3] ?? '', /^open-orders +2 +build 2 +0 +no process +public, 1 replaced build$/);
    assert.deepEqual(await documents(at, 'projections', 'drop', 'open-orders'), [
      { name: 'open-orders', removedCount: 1 },
    ]);
    assert.equal((await hindsight(['projections', 'drop', 'open-orders@2'], at)).exitCode, 2);
    await succeed(['projections', 'drop', 'open-orders@2', '--yes'], at);
    const after = await documents(at, 'projections');
    assert.deepEqual(
      after.map(({ name, version, shown, isPublic }) => [name, version, shown === null, isPublic]),
      [
        ['broken', 1, true, false],
        ['open-orders', 1, false, true],
        ['open-orders', 2, true, false],
        ['totals', 1, false, true],
      ],
    );
    for (const name of ['open-orders@2', 'nothing'])
      assert.equal((await hindsight(['projections', 'drop', name, '--yes'], at)).exitCode, 1);
    await writeFile(join(at.folder, 'hindsight.config.mjs'), "export default { store: './s.db' };");
    assert.equal((await documents(at, 'projections')).length, 2);
  });

  test('are rebuilt with their rate, and are what a fresh fold is', async (context) => {
    const at = await shop(context);
    const { stdout } = await succeed(['projections', 'rebuild', 'open-orders'], at);
    assert.match(stdout, /^Rebuilt open-orders, version 1: 13 events in .*, [\d,.]+\/s\. Build 1 is shown\.\n$/);
    const [again] = await documents(at, 'projections', 'rebuild', 'open-orders');
    assert.deepEqual(
      [again?.['name'], again?.['version'], again?.['build'], again?.['eventCount']],
      ['open-orders', 1, 2, 13],
    );
    await succeed(['projections', 'rebuild', 'totals'], at);
    for (const name of ['open-orders', 'totals']) {
      assert.match((await succeed(['projections', 'check', name], at)).stdout, /^The same: build \d of /);
      const [report] = await documents(at, 'projections', 'check', name);
      assert.deepEqual([report?.['differenceCount'], report?.['differences']], [0, []]);
    }
  });

  test('are checked: what differs is shown, and the exit code is 1', async (context) => {
    const at = await shop(context);
    await succeed(['projections', 'rebuild', 'open-orders'], at);
    await succeed(['projections', 'rebuild', 'totals'], at);
    {
      await using store = await openStore(join(at.folder, 's.db'));
      const { engine } = store.context;
      const [entry] = (await engine.keyedScan({ prefix: 'view/open-orders@1.1/', limit: 100 })).filter(({ value }) =>
        value.includes('"cents":5'),
      );
      assert.ok(entry !== undefined);
      await engine.keyedWrite([{ key: entry.key, value: entry.value.replace('"cents":5', '"cents":6') }]);
      await engine.sql?.write({
        keyedWrites: [],
        statements: [{ sql: "UPDATE totals__1_1 SET cents = 0 WHERE customer = 'c1'", parameters: [] }],
      });
    }
    const checked = await hindsight(['projections', 'check', 'open-orders'], at);
    assert.equal(checked.exitCode, 1);
    assert.match(checked.stdout, /^1 difference in build 1 of open-orders/);
    assert.match(checked.stdout, /\ndocument order-5\n {2}- view .*"cents":6.*\n {2}\+ fold .*"cents":5/);
    assert.match(checked.stderr, /hindsight projections rebuild open-orders@1/);
    const rows = await hindsight(['projections', 'check', 'totals'], at);
    assert.match(rows.stdout, / rows compared with a fold of /);
    assert.match(
      rows.stdout,
      /\nrows of totals\n {2}- view .*"customer":"c1","cents":0.*\n {2}\+ fold .*"customer":"c1","cents":[1-9]\d*.*\n$/,
    );
    const table = await hindsight(['projections', 'check', 'totals', '--json'], at);
    const [report] = documentsOf(table.stdout);
    assert.deepEqual([table.exitCode, Number(report?.['differenceCount']) > 0], [1, true]);
    const unnamed = await hindsight(['consumers', 'show', 'open-orders'], at);
    assert.match(unnamed.stderr, /followed under the name of its build: open-orders@1\.1\./);
    await succeed(['projections', 'rebuild', 'open-orders'], at);
    await succeed(['projections', 'check', 'open-orders'], at);
    const { stdout } = await succeed(['consumers'], at);
    assert.match(stdout, /^open-orders@1\.1 .* a build that was replaced$/m);
    assert.match(stdout, /^open-orders@1\.2 .* 0$/m);
  });

  test('of which a rebuild is interrupted go on there, and show what they showed until then', async (context) => {
    const at = await shop(context, { count: 6000 });
    await succeed(['projections', 'rebuild', 'open-orders'], at);
    await writeFile(join(at.folder, 'hindsight.config.mjs'), config([1], 0.5));
    const running = start(['projections', 'rebuild', 'open-orders'], at);
    await eventually(async () => {
      await using store = await openStore(join(at.folder, 's.db'), { readOnly: true });
      const info = await consumerInfo(store, 'open-orders@1.2').catch(() => undefined);
      return (info?.slices[0]?.positions?.[0] ?? 0) > 0;
    });
    running.child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await running.ended;
    assert.deepEqual([exitCode, stdout], [130, '']);
    assert.match(stderr, /What was built stays; the same command goes on there/);
    const rowOf = (rows: readonly Document[]): Document | undefined => rows.find(({ name }) => name === 'open-orders');
    const between = rowOf(await documents(at, 'projections'));
    assert.equal(objectOf(between?.['shown'])['build'], 1);
    assert.ok(Number(between?.['builtShare']) > 0 && Number(between?.['builtShare']) < 1);
    await writeFile(join(at.folder, 'hindsight.config.mjs'), config([1]));
    const [rebuilt] = await documents(at, 'projections', 'rebuild', 'open-orders');
    assert.equal(rebuilt?.['build'], 2);
    assert.ok(Number(rebuilt?.['eventCount']) < 6001, 'the rest, and not everything again');
    await succeed(['projections', 'check', 'open-orders'], at);
  });

  test('that are kept inline are carried by what the command appends, and are rebuilt and checked alike', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(
      join(folder, 'hindsight.config.mjs'),
      `import { defineProjection, documents } from ${JSON.stringify(library)};
       const view = documents();
       const seen = defineProjection({ name: 'seen', inline: true, view, on: { Placed: ({ streamId, version }) => view.set(streamId, { version }) } });
       export default { store: './s.db', projections: [seen], options: { inline: [seen] } };`,
    );
    const at = { folder };
    await succeed(['init', 's.db', '--no-config-file'], at);
    for (const streamId of ['a-1', 'a-2']) await succeed(['append', streamId, 'Placed', '{}'], at);
    assert.match((await succeed(['projections'], at)).stdout, /\nseen +1 +build 1 +0 +inline +public\n/);
    assert.equal((await documents(at, 'projections', 'check', 'seen'))[0]?.['eventCount'], 2);
    assert.equal((await documents(at, 'projections', 'rebuild', 'seen'))[0]?.['build'], 2);
    await succeed(['append', 'a-3', 'Placed', '{}'], at);
    const [report] = await documents(at, 'projections', 'check', 'seen');
    assert.deepEqual([report?.['build'], report?.['eventCount'], report?.['differenceCount']], [2, 3, 0]);
  });

  test('that fail are listed with why, and what was shown stays', async (context) => {
    const at = await shop(context);
    const failed = await hindsight(['projections', 'rebuild', 'broken'], at);
    assert.equal(failed.exitCode, 1);
    assert.match(failed.stderr, /it is\n?.*broken[\s\S]*CONSUMER_FAILED/);
    const list = await succeed(['projections'], at);
    assert.match(list.stdout, /broken +1 +- +\d+ +failed +it is\n/);
    assert.match((await succeed(['consumers'], at)).stdout, /broken@1\.1 +projection +failed/);
    const removed = await hindsight(['consumers', 'remove', 'broken@1.1', '--yes'], at);
    assert.deepEqual([removed.exitCode, /hindsight projections drop/.test(removed.stderr)], [1, true]);
    assert.equal((await hindsight(['projections', 'check', 'broken'], at)).exitCode, 1);
  });

  test('are found in the configuration, and what is missing there is said', async (context) => {
    const at = await shop(context);
    const unknown = await hindsight(['projections', 'rebuild', 'open-ordres'], at);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /has no projection open-ordres[\s\S]*It has: open-orders@1, totals@1, broken@1/);
    assert.equal((await hindsight(['projections', 'rebuild', 'open-orders@7'], at)).exitCode, 2);
    assert.equal((await hindsight(['projections', 'rebuild', '@'], at)).exitCode, 2);
    await writeFile(join(at.folder, 'hindsight.config.mjs'), "export default { store: './s.db' };");
    const none = await hindsight(['projections', 'check', 'open-orders'], at);
    assert.deepEqual([none.exitCode, /has no projections/.test(none.stderr)], [2, true]);
  });
});

suite('effects', () => {
  test('are shown with what they did, under which key, and why one failed', async (context) => {
    const { folder } = await shop(context, { count: 2 });
    await using store = await openStore(join(folder, 's.db'));
    const mails = defineReaction({
      name: 'mails',
      startAt: 'beginning',
      retry: { attemptsMax: 1 },
      effects: {
        mail: ({ to }: { readonly to: string }) => {
          if (to === 'order-2') throw new Error('no such address\nat all');
          return { sent: true };
        },
      },
      on: { Placed: ({ streamId }: { readonly streamId: string }) => effect('mail', { to: streamId }) },
    });
    {
      await using running = await runReaction(store, mails);
      await running.waitFor(await store.head());
    }
    const at = { folder };
    const listed = await documents(at, 'effects', 'mails');
    assert.deepEqual(
      listed.map(({ name, state, streamId, data, result }) => [name, state, streamId, data, result]),
      [
        ['mail', 'done', 'order-1', { to: 'order-1' }, { sent: true }],
        ['mail', 'planned', 'order-2', { to: 'order-2' }, undefined],
      ],
    );
    assert.match(String(listed[0]?.['key']), /^mails:.*:mail:1$/);
    const [, , second] = (await succeed(['effects', 'mails'], at)).stdout.split('\n');
    assert.match(second ?? '', /^ +2 +order-2 +Placed +mail +planned +1 +.*Z +no such address$/);
    assert.equal((await documents(at, 'effects', 'mails', '--state', 'done')).length, 1);
    assert.equal((await documents(at, 'effects', 'mails', '--stream', 'order-2')).length, 1);
    assert.match((await succeed(['effects', 'mails', '-n', '1'], at)).stderr, /There are more: --limit/);
    assert.equal((await hindsight(['effects', 'mails', '--state', 'odd'], at)).exitCode, 2);
    assert.match((await hindsight(['effects', 'nobody'], at)).stderr, /CONSUMER_UNKNOWN/);
    await succeed(['projections', 'rebuild', 'open-orders'], at);
    const other = await hindsight(['effects', 'open-orders@1.1'], at);
    assert.deepEqual([other.exitCode, /only a reaction has effects/.test(other.stderr)], [1, true]);
    const back = await hindsight(['consumers', 'rewind', 'mails', '--to', 'beginning'], at);
    assert.deepEqual([back.exitCode, /REPLAY_REFUSED/.test(back.stderr)], [1, true]);
  });
});
