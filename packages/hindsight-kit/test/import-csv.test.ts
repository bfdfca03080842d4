/** Imports of CSV: what rows become, and what hostile files do not do. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { documentsOf, hindsight, succeed, temporaryFolder, type Ended } from './hindsight-process.ts';

const named = ['--case', 'id', '--type', 'what', '--time', 'at'];

interface Imported {
  readonly ended: Ended;
  readonly events: readonly RecordedEvent[];
  readonly folder: string;
}

async function importText(
  context: TestContext,
  text: string | Buffer,
  args: readonly string[] = named,
  name = 'log.csv',
): Promise<Imported> {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, name), text);
  const ended = await hindsight(['import', name, '--store', 's.db', ...args], { folder });
  return { ended, folder, events: await eventsIn(join(folder, 's.db')) };
}

async function eventsIn(path: string): Promise<readonly RecordedEvent[]> {
  await using store = await openStore(path);
  return await store.readLog().toArray();
}

function essence({ streamId, version, type, data, occurredAt }: RecordedEvent): unknown[] {
  return [streamId, version, type, data, occurredAt];
}

const table = 'id,what,at,amount\nA,Opened,2026-03-01T09:00:00Z,10\nB,Opened,2026-03-01T09:05:00Z,\nA,Closed,2026-03-02T10:00:00+01:00,2.50\n';

suite('an import of CSV', () => {
  test('makes a stream of each case, with type, time and attributes, in the order of the file', async (context) => {
    const { ended, events } = await importText(context, table);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events.map(essence), [
      ['case-A', 1, 'Opened', { amount: '10' }, '2026-03-01T09:00:00Z'],
      ['case-B', 1, 'Opened', {}, '2026-03-01T09:05:00Z'],
      ['case-A', 2, 'Closed', { amount: '2.50' }, '2026-03-02T10:00:00+01:00'],
    ]);
  });

  test('keeps the order of the file where cases are interleaved, however they are', async (context) => {
    const rows = Array.from({ length: 3000 }, (_, index) => [`c${(index * 7919) % 13}`, `E${index}`]);
    const text = `id,what\n${rows.map((row) => row.join(',')).join('\n')}\n`;
    const { ended, events } = await importText(context, text, ['--case', 'id', '--type', 'what', '--no-time']);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ type, streamId }) => [streamId, type]),
      rows.map(([id, type]) => [`case-${id}`, type]),
    );
  });

  test('knows the columns of process logs without being told', async (context) => {
    const { events } = await importText(
      context,
      'case:concept:name,concept:name,time:timestamp\nc-1,Registered,2026-03-01T09:00:00Z\n',
      ['--no-category'],
    );
    assert.deepEqual(events.map(essence), [['c-1', 1, 'Registered', {}, '2026-03-01T09:00:00Z']]);
  });

  test('gives attributes the types that it is told, and infers them only when told', async (context) => {
    const text = 'id,what,at,n,b,d,j,free\n1,X,2026-03-01T09:00:00Z,12.50,Yes,2026-03-02T00:00:00Z,"{""a"":[1]}",007\n1,X,2026-03-01T09:00:00Z,-3,0,2026-03-02T00:00:00Z,null,12\n';
    const told = await importText(context, text, [...named, '--number', 'n', '--boolean', 'b', '--date', 'd', '--as-json', 'j']);
    assert.deepEqual(told.events.map(({ data }) => data), [
      { n: 12.5, b: true, d: '2026-03-02T00:00:00Z', j: { a: [1] }, free: '007' },
      { n: -3, b: false, d: '2026-03-02T00:00:00Z', j: null, free: '12' },
    ]);
    const inferred = await importText(context, text, [...named, '--infer', '--only', 'n,free']);
    assert.deepEqual(inferred.events.map(({ data }) => data), [
      { n: 12.5, free: '007' },
      { n: -3, free: 12 },
    ]);
  });

  test('keeps as text a number that a double would change', async (context) => {
    const numbers = ['12345678901234567890', '0.1', '9007199254740993', '1e400', '123456789012345678', '1.10', '0.30000000000000000001'];
    const text = `id,what,at,n\n${numbers.map((number) => `1,X,2026-03-01T09:00:00Z,${number}`).join('\n')}\n`;
    const { ended, events } = await importText(context, text, [...named, '--number', 'n']);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ data }) => data),
      [
        { n: '12345678901234567890' },
        { n: 0.1 },
        { n: '9007199254740993' },
        { n: '1e400' },
        { n: '123456789012345678' },
        { n: 1.1 },
        { n: '0.30000000000000000001' },
      ],
    );
  });

  test('copes with a byte order mark, CRLF, quotes, line ends in fields, empty fields and a missing last line end', async (context) => {
    const text = '\uFEFFid,what,at,"no,te"\r\n1,X,2026-03-01T09:00:00Z,"a ""b"", c\r\nsecond line"\r\n\r\n1,Y,2026-03-01T09:00:00Z,\r\n1,Z,2026-03-01T09:00:00Z,"ö😀"';
    const { ended, events } = await importText(context, text);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events.map(({ type, data }) => [type, data]), [
      ['X', { 'no,te': 'a "b", c\r\nsecond line' }],
      ['Y', {}],
      ['Z', { 'no,te': 'ö😀' }],
    ]);
  });

  test('keeps apart columns of one name, and names columns that have none', async (context) => {
    const { ended, events } = await importText(context, 'id,what,at,x,x,,x#2\n1,X,2026-03-01T09:00:00Z,a,b,c,d\n');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events[0]?.data, { x: 'a', 'x#3': 'b', column6: 'c', 'x#2': 'd' });
    assert.match(ended.stderr, /several columns "x"/);
  });

  test('reads other delimiters, quotes, encodings, gzip and files without a line of names', async (context) => {
    const semicolons = await importText(context, 'id;what;at;n\n1;X;2026-03-01T09:00:00Z;"a;b"\n');
    assert.deepEqual(semicolons.events[0]?.data, { n: 'a;b' });
    const tabs = await importText(context, "id\twhat\tat\tn\n1\tX\t2026-03-01T09:00:00Z\t'a\tb'\n", [...named, '--quote', "'"]);
    assert.deepEqual(tabs.events[0]?.data, { n: 'a\tb' });
    const latin = await importText(context, Buffer.from('id,what,at,n\n1,X,2026-03-01T09:00:00Z,caf\xe9\n', 'latin1'), [...named, '--encoding', 'windows-1252']);
    assert.deepEqual(latin.events[0]?.data, { n: 'café' });
    const utf16 = await importText(context, Buffer.from(`\uFEFF${table}`, 'utf16le'));
    assert.equal(utf16.events.length, 3);
    const zipped = await importText(context, Buffer.concat([gzipSync(table.slice(0, 40)), gzipSync(table.slice(40))]), named, 'log.csv.gz');
    assert.equal(zipped.events.length, 3);
    const bare = await importText(context, '1,X,2026-03-01T09:00:00Z,5\n', [...named, '--columns', 'id,what,at,n']);
    assert.deepEqual(bare.events[0]?.data, { n: '5' });
  });

  test('takes attribute names that objects treat specially for what they are', async (context) => {
    const { events } = await importText(context, 'id,what,at,__proto__,constructor,toString,2,1\n1,X,2026-03-01T09:00:00Z,a,b,c,d,e\n');
    assert.equal(JSON.stringify(events[0]?.data), '{"1":"e","2":"d","__proto__":"a","constructor":"b","toString":"c"}');
  });

  test('makes tags of columns, and takes a mapping from a file', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.csv'), 'id,what,at,who,amount\n1,X,2026-03-01T09:00:00Z,anna,5\n');
    await writeFile(
      join(folder, 'mapping.json'),
      JSON.stringify({ case: 'id', category: 'fine', type: 'what', time: 'at', attributes: { amount: { type: 'number', as: 'euros' } }, tags: { who: 'by' } }),
    );
    await succeed(['import', 'log.csv', '--mapping', 'mapping.json', '--drop', 'who', '--store', 's.db'], { folder });
    const [event] = await eventsIn(join(folder, 's.db'));
    assert.deepEqual([event?.streamId, event?.data, event?.tags], ['fine-1', { euros: 5 }, ['by:anna']]);
  });

  test('shows with --preview what rows would become, and makes no store', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.csv'), table);
    const { stdout } = await succeed(['import', 'log.csv', '--store', 's.db', ...named, '--preview', '2', '--json'], { folder });
    assert.deepEqual(documentsOf(stdout), [
      { line: 2, streamId: 'case-A', type: 'Opened', tags: [], occurredAt: '2026-03-01T09:00:00Z', data: { amount: '10' } },
      { line: 3, streamId: 'case-B', type: 'Opened', tags: [], occurredAt: '2026-03-01T09:05:00Z', data: {} },
    ]);
    assert.equal((await hindsight(['stats', '--store', 's.db'], { folder })).exitCode, 1);
  });
});

suite('times of an import', () => {
  async function occurredAt(context: TestContext, cell: string, args: readonly string[] = []): Promise<unknown> {
    const { ended, events } = await importText(context, `id,what,at\n1,X,${cell}\n`, [...named, ...args]);
    return events[0]?.occurredAt ?? ended.exitCode;
  }

  test('keep the offset and every digit that they are given with', async (context) => {
    assert.equal(await occurredAt(context, '2010-12-30 14:32:00+01:00'), '2010-12-30T14:32:00+01:00');
    assert.equal(await occurredAt(context, '2010-12-30T14:32:00.123456789-0330'), '2010-12-30T14:32:00.123456789-03:30');
    assert.equal(await occurredAt(context, '2010/12/30 14:32:00.5 UTC'), '2010-12-30T14:32:00.5Z');
  });

  test('without an offset need a zone, and get the offset that it had then', async (context) => {
    assert.equal(await occurredAt(context, '2011-10-11 13:45:40.276'), 2);
    const amsterdam = ['--time-zone', 'Europe/Amsterdam'];
    assert.equal(await occurredAt(context, '2011-10-11 13:45:40.276', amsterdam), '2011-10-11T13:45:40.276+02:00');
    assert.equal(await occurredAt(context, '2011-12-11 13:45:40.276', amsterdam), '2011-12-11T13:45:40.276+01:00');
    assert.equal(await occurredAt(context, '2011-10-30 02:30:00', amsterdam), '2011-10-30T02:30:00+02:00');
    assert.equal(await occurredAt(context, '2011-10-30 03:30:00', amsterdam), '2011-10-30T03:30:00+01:00');
    assert.equal(await occurredAt(context, '2011-03-27 02:30:00', amsterdam), 1);
    assert.equal(await occurredAt(context, '2011-03-27', ['--time-zone', '+02:00']), '2011-03-27T00:00:00+02:00');
  });

  test('are read in the forms that they are said to have', async (context) => {
    assert.equal(await occurredAt(context, '30-12-2010:11.02', ['--time-format', 'DD-MM-YYYY:HH.mm', '--time-zone', 'UTC']), '2010-12-30T11:02:00Z');
    assert.equal(await occurredAt(context, '1293703320', ['--time-format', 'epoch-s']), '2010-12-30T10:02:00Z');
    assert.equal(await occurredAt(context, '1293703320123', ['--time-format', 'epoch-ms']), '2010-12-30T10:02:00.123Z');
    assert.equal(await occurredAt(context, '12/30/2010 1:02', ['--time-format', 'DD/MM/YYYY H:mm', '--time-zone', 'UTC']), 1);
  });
});

suite('a bad row', () => {
  const text = 'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n\n2,X,2026-03-01T09:00:00Z,2\n3,X,yesterday,3\n4,X,2026-03-01T09:00:00Z,4\n';

  test('stops the import with its file, line and column, behind what stands before it', async (context) => {
    const { ended, events } = await importText(context, text);
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /log\.csv:5, column "at": "yesterday" is no time/);
    assert.deepEqual(events.map(({ streamId }) => streamId), ['case-1', 'case-2']);
  });

  test('is skipped and counted when that is asked for', async (context) => {
    const { ended, events } = await importText(context, text, [...named, '--on-bad-row', 'skip', '--json']);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events.map(({ streamId }) => streamId), ['case-1', 'case-2', 'case-4']);
    const [summary] = documentsOf(ended.stdout);
    assert.ok(typeof summary === 'object' && summary !== null && 'skipped' in summary && 'badRows' in summary);
    assert.equal(summary.skipped, 1);
    assert.deepEqual(summary.badRows, [{ line: 5, column: 'at', reason: '"yesterday" is no time.' }]);
  });

  test('can be mended, and the import goes on there', async (context) => {
    const { folder } = await importText(context, text);
    await writeFile(join(folder, 'log.csv'), text.replace('yesterday', '2026-03-01T09:00:00Z'));
    await succeed(['import', 'log.csv', '--store', 's.db', ...named], { folder });
    assert.deepEqual((await eventsIn(join(folder, 's.db'))).map(({ streamId }) => streamId), ['case-1', 'case-2', 'case-3', 'case-4']);
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
      const { ended, events } = await importText(context, `id,what,at,n\n0,X,2026-03-01T09:00:00Z,1\n${row}\n`, [...named, '--number', 'n']);
      assert.equal(ended.exitCode, 1);
      assert.match(ended.stderr, /log\.csv:3/);
      assert.match(ended.stderr, complaint);
      assert.deepEqual(events.map(({ streamId }) => streamId), ['case-0']);
    });
  }

  test('is none that carries a very long field', async (context) => {
    const long = 'ä'.repeat(5_000_000);
    const { ended, events } = await importText(context, `id,what,at,n\n1,X,2026-03-01T09:00:00Z,"${long}"\n2,X,2026-03-01T09:00:00Z,2\n`);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events[0]?.data, { n: long });
    assert.equal(events.length, 2);
  });
});

suite('a file that cannot be read on', () => {
  const unreadable: readonly (readonly [what: string, text: string | Buffer, complaint: RegExp, count: number])[] = [
    ['opens a quote that nothing closes', 'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n2,X,2026-03-01T09:00:00Z,"a\n3,X\n', /log\.csv:3: The row that begins here opens a quote/, 1],
    ['goes on behind a closing quote', 'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n2,X,2026-03-01T09:00:00Z,"a"b\n', /log\.csv:3: A quoted field goes on/, 1],
    ['has a quote in the middle of a field', 'id,what,at,n\n1,X,2026-03-01T09:00:00Z,1\n2,X,2026-03-01T09:00:00Z,5" pipe\n', /log\.csv:3: A field has a quote/, 1],
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
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index % 50},E${index},2026-03-01T09:00:00Z,${(index * 2654435761) % 4294967296}`);
    const text = `id,what,at,n\n${rows.join('\n')}\n`;
    const whole = gzipSync(text);
    const { ended, folder, events } = await importText(context, whole.subarray(0, whole.length / 2), named, 'log.csv.gz');
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /damaged or cut off/);
    assert.ok(events.length > 0 && events.length < rows.length);
    await writeFile(join(folder, 'log.csv.gz'), whole);
    await succeed(['import', 'log.csv.gz', '--store', 's.db', ...named], { folder });
    assert.deepEqual((await eventsIn(join(folder, 's.db'))).map(({ type }) => type), rows.map((_, index) => `E${index}`));
  });

  test('is read when told that quotes are ordinary characters', async (context) => {
    const { ended, events } = await importText(context, 'id,what,at,n\n1,X,2026-03-01T09:00:00Z,5" pipe\n', [...named, '--relax-quotes']);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(events[0]?.data, { n: '5" pipe' });
  });
});

suite('a mapping', () => {
  test('that names a column which is not there is refused with the columns that are', async (context) => {
    const { ended, events } = await importText(context, table, ['--case', 'ID', '--type', 'what', '--time', 'at']);
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /none of that name[\s\S]*Is it "id"\?[\s\S]*"id", "what", "at", "amount"/);
    assert.equal(events.length, 0);
  });

  test('that is not given for columns which say nothing is asked for', async (context) => {
    const { ended } = await importText(context, table, []);
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /which column names the case: --case/);
  });
});
