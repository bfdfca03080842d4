/**
 * Scans of the keyed store: by prefix, in both directions, in pages.
 */

import { compareUtf8 } from '../../core/text.ts';
import type { Direction } from '../../engine/contract.ts';
import { defineArea, type Area } from '../area.ts';
import { equal, holds } from '../assertions.ts';
import type { LogUnderTest } from '../log-under-test.ts';
import { oddNames } from '../odd-names.ts';

/** Scans of the keyed store. */
export const scanning: Area = defineArea('scans of the keyed store', {
  'a scan shows the entries whose keys begin with the prefix, in the order of UTF-8 bytes': async (log) => {
    const keys = [
      ...oddNames,
      'p/1',
      'p/10',
      'p/2',
      'p',
      'p/',
      'p0',
      'p\uE000',
      'p\u{1F642}',
      'p/\u{10FFFF}',
      'q/1',
      'P/1',
      'p%1',
      'p_1',
      'x'.repeat(300),
    ];
    equal(await log.engine.keyedWrite(keys.map((key) => ({ key, value: key }))), [], 'The answer');
    const sorted = keys.toSorted(compareUtf8);
    for (const prefix of [
      '',
      'p',
      'p/',
      'p/1',
      'p%',
      'p_',
      '%',
      '_',
      '*',
      'P',
      'é',
      'e',
      '🙂',
      '\uE000',
      '[',
      '"',
      "'",
      '\\',
      'a\\',
      'nothing',
      'x'.repeat(300),
      'x'.repeat(301),
    ]) {
      const expected = sorted.filter((key) => key.startsWith(prefix));
      equal(
        (await scan(log, prefix, 1000)).map(({ key }) => key),
        expected,
        `The keys that begin with ${JSON.stringify(prefix)}`,
      );
      equal(
        (await scan(log, prefix, 3)).map(({ key }) => key),
        expected,
        `The keys that begin with ${JSON.stringify(prefix)}, in pages`,
      );
    }
    for (const after of ['p', 'p/1', 'p/11', 'o', 'z', '🙂', 'p\uFFFF'])
      equal(
        (await log.engine.keyedScan({ prefix: 'p', after, limit: 1000 })).map(({ key }) => key),
        sorted.filter((key) => key.startsWith('p') && compareUtf8(key, after) > 0),
        `The keys after ${JSON.stringify(after)}`,
      );
    for (const { key, value } of await scan(log, '', 1000))
      equal([value, (await log.engine.keyedGet(key))?.value], [key, key], `The value under ${JSON.stringify(key)}`);
  },

  'a scan backward shows the same entries in the opposite order, in pages that follow each other': async (log) => {
    const keys = [
      ...oddNames,
      'p',
      'p/',
      'p/1',
      'p/10',
      'p/2',
      'p0',
      'p\uD7FF',
      'p\uE000',
      'p/\u{10FFFF}',
      '\u{10FFFF}',
      'q',
    ];
    await log.engine.keyedWrite(keys.map((key) => ({ key, value: key })));
    for (const prefix of ['', 'p', 'p/', 'p/1', 'p\uD7FF', 'p/\u{10FFFF}', '\u{10FFFF}', '%', '🙂', 'q', 'nothing']) {
      const expected = (await scan(log, prefix, 1000)).map(({ key }) => key).toReversed();
      for (const limit of [1000, 3, 1])
        equal(
          (await scan(log, prefix, limit, 'backward')).map(({ key }) => key),
          expected,
          `The keys that begin with ${JSON.stringify(prefix)}, backward in pages of ${limit}`,
        );
    }
    const sorted = keys.toSorted(compareUtf8).toReversed();
    for (const after of ['', 'o', 'p', 'p/', 'p/11', 'p0', 'p\uFFFF', 'q', 'z', '🙂', '\u{10FFFF}'])
      equal(
        (await log.engine.keyedScan({ prefix: 'p', after, direction: 'backward', limit: 1000 })).map(({ key }) => key),
        sorted.filter((key) => key.startsWith('p') && compareUtf8(key, after) < 0),
        `The keys before ${JSON.stringify(after)}`,
      );
  },

  'entries that are deleted are gone from scans, and entries that are replaced appear once': async (log) => {
    for (const key of ['a', 'b', 'c']) await log.engine.keyedWrite([{ key, value: '1' }]);
    await log.engine.keyedWrite([
      { key: 'b', value: null },
      { key: 'c', value: '2' },
    ]);
    equal(
      (await scan(log, '', 10)).map(({ key, value }) => [key, value]),
      [
        ['a', '1'],
        ['c', '2'],
      ],
      'The entries',
    );
  },
});

async function scan(log: LogUnderTest, prefix: string, limit: number, direction?: Direction) {
  const all = [];
  for (let after: string | undefined; ;) {
    const page = await log.engine.keyedScan({
      prefix,
      limit,
      ...(after !== undefined && { after }),
      ...(direction && { direction }),
    });
    holds(page.length <= limit, `A page of ${limit} entries holds ${page.length}.`);
    all.push(...page);
    holds(all.length <= 10_000, `A scan of the keys that begin with ${JSON.stringify(prefix)} does not end.`);
    after = page.at(-1)?.key;
    if (page.length < limit) return all;
  }
}
