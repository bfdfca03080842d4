/** The history of a category: its states as of a moment, what changed, what ever held. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hindsight, objectOf, succeed } from '../hindsight-process.ts';
import { documentsFrom, linesOf, orderFolder, threeOrders } from './order-store.ts';

suite('state --category', () => {
  test('lists the entities as they stood, chosen by an expression, with the fields asked for', async (context) => {
    const folder = await threeOrders(context);
    const open = ['state', '--category', 'order', '--where', "state.status === 'open'", '--fields', 'status,cents'];
    assert.deepEqual(await linesOf(folder, open), [
      'ENTITY   VERSION  STATUS  CENTS',
      'order-1        4  open    -7800',
      'order-3        1  open        0',
    ]);
    assert.deepEqual(await linesOf(folder, [...open, '--as-of', '2026-03-02']), [
      'ENTITY   VERSION  STATUS  CENTS',
      'order-1        3  open     1200',
      'order-2        1  open        0',
    ]);
    const { stderr } = await succeed([...open, '--as-of', '2026-03-02'], { folder });
    assert.equal(stderr, '2 of 2 entities, 2026-03-02 00:00:00Z.\n');
  });

  test('gives a line for each entity to machines, so many as asked for', async (context) => {
    const folder = await threeOrders(context);
    const found = await documentsFrom(folder, ['state', '-c', 'order', '-n', '2', '-f', '/cents,items.0.sku']);
    assert.deepEqual(found, [
      { streamId: 'order-1', version: 4, foldedBy: 'decider', state: { '/cents': -7800, 'items.0.sku': 'pen' } },
      { streamId: 'order-2', version: 2, foldedBy: 'decider', state: { '/cents': 0, 'items.0.sku': null } },
    ]);
  });

  test('refuses an entity whose events are hidden, unless they are to be left out', async (context) => {
    const folder = await orderFolder(context, async (write, _, store) => {
      await write('order-1', 'OrderPlaced', {});
      await write('order-2', 'OrderPlaced', {});
      await store.tombstone('order-1');
    });
    const refused = await hindsight(['state', '-c', 'order'], { folder });
    assert.match(refused.stderr, /HISTORY_HIDDEN[\s\S]*--skip-hidden/);
    const [left, ...others] = await documentsFrom(folder, ['state', '-c', 'order', '--skip-hidden']);
    assert.deepEqual([left?.streamId, others], ['order-2', []]);
  });

  test('takes a stream or a category, and --where only with a category', async (context) => {
    const folder = await threeOrders(context);
    for (const args of [[], ['order-1', '-c', 'order'], ['order-1', '-w', 'true'], ['-c', 'order', '--as-of', '3']])
      assert.equal((await hindsight(['state', ...args], { folder })).exitCode, 2);
    assert.match(
      (await succeed(['state', '-c', 'nothing'], { folder })).stderr,
      /No entities of the category "nothing"/,
    );
  });
});

suite('diff --category', () => {
  test('says what appeared, what changed and how, and what ended', async (context) => {
    const folder = await threeOrders(context);
    assert.deepEqual(await linesOf(folder, ['diff', '--category', 'order', '2026-03-02']), [
      '~ order-1  version 3 → 4',
      '    - /items/ink  {"sku":"ink","cents":900}',
      '    ~ /cents      1200 → -7800',
      '■ order-2  ended, version 1 → 2',
      '    ~ /status  "open" → "closed"',
      '+ order-3  appeared, version 1',
      '    ~ /status  "new" → "open"',
    ]);
    const kinds = (await documentsFrom(folder, ['diff', '-c', 'order', '2026-02-01', 'before release 2.5'])).map(
      ({ streamId, kind }) => [streamId, kind],
    );
    assert.deepEqual(kinds, [
      ['order-1', 'appeared'],
      ['order-2', 'passed'],
    ]);
    assert.match((await succeed(['diff', '-c', 'order', 'now'], { folder })).stderr, /Nothing of the category differs/);
  });
});

suite('bisect --category', () => {
  test('names the entities for which it ever held, and counts the releases that made it so', async (context) => {
    const folder = await orderFolder(context, async (write, clock) => {
      for (let number = 1; number <= 5; number += 1) {
        await write(`order-${number}`, 'ItemAdded', { sku: 'pen', cents: 300 });
        const release = number > 3 ? '2.3' : '2.4';
        await write(
          `order-${number}`,
          'ItemRemoved',
          { sku: 'pen', cents: number < 3 ? 900 : 300 },
          { actor: 'bob', release },
        );
        clock.advanceMs(1000);
      }
      await write('order-1', 'ItemAdded', { sku: 'gift', cents: 900 });
    });
    assert.deepEqual(await linesOf(folder, ['bisect', '--category', 'order', '--where', 'state.cents < 0']), [
      'ENTITY   VERSION  TIME                  ACTOR  RELEASE  NOW    FIRST HELD AFTER',
      'order-1        2  2026-03-01 09:00:00Z  bob    2.4             ItemRemoved',
      'order-2        2  2026-03-01 09:00:01Z  bob    2.4      holds  ItemRemoved',
      '',
      'ENTITIES  RELEASE',
      '       2  2.4',
    ]);
    const found = await documentsFrom(folder, ['bisect', '-c', 'order', '-w', 'state.cents < 0']);
    assert.deepEqual(
      found.slice(0, -1).map(({ streamId, isHolding, event }) => [streamId, isHolding, objectOf(event).version]),
      [
        ['order-1', false, 2],
        ['order-2', true, 2],
      ],
    );
    assert.deepEqual(found.at(-1), { entities: 2, looked: 5, releases: [{ release: '2.4', entities: 2 }] });
    const { stderr } = await succeed(['bisect', '-c', 'order', '-w', 'state.cents > 1e9'], { folder });
    assert.match(stderr, /never held for any of 5 entities/);
  });
});
