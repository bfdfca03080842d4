/** Rows and files that mean no events: what is said of them, and what stands before them. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventsIn, importText, named } from './csv-fixture.ts';
import { documentsOf, succeed } from './hindsight-process.ts';

suite('a bad row', () => {
  const text =
    'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n\n2,X,2026-03-01T09:00:00Z,2\n3,X,yesterday,3\n4,X,2026-03-01T09:00:00Z,4\n';

  test('stops the import with its file, line and column, behind what stands before it', async (context) => {
    const { ended, events } = await importText(context, text);
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /log\.csv:5, column "at": "yesterday" is no time/);
    assert.deepEqual(
      events.map(({ streamId }) => streamId),
      ['case-1', 'case-2'],
    );
  });

  test('is skipped and counted when that is asked for', async (context) => {
    const { ended, events } = await importText(context, text, [...named, '--on-bad-row', 'skip', '--json']);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ streamId }) => streamId),
      ['case-1', 'case-2', 'case-4'],
    );
    const [summary] = documentsOf(ended.stdout);
    assert.ok(typeof summary === 'object' && summary !== null && 'skipped' in summary && 'badRows' in summary);
    assert.equal(summary.skipped, 1);
    assert.deepEqual(summary.badRows, [{ line: 5, column: 'at', reason: '"yesterday" is no time.' }]);
  });

  test('can be mended, and the import goes on there', async (context) => {
    const { folder } = await importText(context, text);
    await writeFile(join(folder, 'log.csv'), text.replace('yesterday', '2026-03-01T09:00:00Z'));
    await succeed(['import', 'log.csv', '--store', 's.db', ...named], { folder });
    assert.deepEqual(
      (await eventsIn(join(folder, 's.db'))).map(({ streamId }) => streamId),
      ['case-1', 'case-2', 'case-3', 'case-4'],
    );
  });

  const bad: readonly (readonly [what: string, row: string, complaint: RegExp])[] = [
    ['without a case', ',X,2026-03-01T09:00:00Z,1', /column "id": The row names no case/],
    ['without a type', '1,,2026-03-01T09:00:00Z,1', /column "what": The event type is empty/],
    ['without a time', '1,X,,1', /column "at": The row has no time/],
    ['of a time that does not exist', '1,X,2026-02-30T09:00:00Z,1', /no time that exists/],
    ['of a time beyond what a store keeps', '1,X,9999-01-01T09:00:00Z,1', /outside the years/],
    ['with too few fields', '1,X', /has 2 fields, and there are 4 columns/],
    ['with too many fields', '1,X,2026-03-01T09:00:00Z,1,2', /has 5 fields/],
    ['with a reserved type', '1,$X,2026-03-01T09:00:00Z,1', /begins with \$/],
    ['with a NUL in a name', '1\0,X,2026-03-01T09:00:00Z,1', /NUL/],
    ['with a very long case', `${'x'.repeat(2000)},X,2026-03-01T09:00:00Z,1`, /takes 2005 bytes; the limit is 1024/],
    ['with a number that is none', '1,X,2026-03-01T09:00:00Z,"1,5"', /column "n": "1,5" is no number/],
    ['larger than a record', `1,X,2026-03-01T09:00:00Z,${'9'.repeat(17 * 1024 * 1024)}`, /the limit is/],
  ];
  for (const [what, row, complaint] of bad) {
    test(`is one ${what}, and nothing of it is stored`, async (context) => {
      const { ended, events } = await importText(context, `id,what,at,n\n0,X,2026-03-01T09:00:00Z,1\n${row}\n`, [
        ...named,
        '--number',
        'n',
      ]);
      assert.equal(ended.exitCode, 1);
      assert.match(ended.stderr, /log\.csv:3/);
      assert.match(ended.stderr, complaint);
      assert.deepEqual(
        events.map(({ streamId }) => streamId),
        ['case-0'],
      );
    });
  }

  test('is none that carries a very long field', async (context) => {
    const long = 'ä'.repeat(5_000_000);
    const { ended, events } = await importText(
      context,
      `id,what,at,n\n1,X,2026-03-01T09:00:00Z,"${long}"\n2,X,2026-03-01T09:00:00Z,2\n`,
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events[0]?.data, { n: long });
    assert.equal(events.length, 2);
  });
});

suite('a file that cannot be read on', () => {
  const unreadable: readonly (readonly [what: string, text: string | Buffer, complaint: RegExp, count: number])[] = [
    [
      'opens a quote that nothing closes',
      'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n2,X,2026-03-01T09:00:00Z,"a\n3,X\n',
      /log\.csv:3: The row that begins here opens a quote/,
      1,
    ],
    [
      'goes on behind a closing quote',
      'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n2,X,2026-03-01T09:00:00Z,"a"b\n',
      /log\.csv:3: A quoted field goes on/,
      1,
    ],
    [
      'has a quote in the middle of a field',
      'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n2,X,2026-03-01T09:00:00Z,5" pipe\n',
      /log\.csv:3: A field has a quote/,
      1,
    ],
    ['is not UTF-8', Buffer.from('id,what,at,n\n1,X,2026-03-01T09:00:00Z,caf\xe9\n', 'latin1'), /not UTF-8/, 0],
    ['is empty', '', /The file is empty/, 0],
  ];
  for (const [what, text, complaint, count] of unreadable) {
    test(`because it ${what} ends the import with its place, and what stands before is imported`, async (context) => {
      const { ended, events } = await importText(context, text);
      assert.notEqual(ended.exitCode, 0);
      assert.match(ended.stderr, complaint);
      assert.equal(events.length, count);
    });
  }

  test('because its gzip is cut off ends the import, and the whole file is imported afterwards', async (context) => {
    const rows = Array.from(
      { length: 20_000 },
      (_, index) => `${index % 50},E${index},2026-03-01T09:00:00Z,${(index * 2654435761) % 4294967296}`,
    );
    const text = `id,what,at,n\n${rows.join('\n')}\n`;
    const whole = gzipSync(text);
    const { ended, folder, events } = await importText(
      context,
      whole.subarray(0, whole.length / 2),
      named,
      'log.csv.gz',
    );
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /damaged or cut off/);
    assert.ok(events.length > 0 && events.length < rows.length);
    await writeFile(join(folder, 'log.csv.gz'), whole);
    await succeed(['import', 'log.csv.gz', '--store', 's.db', ...named], { folder });
    assert.deepEqual(
      (await eventsIn(join(folder, 's.db'))).map(({ type }) => type),
      rows.map((_, index) => `E${index}`),
    );
  });

  test('is read when told that quotes are ordinary characters', async (context) => {
    const { ended, events } = await importText(context, 'id,what,at,n\n1,X,2026-03-01T09:00:00Z,5" pipe\n', [
      ...named,
      '--relax-quotes',
    ]);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events[0]?.data, { n: '5" pipe' });
  });
});
