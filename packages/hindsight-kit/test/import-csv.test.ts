/** Imports of CSV: what rows become, and what hostile files do not do. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { RecordedEvent } from 'hindsightdb';
import { eventsIn, importText, named } from './csv-fixture.ts';
import { documentsOf, hindsight, succeed, temporaryFolder } from './hindsight-process.ts';

function essence({ streamId, version, type, data, occurredAt }: RecordedEvent): unknown[] {
  return [streamId, version, type, data, occurredAt];
}

const table =
  'id,what,at,amount\nA,Opened,2026-03-01T09:00:00Z,10\nB,Opened,2026-03-01T09:05:00Z,\nA,Closed,2026-03-02T10:00:00+01:00,2.50\n';

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
    const text =
      'id,what,at,n,b,d,j,free\n1,X,2026-03-01T09:00:00Z,12.50,Yes,2026-03-02T00:00:00Z,"{""a"":[1]}",007\n1,X,2026-03-01T09:00:00Z,-3,0,2026-03-02T00:00:00Z,null,12\n';
    const told = await importText(context, text, [
      ...named,
      '--number',
      'n',
      '--boolean',
      'b',
      '--date',
      'd',
      '--as-json',
      'j',
    ]);
    assert.deepEqual(
      told.events.map(({ data }) => data),
      [
        { n: 12.5, b: true, d: '2026-03-02T00:00:00Z', j: { a: [1] }, free: '007' },
        { n: -3, b: false, d: '2026-03-02T00:00:00Z', j: null, free: '12' },
      ],
    );
    const inferred = await importText(context, text, [...named, '--infer', '--only', 'n,free']);
    assert.deepEqual(
      inferred.events.map(({ data }) => data),
      [
        { n: 12.5, free: '007' },
        { n: -3, free: 12 },
      ],
    );
  });

  test('keeps as text a number that a double would change', async (context) => {
    const numbers = [
      '12345678901234567890',
      '0.1',
      '9007199254740993',
      '1e400',
      '123456789012345678',
      '1.10',
      '0.30000000000000000001',
    ];
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
    const text =
      '\uFEFFid,what,at,"no,te"\r\n1,X,2026-03-01T09:00:00Z,"a ""b"", c\r\nsecond line"\r\n\r\n1,Y,2026-03-01T09:00:00Z,\r\n1,Z,2026-03-01T09:00:00Z,"ö😀"';
    const { ended, events } = await importText(context, text);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['X', { 'no,te': 'a "b", c\r\nsecond line' }],
        ['Y', {}],
        ['Z', { 'no,te': 'ö😀' }],
      ],
    );
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
    const tabs = await importText(context, "id\twhat\tat\tn\n1\tX\t2026-03-01T09:00:00Z\t'a\tb'\n", [
      ...named,
      '--quote',
      "'",
    ]);
    assert.deepEqual(tabs.events[0]?.data, { n: 'a\tb' });
    const latin = await importText(context, Buffer.from('id,what,at,n\n1,X,2026-03-01T09:00:00Z,caf\xe9\n', 'latin1'), [
      ...named,
      '--encoding',
      'windows-1252',
    ]);
    assert.deepEqual(latin.events[0]?.data, { n: 'café' });
    const utf16 = await importText(context, Buffer.from(`\uFEFF${table}`, 'utf16le'));
    assert.equal(utf16.events.length, 3);
    const zipped = await importText(
      context,
      Buffer.concat([gzipSync(table.slice(0, 40)), gzipSync(table.slice(40))]),
      named,
      'log.csv.gz',
    );
    assert.equal(zipped.events.length, 3);
    const bare = await importText(context, '1,X,2026-03-01T09:00:00Z,5\n', [...named, '--columns', 'id,what,at,n']);
    assert.deepEqual(bare.events[0]?.data, { n: '5' });
  });

  test('takes attribute names that objects treat specially for what they are', async (context) => {
    const { events } = await importText(
      context,
      'id,what,at,__proto__,constructor,toString,2,1\n1,X,2026-03-01T09:00:00Z,a,b,c,d,e\n',
    );
    assert.equal(JSON.stringify(events[0]?.data), '{"1":"e","2":"d","__proto__":"a","constructor":"b","toString":"c"}');
  });

  test('makes tags of columns, and takes a mapping from a file', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.csv'), 'id,what,at,who,amount\n1,X,2026-03-01T09:00:00Z,anna,5\n');
    await writeFile(
      join(folder, 'mapping.json'),
      JSON.stringify({
        case: 'id',
        category: 'fine',
        type: 'what',
        time: 'at',
        attributes: { amount: { type: 'number', as: 'euros' } },
        tags: { who: 'by' },
      }),
    );
    await succeed(['import', 'log.csv', '--mapping', 'mapping.json', '--drop', 'who', '--store', 's.db'], { folder });
    const [event] = await eventsIn(join(folder, 's.db'));
    assert.deepEqual([event?.streamId, event?.data, event?.tags], ['fine-1', { euros: 5 }, ['by:anna']]);
  });

  test('keeps to the portable limits where the configuration asks for them', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(
      join(folder, 'hindsight.config.mjs'),
      "export default { store: './s.db', options: { limits: 'portable' } };",
    );
    const rows = Array.from({ length: 500 }, (_, index) => `c${index % 40},E${index}`);
    await writeFile(join(folder, 'log.csv'), `id,what\n${rows.join('\n')}\n`);
    await succeed(['import', 'log.csv', '--case', 'id', '--type', 'what', '--no-time'], { folder });
    assert.deepEqual(
      (await eventsIn(join(folder, 's.db'))).map(({ type }) => type),
      rows.map((_, index) => `E${index}`),
    );
  });

  test('of a file that is not there, or is a folder, makes no store', async (context) => {
    const folder = await temporaryFolder(context);
    const missing = await hindsight(['import', 'log.csv', '--store', 's.db', ...named], { folder });
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /There is no file .*log\.csv/);
    const wrong = await hindsight(['import', '.', '--format', 'csv', '--store', 's.db', ...named], { folder });
    assert.equal(wrong.exitCode, 1);
    assert.match(wrong.stderr, /folder/);
    assert.equal(existsSync(join(folder, 's.db')), false);
  });

  test('shows with --preview what rows would become, and makes no store', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.csv'), table);
    const { stdout } = await succeed(['import', 'log.csv', '--store', 's.db', ...named, '--preview', '2', '--json'], {
      folder,
    });
    assert.deepEqual(documentsOf(stdout), [
      {
        line: 2,
        streamId: 'case-A',
        type: 'Opened',
        tags: [],
        occurredAt: '2026-03-01T09:00:00Z',
        data: { amount: '10' },
      },
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
    assert.equal(
      await occurredAt(context, '2010-12-30T14:32:00.123456789-0330'),
      '2010-12-30T14:32:00.123456789-03:30',
    );
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
    assert.equal(
      await occurredAt(context, '30-12-2010:11.02', ['--time-format', 'DD-MM-YYYY:HH.mm', '--time-zone', 'UTC']),
      '2010-12-30T11:02:00Z',
    );
    assert.equal(await occurredAt(context, '1293703320', ['--time-format', 'epoch-s']), '2010-12-30T10:02:00Z');
    assert.equal(await occurredAt(context, '1293703320123', ['--time-format', 'epoch-ms']), '2010-12-30T10:02:00.123Z');
    assert.equal(
      await occurredAt(context, '12/30/2010 1:02', ['--time-format', 'DD/MM/YYYY H:mm', '--time-zone', 'UTC']),
      1,
    );
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
