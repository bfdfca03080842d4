/** A reading can be walked in every way that JavaScript has, whole or in part, and misses nothing. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { Reading, type PageOf } from '../../src/store/reading.ts';

/** A reading of these pages that notes how it is used. */
function readingOf(pages: readonly (readonly number[])[], failure?: Error) {
  const seen = { walks: 0, pages: 0, ended: 0 };
  const reading = new Reading<number, PageOf<number>>(async function* () {
    seen.walks += 1;
    try {
      for (const events of pages) {
        await Promise.resolve();
        seen.pages += 1;
        yield { events };
      }
      if (failure !== undefined) throw failure;
    } finally {
      seen.ended += 1;
    }
  });
  return { reading, seen };
}

const anyPages = fc.array(fc.array(fc.integer(), { maxLength: 4 }), { maxLength: 6 });

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

suite('a reading', () => {
  test('gives the same in a loop, in pages and as an array, and again each time', async () => {
    await fc.assert(
      fc.asyncProperty(anyPages, async (pages) => {
        const { reading, seen } = readingOf(pages);
        assert.deepEqual(await collected(reading), pages.flat());
        assert.deepEqual(await reading.toArray(), pages.flat());
        assert.deepEqual(
          (await collected(reading.pages())).map(({ events }) => events),
          pages,
        );
        assert.deepEqual(await collected(reading), pages.flat());
        assert.equal(await reading.first(), pages.flat()[0]);
        assert.deepEqual([seen.walks, seen.ended], [5, 5]);
      }),
    );
  });

  test('reads nothing before it is walked, and no page before it is needed', async () => {
    const { reading, seen } = readingOf([[1, 2], [3]]);
    assert.deepEqual(seen, { walks: 0, pages: 0, ended: 0 });
    const walk = reading[Symbol.asyncIterator]();
    await walk.next();
    await walk.next();
    assert.equal(seen.pages, 1);
    await walk.next();
    assert.equal(seen.pages, 2);
  });

  test('is over where its loop is left, and lets go of what it held', async () => {
    const { reading, seen } = readingOf([[1, 2], [3], [4]]);
    for await (const item of reading) if (item === 3) break;
    assert.deepEqual(seen, { walks: 1, pages: 2, ended: 1 });
    const { reading: other, seen: ofOther } = readingOf([[1], [2]]);
    await assert.rejects(async () => {
      for await (const item of other) throw new Error(`left at ${item}`);
    }, /left at 1/);
    assert.equal(ofOther.ended, 1);
  });

  test('stays over: nothing comes after the end, a return or an error', async () => {
    const { reading } = readingOf([[1], [2, 3]], new Error('the disk'));
    const walk = reading[Symbol.asyncIterator]();
    for (const value of [1, 2, 3]) assert.deepEqual(await walk.next(), { done: false, value });
    await assert.rejects(walk.next(), /the disk/);
    assert.equal((await walk.next()).done, true);

    const left = readingOf([[1, 2, 3]]).reading[Symbol.asyncIterator]();
    await left.next();
    assert.deepEqual(await left.return?.(), { done: true, value: undefined });
    assert.equal((await left.next()).done, true);
  });

  test('gives its first event and looks no further', async () => {
    const { reading, seen } = readingOf([[], [], [7, 8], [9]]);
    assert.equal(await reading.first(), 7);
    assert.deepEqual(seen, { walks: 1, pages: 3, ended: 1 });
    assert.equal(await readingOf([[], []]).reading.first(), undefined);
  });

  test('misses nothing when several events are asked for at once', async () => {
    await fc.assert(
      fc.asyncProperty(anyPages, fc.integer({ min: 1, max: 5 }), async (pages, atOnce) => {
        const walk = readingOf(pages).reading[Symbol.asyncIterator]();
        const items: number[] = [];
        for (let isDone = false; !isDone;) {
          const answers = await Promise.all(Array.from({ length: atOnce }, async () => await walk.next()));
          for (const answer of answers) {
            if (answer.done === true) isDone = true;
            else {
              assert.ok(!isDone, 'nothing comes after the end');
              items.push(answer.value);
            }
          }
        }
        assert.deepEqual(items, pages.flat());
      }),
    );
  });

  test('that is left while a page is fetched gives nothing more', async () => {
    const walk = readingOf([
      [1, 2],
      [3, 4],
    ]).reading[Symbol.asyncIterator]();
    await walk.next();
    await walk.next();
    const [, , after] = await Promise.all([walk.next(), walk.return?.(), walk.next()]);
    assert.equal(after.done, true);
    assert.equal((await walk.next()).done, true);
  });

  test('may have pages of more events than a function takes arguments', async () => {
    const events = Array.from({ length: 300_000 }, (_, index) => index);
    assert.equal((await readingOf([events]).reading.toArray()).length, 300_000);
  });
});
