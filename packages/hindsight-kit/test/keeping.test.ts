/** hindsight check, backup and restore. */

import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { documentsOf, hindsight, succeed } from './hindsight-process.ts';
import { folderWithStore, inStore } from './store-fixture.ts';

suite('check, backup and restore', () => {
  test('a sound store is called sound, and a damaged one ends with 4 and the first bad place', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let round = 0; round < 50; round += 1)
        await store.append(
          `a-${round}`,
          Array.from({ length: 20 }, (_, index) => ({
            type: 'X',
            data: { text: `marker-${round}-${index}-${'x'.repeat(100)}` },
          })),
        );
    });
    const sound = await succeed(['check', '--json', ...inStore], { folder });
    assert.deepEqual(documentsOf(sound.stdout), [
      { store: 's.db', isSound: true, eventCount: 1000, streamCount: 50, findings: [] },
    ]);
    const path = join(folder, 's.db');
    const bytes = await readFile(path);
    const at = bytes.indexOf('marker-30-');
    assert.ok(at > 0);
    const file = await open(path, 'r+');
    await file.write(Buffer.from('"}}}{{{{'), 0, 8, at);
    await file.close();
    const damaged = await hindsight(['check', '--json', ...inStore], { folder });
    assert.equal(damaged.exitCode, 4);
    const [{ isSound, findings } = {}] = documentsOf(damaged.stdout);
    assert.equal(isSound, false);
    assert.ok(Array.isArray(findings) && findings.length > 0);
    const people = await hindsight(['check', ...inStore], { folder });
    assert.equal(people.exitCode, 4);
    assert.match(people.stdout, /Damaged:/);
    assert.match(people.stderr, /restore a backup/);
  });

  test('a backup restored is the same log in a new epoch, and nothing is overwritten', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      await store.append('a-1', [{ type: 'X', data: 1 }]);
    });
    const [backup] = documentsOf((await succeed(['backup', 'b.db', '--json', ...inStore], { folder })).stdout);
    assert.deepEqual(backup?.heads, [1]);
    const [restored] = documentsOf((await succeed(['restore', 'b.db', 'r.db', '--json'], { folder })).stdout);
    assert.deepEqual([restored?.epochs, restored?.heads], [2, [1]]);
    const read = async (name: string): Promise<string> =>
      (await succeed(['read', '--json', '--store', name], { folder })).stdout;
    assert.equal(await read('r.db'), await read('s.db'));
    for (const args of [
      ['backup', 'b.db', ...inStore],
      ['restore', 'b.db', 'r.db'],
    ]) {
      const again = await hindsight(args, { folder });
      assert.equal(again.exitCode, 1);
      assert.match(again.stderr, /STORE_EXISTS/);
    }
  });
});
