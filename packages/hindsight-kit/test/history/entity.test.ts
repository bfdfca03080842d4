/** The history of one entity: state, timeline, diff, blame, bisect. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { safeText } from '../../src/cli/terminal/text-width.ts';
import { hindsight, objectOf, start, succeed } from '../hindsight-process.ts';
import { documentsFrom, linesOf, orderFolder, threeOrders } from './order-store.ts';

suite('state', () => {
  test('is that of now, or as of a version, a time, a release or a place', async (context) => {
    const folder = await threeOrders(context);
    const wanted: readonly (readonly [moment: string, version: number, cents: number])[] = [
      ['now', 4, -7800],
      ['2', 2, 300],
      ['2026-03-02', 3, 1200],
      ['before release 2.4', 3, 1200],
      ['release 2.4', 4, -7800],
      ['position:2', 2, 300],
    ];
    for (const [moment, version, cents] of wanted) {
      const [found] = await documentsFrom(folder, ['state', 'order-1', '--as-of', moment]);
      const { version: at, foldedBy, state } = found ?? {};
      assert.deepEqual([moment, at, foldedBy, objectOf(state).cents], [moment, version, 'decider', cents]);
    }
  });

  test('shows the fields that are asked for, and says which moment it is of', async (context) => {
    const folder = await threeOrders(context);
    assert.deepEqual(
      await linesOf(folder, ['state', 'order-1', '--as-of', '2026-03-02', '-f', 'cents,/items/0/sku,x']),
      ['order-1 at version 3, 2026-03-02 00:00:00Z', 'cents         1200', '/items/0/sku  "pen"', 'x'],
    );
  });

  test('says what a version that is yet to come and a stream that is not there are', async (context) => {
    const folder = await threeOrders(context);
    assert.match(
      (await succeed(['state', 'order-1', '--as-of', '9'], { folder })).stderr,
      /at version 4.*no version 9 yet/,
    );
    assert.match((await succeed(['state', 'order-9'], { folder })).stderr, /There is no stream "order-9"/);
    const early = await succeed(['state', 'order-1', '--as-of', '2020-01-01'], { folder });
    assert.match(early.stderr, /Nothing of "order-1" was recorded by then.*--by occurred/);
  });

  test('of a category without a decider is what its events say, merged; and that is said', async (context) => {
    const folder = await orderFolder(context, async (write) => {
      await write('case-1', 'Opened', { person: 'ann', tags: ['a'] });
      await write('case-1', 'Rated', 5);
      await write('case-1', 'Moved', { person: 'bob' });
      await write('case-1', 'Closed', null);
    });
    const { stdout, stderr } = await succeed(['state', 'case-1', '--json'], { folder });
    assert.deepEqual(JSON.parse(stdout), {
      streamId: 'case-1',
      version: 4,
      foldedBy: 'merge',
      state: { person: 'bob', tags: ['a'], Rated: 5 },
    });
    assert.match(stderr, /names no decider for "case"; the data of its events are merged/);
    assert.equal((await succeed(['state', 'case-1', '--quiet'], { folder })).stderr, '');
  });

  test('by occurrence is what had happened, and with --known what was known of it', async (context) => {
    const folder = await orderFolder(context, async (_, clock, store) => {
      const set = async (place: string, occurredAt: string): Promise<void> => {
        await store.append('cargo-1', [{ type: 'Seen', data: { place }, occurredAt }]);
      };
      await set('Ghent', '2026-02-20T12:00:00Z');
      clock.set('2026-03-05T09:00:00Z');
      await set('Oslo', '2026-02-25T12:00:00Z');
    });
    const placeAt = async (args: readonly string[]): Promise<unknown> =>
      objectOf((await documentsFrom(folder, ['state', 'cargo-1', ...args]))[0]?.state).place;
    assert.equal(await placeAt(['--as-of', 'occurred:2026-02-26']), 'Oslo');
    assert.equal(await placeAt(['--as-of', '2026-02-26', '--by', 'occurred', '--known', '2026-03-02']), 'Ghent');
    assert.equal(await placeAt(['--as-of', '2026-02-22', '--by', 'occurred']), 'Ghent');
    assert.equal(await placeAt(['--as-of', '2026-03-02']), 'Ghent');
    assert.match(
      (await linesOf(folder, ['state', 'cargo-1', '--as-of', 'occurred:2026-02-26']))[0] ?? '',
      /what had occurred by 2026-02-26/,
    );
  });

  test('names the event at which a fold fails', async (context) => {
    const folder = await threeOrders(context);
    await writeFile(
      join(folder, 'hindsight.config.ts'),
      "export default { store: './s.db', deciders: { order: { initialState: {}, evolve: () => { throw new Error('the weather'); } } } };",
    );
    const { exitCode, stderr } = await hindsight(['state', 'order-1'], { folder });
    assert.equal(exitCode, 1);
    assert.match(stderr, /The fold of "order" failed at order-1@1 \(OrderPlaced\): the weather/);
  });
});

suite('timeline', () => {
  test('shows each event with its changes, as a person reads it', async (context) => {
    const folder = await threeOrders(context);
    assert.deepEqual(await linesOf(folder, ['timeline', 'order-1', '--from', '2']), [
      'order-1 at version 4',
      '2  2026-03-01 09:00:00Z  ItemAdded    ann, release 2.3',
      '   + /items/pen  {"sku":"pen","cents":300}',
      '   ~ /cents      0 → 300',
      '3  2026-03-01 09:00:00Z  ItemAdded    ann, release 2.3',
      '   + /items/ink  {"sku":"ink","cents":900}',
      '   ~ /cents      300 → 1200',
      '4  2026-03-02 09:00:00Z  ItemRemoved  bob, release 2.4',
      '   - /items/ink  {"sku":"ink","cents":900}',
      '   ~ /cents      1200 → -7800',
    ]);
  });

  test('is limited by moments, by count and by what changed', async (context) => {
    const folder = await threeOrders(context);
    const cases: readonly (readonly [args: readonly string[], versions: readonly number[]])[] = [
      [[], [1, 2, 3, 4]],
      [
        ['--from', '2', '--to', '3'],
        [2, 3],
      ],
      [['--from', '2026-03-02'], [4]],
      [
        ['--to', '2026-03-02'],
        [1, 2, 3],
      ],
      [['--from', 'before release 2.4'], [4]],
      [['--from', 'position:2', '--limit', '1'], [3]],
      [['--from', 'occurred:2026-03-02'], [4]],
      [
        ['--path', '/cents', '-n', '2'],
        [2, 3],
      ],
      [
        ['--path', 'items.ink'],
        [3, 4],
      ],
      [
        ['--path', '/items/ink/cents'],
        [3, 4],
      ],
      [['--path', 'status'], [1]],
      [['--from', '2027-01-01'], []],
      [['--limit', '0'], []],
    ];
    for (const [args, versions] of cases) {
      const found = await documentsFrom(folder, ['timeline', 'order-1', ...args]);
      assert.deepEqual([args, found.map(({ event }) => objectOf(event).version)], [args, versions]);
    }
  });

  test('shows of a change that holds the place only what is at the place', async (context) => {
    const folder = await threeOrders(context);
    const [added] = await documentsFrom(folder, ['timeline', 'order-1', '--path', '/items/ink/cents']);
    assert.deepEqual(added?.changes, [{ kind: 'added', path: '/items/ink/cents', after: 900 }]);
  });

  test('gives no orders to the terminal', async (context) => {
    const folder = await orderFolder(context, async (write) => {
      await write('evil-1', 'Set\u001b[2J', { ['k\u001b[31m']: '\u001b[2J\u202e' }, { actor: '\u001b]0;x\u0007' });
    });
    for (const args of [
      ['timeline', 'evil-1'],
      ['blame', 'evil-1'],
      ['state', '-c', 'evil'],
      ['why', 'evil-1@1'],
    ]) {
      const lines = await linesOf(folder, args);
      assert.ok(lines.some((line) => line.includes('\\u001b')));
      assert.deepEqual(lines, lines.map(safeText));
    }
  });
});

suite('diff', () => {
  test('shows what changed between two moments, the second of which is now unless it is given', async (context) => {
    const folder = await threeOrders(context);
    const [whole] = await documentsFrom(folder, ['diff', 'order-1', '2']);
    const [back] = await documentsFrom(folder, ['diff', 'order-1', 'release 2.4', 'before release 2.4']);
    assert.deepEqual(whole?.changes, [{ kind: 'replaced', path: '/cents', before: 300, after: -7800 }]);
    assert.deepEqual([objectOf(back?.from).version, objectOf(back?.to).version], [4, 3]);
    assert.deepEqual(await linesOf(folder, ['diff', 'order-1', '2', '2026-03-02']), [
      'order-1 version 2 → version 3 (2026-03-02 00:00:00Z)',
      '+ /items/ink  {"sku":"ink","cents":900}',
      '~ /cents      300 → 1200',
    ]);
    assert.match((await succeed(['diff', 'order-1', '4'], { folder })).stderr, /Nothing differs/);
  });
});

suite('blame', () => {
  test('shows who set what, and what is no longer there', async (context) => {
    const folder = await threeOrders(context);
    assert.deepEqual(await linesOf(folder, ['blame', 'order-1']), [
      'order-1 at version 4',
      'PATH              VALUE   VERSION  TIME                  ACTOR  RELEASE  SET BY',
      '/status           "open"        1  2026-03-01 09:00:00Z  ann    2.3      OrderPlaced',
      '/items/pen/sku    "pen"         2  2026-03-01 09:00:00Z  ann    2.3      ItemAdded',
      '/items/pen/cents  300           2  2026-03-01 09:00:00Z  ann    2.3      ItemAdded',
      '/cents            -7800         4  2026-03-02 09:00:00Z  bob    2.4      ItemRemoved',
      '',
      'No longer there',
      'PATH              VALUE  VERSION  TIME                  ACTOR  RELEASE  REMOVED BY',
      '/items/ink/cents  900          4  2026-03-02 09:00:00Z  bob    2.4      ItemRemoved',
      '/items/ink/sku    "ink"        4  2026-03-02 09:00:00Z  bob    2.4      ItemRemoved',
    ]);
  });

  test('is limited to a part, a moment and a count of deletions, and takes element keys', async (context) => {
    const folder = await orderFolder(context, async (write) => {
      await write('cart-1', 'Set', {
        rows: [
          { no: 1, n: 5 },
          { no: 2, n: 6 },
        ],
        note: 'x',
      });
      await write('cart-1', 'Set', { rows: [{ no: 2, n: 6 }], note: 'x' });
    });
    const versions = async (args: readonly string[]): Promise<unknown> => {
      const [found] = await documentsFrom(folder, ['blame', 'cart-1', ...args]);
      assert.ok(Array.isArray(found?.leaves));
      return found.leaves.map((leaf) => [objectOf(leaf).path, objectOf(objectOf(leaf).event).version]);
    };
    const byNumber = ['--element-key', '/rows=no'];
    assert.deepEqual(await versions(['rows']), [
      ['/rows/0/no', 2],
      ['/rows/0/n', 2],
    ]);
    assert.deepEqual(await versions(['rows', ...byNumber]), [
      ['/rows/2/no', 1],
      ['/rows/2/n', 1],
    ]);
    assert.deepEqual(await versions(['note']), [['/note', 1]]);
    assert.deepEqual(await versions(['note', '--moves']), [['/note', 2]]);
    assert.deepEqual(await versions(['/rows', ...byNumber, '--as-of', '1']), [
      ['/rows/1/no', 1],
      ['/rows/1/n', 1],
      ['/rows/2/no', 1],
      ['/rows/2/n', 1],
    ]);
    const cut = await linesOf(folder, ['blame', 'cart-1', ...byNumber, '--deleted', '1']);
    assert.equal(cut.at(-1), '… and 1 before: --deleted 2');
    assert.match((await succeed(['blame', 'cart-1', 'nothing'], { folder })).stderr, /nothing at \/nothing/);
  });
});

suite('bisect', () => {
  test('finds the first event after which an expression holds', async (context) => {
    const folder = await threeOrders(context);
    assert.deepEqual(await linesOf(folder, ['bisect', 'order-1', '--where', 'state.cents < 0']), [
      'order-1  first held after version 4',
      'ItemRemoved  2026-03-02 09:00:00Z  bob, release 2.4',
      '  - /items/ink  {"sku":"ink","cents":900}',
      '  ~ /cents      1200 → -7800',
    ]);
    const [never] = await documentsFrom(folder, ['bisect', 'order-1', '-w', 'state.cents < 0', '--as-of', '3']);
    assert.deepEqual([never?.version, never?.event], [null, null]);
    const [byEvent] = await documentsFrom(folder, ['bisect', 'order-1', '-w', "event.type === 'ItemAdded'"]);
    assert.equal(byEvent?.version, 2);
  });

  const wrong: readonly (readonly [expression: string, said: RegExp])[] = [
    ['', /--where is empty/],
    ['state.(', /"state\.\(" is no expression/],
    ['total < 0', /fails for order-1 at version 1: total is not defined/],
    ['state.customer.name', /fails for order-1 at version 1[\s\S]*Write \?\./],
    ["state.status = 'open'", /fails for order-1 at version 1[\s\S]*write === and not =/],
    ['(state) => true', /gives a function/],
  ];
  for (const [expression, said] of wrong)
    test(`refuses ${JSON.stringify(expression)} and says why`, async (context) => {
      const folder = await threeOrders(context);
      const { exitCode, stdout, stderr } = await hindsight(['bisect', 'order-1', '--where', expression], { folder });
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, said);
    });
});

test('Ctrl-C ends a long look', async (context) => {
  const folder = await orderFolder(context, async (_, __, store) => {
    for (let at = 0; at < 4000; at += 500)
      await store.append(
        'slow-1',
        Array.from({ length: 500 }, () => ({ type: 'Passed', data: null })),
      );
  });
  // Five milliseconds for each of four thousand events.
  const slow = "process.stdout.write('.') && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5) === ''";
  const running = start(['bisect', 'slow-1', '--where', slow], { folder });
  await running.until((stdout) => stdout.includes('..'));
  running.child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await running.ended;
  assert.equal(exitCode, 130);
  assert.match(stderr, /Interrupted/);
  assert.ok(stdout.length < 4000);
});
