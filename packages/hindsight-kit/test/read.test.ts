/** hindsight read. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { openStore, rawJson } from 'hindsightdb';
import { documentsOf, start, succeed } from './hindsight-process.ts';
import { folderWithStore, inStore } from './store-fixture.ts';

suite('read', () => {
  async function filled(context: TestContext): Promise<string> {
    return await folderWithStore(context, async (store) => {
      for (let number = 1; number <= 5; number += 1)
        await store.append(`order-${number % 2}`, [
          {
            type: number === 5 ? 'Closed' : 'Opened',
            data: number,
            tags: [`n:${number}`, number < 3 ? 'few' : 'many'],
          },
        ]);
      await store.append('orderly', [{ type: 'Opened', data: 6 }]);
    });
  }

  async function numbers(folder: string, args: readonly string[]): Promise<unknown[]> {
    return documentsOf((await succeed(['read', ...args, '--json', ...inStore], { folder })).stdout).map(
      (event) => event?.data,
    );
  }

  test('chooses by stream, category, type, tag, query, version, place, direction and count', async (context) => {
    const folder = await filled(context);
    const cases: readonly (readonly [args: readonly string[], wanted: readonly number[]])[] = [
      [[], [1, 2, 3, 4, 5, 6]],
      [['order-1'], [1, 3, 5]],
      [
        ['order-1', '--from', '2'],
        [3, 5],
      ],
      [
        ['order-1', '--to', '2'],
        [1, 3],
      ],
      [['order-1', '-b', '-n', '1'], [5]],
      [
        ['order-1', '--type', 'Opened'],
        [1, 3],
      ],
      [
        ['--category', 'order'],
        [1, 2, 3, 4, 5],
      ],
      [['--type', 'Closed'], [5]],
      [
        ['--type', 'Closed', '--type', 'Opened', '--category', 'order', '-n', '2'],
        [1, 2],
      ],
      [
        ['--tag', 'few'],
        [1, 2],
      ],
      [['--tag', 'many', '--tag', 'n:4'], [4]],
      [
        ['--query', '[{"tags":["n:1"]},{"types":["Closed"]}]'],
        [1, 5],
      ],
      [['--query', '{"tags":["n:2"]}'], [2]],
      [
        ['--after', '2', '--up-to', '4'],
        [3, 4],
      ],
      [
        ['-b', '-n', '2'],
        [6, 5],
      ],
      [['--since', '1h', '-n', '1'], [1]],
      [['--until', 'yesterday'], []],
      [['order-1', '--until', '2020-01-01'], []],
      [['-n', '0'], []],
    ];
    for (const [args, wanted] of cases) assert.deepEqual([args, await numbers(folder, args)], [args, wanted]);
  });

  test('shows people columns, and everything of an event when asked', async (context) => {
    const folder = await filled(context);
    const { stdout } = await succeed(['read', '-n', '2', ...inStore], { folder });
    assert.match(
      stdout,
      /^POSITION  STREAM   VERSION  TIME {22}TYPE    DATA\n {7}1  order-1        1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  Opened  1\n/,
    );
    const long = await succeed(['read', 'order-1', '--to', '1', '--long', ...inStore], { folder });
    assert.match(
      long.stdout,
      /order-1 1 {2}Opened\n {2}position {2}1\n {2}recorded [\s\S]*tags {6}n:1 {2}few\n {2}data {6}1\n/,
    );
  });

  test('says that nothing was found, and why', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      await store.append('a-1', [{ type: 'X', data: 1 }]);
      await store.tombstone('a-1');
    });
    assert.match((await succeed(['read', 'nothing', ...inStore], { folder })).stderr, /There is no stream "nothing"/);
    assert.match(
      (await succeed(['read', 'a-1', ...inStore], { folder })).stderr,
      /ended at version 1 and shows nothing/,
    );
  });

  test('lets no stored text give orders to the terminal', async (context) => {
    const evil = 'a-\u001b[2J\u0007\n\u202e';
    const folder = await folderWithStore(context, async (store) => {
      await store.append(evil, [
        { type: 'T\u009b31m', data: rawJson('"\u009b2J\u2066"'), metadata: { actor: '\u001b]0;x\u0007' } },
      ]);
    });
    for (const args of [['read'], ['read', '--long'], ['streams'], ['stats'], ['tail']]) {
      const { stdout } = await succeed([...args, ...inStore], { folder });
      assert.equal(stdout.replaceAll('\n', '').search(/[\p{Cc}\u202e\u2066]/u), -1, args.join(' '));
    }
  });

  test('ends quietly when its reader goes away', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let round = 0; round < 20; round += 1)
        await store.append(
          `a-${round}`,
          Array.from({ length: 1000 }, (_, index) => ({ type: 'X', data: { text: 'x'.repeat(200), index } })),
        );
    });
    for (const args of [['read'], ['read', '--json'], ['export'], ['export', '--format', 'csv']]) {
      const running = start([...args, ...inStore], { folder });
      await running.until((stdout) => stdout.length > 1000);
      running.child.stdout?.destroy();
      const { exitCode, stderr } = await running.ended;
      assert.deepEqual([args, exitCode, stderr], [args, 0, '']);
    }
  });

  test('goes on while another process writes', async (context) => {
    const folder = await folderWithStore(context);
    await using store = await openStore(join(folder, 's.db'));
    let isOver = false;
    const writing = (async () => {
      for (let number = 1; !isOver; number += 1) await store.append(`a-${number % 3}`, [{ type: 'X', data: number }]);
    })();
    try {
      for (let round = 0; round < 5; round += 1) {
        const { stdout } = await succeed(['read', '--json', ...inStore], { folder });
        const positions = documentsOf(stdout).map((event) => event?.position);
        assert.deepEqual(
          positions,
          positions.map((_, index) => index + 1),
        );
      }
    } finally {
      isOver = true;
      await writing;
    }
  });
});
