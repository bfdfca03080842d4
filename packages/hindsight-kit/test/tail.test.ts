/** hindsight tail. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openStore } from 'hindsightdb';
import { documentsOf, start, succeed } from './hindsight-process.ts';
import { folderWithStore, inStore } from './store-fixture.ts';

suite('tail', () => {
  test('shows the newest events, oldest of them first', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let number = 1; number <= 15; number += 1)
        await store.append(`a-${number % 2}`, [{ type: 'X', data: number }]);
    });
    const data = async (args: readonly string[]): Promise<unknown[]> =>
      documentsOf((await succeed(['tail', ...args, '--json', ...inStore], { folder })).stdout).map(
        (event) => event?.data,
      );
    assert.deepEqual(await data([]), [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert.deepEqual(await data(['a-1', '-n', '2']), [13, 15]);
    assert.deepEqual(await data(['-n', '0']), []);
  });

  for (const follows of [
    ['tail', '-f', '-n', '2'],
    ['tail', '-f', 'a-1', '-n', '2'],
    ['tail', '-f', '--category', 'a', '-n', '2'],
    ['tail', '-f', '--type', 'X', '-n', '2'],
  ]) {
    test(`follows what another process appends, without a gap or a repetition: ${follows.join(' ')}`, async (context) => {
      const folder = await folderWithStore(context, async (store) => {
        for (let number = 1; number <= 5; number += 1) await store.append('a-1', [{ type: 'X', data: number }]);
      });
      const running = start([...follows, '--json', ...inStore], { folder });
      await using store = await openStore(join(folder, 's.db'));
      for (let number = 6; number <= 200; number += 1) await store.append('a-1', [{ type: 'X', data: number }]);
      await running.until((stdout) => stdout.includes('"data":200}'));
      running.child.kill('SIGINT');
      const { exitCode, stdout, stderr } = await running.ended;
      assert.deepEqual([exitCode, stderr], [130, '']);
      const data = documentsOf(stdout).map((event) => Number(event?.data));
      const [first = 0] = data;
      // It began wherever the writer was; from there on nothing is missing.
      assert.ok(first >= 4, `It begins with ${first}.`);
      assert.deepEqual(
        data,
        data.map((_, index) => first + index),
      );
    });
  }
});
