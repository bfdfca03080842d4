/** hindsight streams and hindsight stats. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { documentsOf, objectOf, succeed } from './hindsight-process.ts';
import { folderWithStore, inStore } from './store-fixture.ts';

suite('streams', () => {
  test('lists versions and times, filtered and paged', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      for (let number = 1; number <= 60; number += 1)
        await store.append(`a-${String(number).padStart(3, '0')}`, [{ type: 'X', data: 1 }]);
      await store.append('b-1', [
        { type: 'X', data: 1 },
        { type: 'X', data: 2 },
      ]);
      await store.tombstone('b-1');
    });
    const first = await succeed(['streams', ...inStore], { folder });
    assert.equal(first.stdout.split('\n').length, 52);
    assert.match(first.stderr, /There are more: --after a-050, or --all/);
    const rest = await succeed(['streams', '--after', 'a-050', '--json', ...inStore], { folder });
    const listed = documentsOf(rest.stdout);
    assert.equal(listed.length, 11);
    assert.deepEqual(listed.at(-1), {
      streamId: 'b-1',
      version: 2,
      firstAt: null,
      lastAt: null,
      settings: { tombstone: true },
    });
    assert.match(String(listed[0]?.firstAt), /^\d{4}-.*Z$/);
    assert.equal(
      documentsOf((await succeed(['streams', '--all', '--json', ...inStore], { folder })).stdout).length,
      61,
    );
    assert.equal(
      documentsOf((await succeed(['streams', '--category', 'b', '--json', ...inStore], { folder })).stdout).length,
      1,
    );
    assert.equal(
      documentsOf((await succeed(['streams', '--prefix', 'a-00', '--json', ...inStore], { folder })).stdout).length,
      9,
    );
  });
});

suite('stats', () => {
  test('counts events, streams, categories and types, and names what was imported', async (context) => {
    const folder = await folderWithStore(context, async (store) => {
      await store.append('a-1', [
        { type: 'X', data: 1 },
        { type: 'Y', data: 2 },
      ]);
      await store.append('b-1', [{ type: 'X', data: 3 }]);
    });
    await writeFile(join(folder, 'log.csv'), 'id,what\n1,Z\n');
    await succeed(['import', 'log.csv', '--case', 'id', '--type', 'what', '--no-time', '--category', 'c', ...inStore], {
      folder,
    });
    const [document] = documentsOf((await succeed(['stats', '--json', ...inStore], { folder })).stdout);
    const { events, streams, imports, files, contents } = objectOf(document);
    const { categories, types, recent } = objectOf(contents);
    assert.deepEqual([events, streams], [4, 3]);
    assert.deepEqual(categories, [
      { category: 'a', events: 2, streams: 1 },
      { category: 'b', events: 1, streams: 1 },
      { category: 'c', events: 1, streams: 1 },
    ]);
    assert.deepEqual(types, [
      { type: 'X', events: 2 },
      { type: 'Y', events: 1 },
      { type: 'Z', events: 1 },
    ]);
    assert.deepEqual(recent, { minute: 4, hour: 4, day: 4 });
    assert.deepEqual(imports, [{ source: 'log.csv', kind: 'csv', rows: 1, events: 1, skipped: 0, isComplete: true }]);
    assert.ok(Number(objectOf(files).databaseBytes) > 0);
    const people = await succeed(['stats', ...inStore], { folder });
    assert.match(people.stdout, /events +4 in 3 streams/);
    const [quick] = documentsOf((await succeed(['stats', '--quick', '--json', ...inStore], { folder })).stdout);
    assert.equal(quick?.contents, null);
  });
});
