/** Exports: what is written is what is stored, and imported again it is the same. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite, test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  array,
  assert as assertProperty,
  asyncProperty,
  dictionary,
  jsonValue,
  oneof,
  record,
  string,
} from 'fast-check';
import { openStore, rawJson, type Event, type Store, type StoredEvent } from 'hindsightdb';
import { csvFormat } from '../src/formats/csv/csv-format.ts';
import { jsonLinesFormat } from '../src/formats/json-lines/json-lines-format.ts';
import { documentsOf, hindsight, objectOf, start, succeed, temporaryFolder } from './hindsight-process.ts';
import { essenceOf, exported, importInto } from './in-memory-import.ts';

const inStore = ['--store', 's.db'];

async function recordsIn(path: string): Promise<readonly StoredEvent[]> {
  await using store = await openStore(path, { create: false, readOnly: true });
  return await store.readRecords().toArray();
}

async function folderWith(context: TestContext, fill: (store: Store) => Promise<void>): Promise<string> {
  const folder = await temporaryFolder(context);
  await using store = await openStore(join(folder, 's.db'));
  await fill(store);
  return folder;
}

async function assertReadsBack(folder: string, file: string): Promise<void> {
  await succeed(['export', file, ...inStore], { folder });
  // What the environment adds to new events has no place in those that were recorded before.
  const environment = { HINDSIGHT_RELEASE: 'r7' };
  await succeed(['import', file, '--store', `${file}.db`], { folder, environment });
  assert.deepEqual(
    (await recordsIn(join(folder, `${file}.db`))).map(essenceOf),
    (await recordsIn(join(folder, 's.db'))).map(essenceOf),
  );
}

async function importExport(store: Store, kind: 'jsonl' | 'csv', text: string): Promise<void> {
  const { limits } = store.capabilities;
  const format =
    kind === 'jsonl'
      ? jsonLinesFormat(limits)
      : csvFormat({ mapping: {}, isMappingGiven: false, relaxesQuotes: false, limits });
  assert.equal((await importInto(store, text, format)).stop, undefined);
}

const strange: readonly (readonly [streamId: string, event: Event])[] = [
  [
    'a-1',
    {
      type: 'Plain',
      data: { text: 'x', number: 1.5, yes: true, none: null, list: [1, 'a'], nested: { a: { b: [] } } },
    },
  ],
  [
    'a-1',
    {
      type: 'Looks',
      data: {
        text: '12',
        yes: 'true',
        none: 'null',
        empty: '',
        space: ' 5 ',
        quote: '"',
        brace: '{',
        lines: 'a\r\nb\nc',
        comma: 'a,b',
        tab: '\t',
      },
    },
  ],
  ['a-1', { type: 'Digits', data: rawJson('{"big":12345678901234567890,"zero":1.10,"exponent":1E2,"minus":-0}') }],
  ['a-1', { type: 'Spaces', data: rawJson('{ "a" : 1 }') }],
  ['a-1', { type: 'Twice', data: rawJson('{"a":1,"a":2}') }],
  ['a-1', { type: 'Escapes', data: rawJson('{"\\u0061":"\\u0062","lone":"\\ud800"}') }],
  ['a-1', { type: 'Empty', data: {} }],
  ['b', { type: 'Scalar', data: 5 }],
  ['b', { type: 'Text', data: 'text' }],
  ['b', { type: 'Null', data: null }],
  ['b', { type: 'List', data: [1, 2] }],
  ['b', { type: 'Bytes', data: new Uint8Array([0, 1, 255]), contentType: 'image/png' }],
  ['b', { type: 'NoBytes', data: new Uint8Array() }],
  [
    'ü,"\n-1',
    {
      type: ' ,"\n\u00a0',
      data: { 'ö,"\n': 1, __proto__x: 2, '': 3 },
      tags: ['t,1', 'ü:"x"'],
      metadata: { actor: 'anna, "b"', count: 1.5 },
    },
  ],
  ['c-1', { type: 'Order', data: { b: 1, a: 2 } }],
  ['c-1', { type: 'Order', data: { a: 2, b: 1 } }],
  ['c-1', { type: 'Timed', data: {}, occurredAt: '2026-03-01T09:00:00.123456789+05:30', id: 'own, "id"' }],
];

suite('an export', () => {
  for (const file of ['e.jsonl', 'e.csv', 'e.jsonl.gz', 'e.csv.gz'])
    test(`to ${file} reads back to the byte, whatever the events hold`, async (context) => {
      const folder = await folderWith(context, async (store) => {
        for (const [streamId, event] of strange) await store.append(streamId, [event]);
      });
      await assertReadsBack(folder, file);
    });

  test('of any events reads back to the byte, in either format', async () => {
    const name = string({ minLength: 1, maxLength: 12, unit: 'binary' }).filter(
      (text) => !text.includes('\0') && !text.startsWith('$'),
    );
    const event = record({
      streamId: name,
      type: name,
      data: oneof(jsonValue({ maxDepth: 2 }), dictionary(string({ maxLength: 3 }), string({ maxLength: 3 }))),
      tags: array(name, { maxLength: 2 }),
      actor: string(),
    });
    await assertProperty(
      asyncProperty(array(event, { minLength: 1, maxLength: 30 }), async (events) => {
        await using store = await openStore('memory:');
        for (const { streamId, type, data, tags, actor } of events)
          await store.append(streamId, [{ type, data, tags, metadata: { actor } }]);
        const records = async (from: Store): Promise<string[]> => (await from.readRecords().toArray()).map(essenceOf);
        for (const kind of ['jsonl', 'csv'] as const) {
          await using other = await openStore('memory:');
          await importExport(other, kind, await exported(store, kind));
          assert.deepEqual(await records(other), await records(store));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('to standard output is the same as to a file', async (context) => {
    const folder = await folderWith(context, async (store) => {
      for (const [streamId, event] of strange) await store.append(streamId, [event]);
    });
    for (const kind of ['jsonl', 'csv']) {
      await succeed(['export', `e.${kind}`, ...inStore], { folder });
      const { stdout } = await succeed(['export', '--format', kind, ...inStore], { folder });
      assert.equal(stdout, await readFile(join(folder, `e.${kind}`), 'utf8'));
    }
  });

  test('writes a column for each attribute, which a spreadsheet can read', async (context) => {
    const folder = await folderWith(context, async (store) => {
      await store.append('order-1', [{ type: 'Placed', data: { customer: 'c1', total: 12.5 }, id: 'e1', tags: ['t'] }]);
      await store.append('order-1', [{ type: 'Paid', data: { total: 12.5, method: 'card' }, id: 'e2' }]);
    });
    const { stdout } = await succeed(['export', '--format', 'csv', ...inStore], { folder });
    assert.deepEqual(stdout.replaceAll(/\d{4}-\d\d-[\d:.TZ-]+/g, '<time>').split('\n'), [
      'streamId,version,position,recordedAt,type,occurredAt,id,tags,metadata,contentType,encoding,data,data.customer,data.total,data.method',
      'order-1,1,1,<time>,Placed,,e1,"[""t""]",,,,,c1,12.5,',
      'order-1,2,2,<time>,Paid,,e2,,,,,,,12.5,card',
      '',
    ]);
  });

  test('holds only what was chosen, up to where the log ended when it began', async (context) => {
    const folder = await folderWith(context, async (store) => {
      for (let number = 1; number <= 10; number += 1)
        await store.append(`a-${number % 2}`, [{ type: number > 8 ? 'Y' : 'X', data: number }]);
    });
    const data = async (args: readonly string[]): Promise<unknown[]> =>
      documentsOf((await succeed(['export', ...args, ...inStore], { folder })).stdout).map((event) => event?.data);
    assert.deepEqual(await data(['--stream', 'a-1']), [1, 3, 5, 7, 9]);
    assert.deepEqual(await data(['--type', 'Y']), [9, 10]);
    assert.deepEqual(await data(['--after', '7', '-n', '2']), [8, 9]);
    assert.deepEqual(await data(['--category', 'b']), []);
  });

  test('overwrites no file unless told', async (context) => {
    const folder = await folderWith(context, async (store) => {
      await store.append('a-1', [{ type: 'X', data: 1 }]);
    });
    await writeFile(join(folder, 'e.jsonl'), 'mine');
    const refused = await hindsight(['export', 'e.jsonl', ...inStore], { folder });
    assert.equal(refused.exitCode, 2);
    assert.equal(await readFile(join(folder, 'e.jsonl'), 'utf8'), 'mine');
    await succeed(['export', 'e.jsonl', '--force', ...inStore], { folder });
    assert.equal(documentsOf(await readFile(join(folder, 'e.jsonl'), 'utf8')).length, 1);
  });
});

suite('an export that is interrupted', () => {
  async function large(context: TestContext): Promise<string> {
    return await folderWith(context, async (store) => {
      for (let round = 0; round < 60; round += 1)
        await store.append(
          `a-${round}`,
          Array.from({ length: 1000 }, (_, index) => ({ type: 'X', data: { round, index, text: 'x'.repeat(300) } })),
        );
    });
  }

  for (const file of ['e.jsonl', 'e.csv', 'e.jsonl.gz'])
    test(`leaves a part under another name, and goes on there: ${file}`, async (context) => {
      const folder = await large(context);
      const running = start(['export', file, ...inStore], { folder });
      while (!existsSync(join(folder, `${file}.part`)) && running.child.exitCode === null) await pause(2);
      running.child.kill('SIGINT');
      const { exitCode, stderr } = await running.ended;
      // It may have been done before the signal reached it; then there is nothing to go on with.
      if (exitCode === 130) {
        assert.match(stderr, /\.part; the same command goes on there/);
        assert.equal(existsSync(join(folder, file)), false);
      }
      if (exitCode !== 0) await succeed(['export', file, ...inStore], { folder });
      await succeed(['export', `whole-${file}`, ...inStore], { folder });
      assert.equal(existsSync(join(folder, `${file}.part`)), false);
      assert.equal(existsSync(join(folder, `${file}.part.json`)), false);
      const text = async (name: string): Promise<string> => {
        const bytes = await readFile(join(folder, name));
        return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      };
      assert.ok((await text(file)) === (await text(`whole-${file}`)));
    });

  test('and killed instead begins a sound file all the same', async (context) => {
    const folder = await large(context);
    for (let round = 0; round < 3; round += 1) {
      const running = start(['export', 'e.jsonl', '--force', ...inStore], { folder });
      while (!existsSync(join(folder, 'e.jsonl.part')) && running.child.exitCode === null) await pause(2);
      await pause(round * 60);
      running.child.kill('SIGKILL');
      await running.ended;
    }
    await succeed(['export', 'e.jsonl', '--force', ...inStore], { folder });
    const { stdout } = await succeed(['export', ...inStore], { folder });
    assert.ok((await readFile(join(folder, 'e.jsonl'), 'utf8')) === stdout);
  });

  test('is begun anew when something else is asked for', async (context) => {
    const folder = await large(context);
    await writeFile(join(folder, 'e.jsonl.part'), 'half a li');
    await writeFile(join(folder, 'e.jsonl.part.json'), '{"format":1,"what":"other","bytes":5,"place":{}}');
    await succeed(['export', 'e.jsonl', '-n', '3', ...inStore], { folder });
    assert.equal(documentsOf(await readFile(join(folder, 'e.jsonl'), 'utf8')).length, 3);
  });
});

suite('JSON Lines', () => {
  test('written by hand are imported, and lines that are no events are named', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(
      join(folder, 'e.jsonl'),
      '\uFEFF{"data" : {"a": 1.0 }, "type":"X","streamId":"a-1"}\r\n\n{"streamId":"a-1","type":"Y","data":2,"metadata":{"by":"me"}}',
    );
    await succeed(['import', 'e.jsonl', ...inStore], { folder });
    const { stdout } = await succeed(['read', 'a-1', '--json', ...inStore], { folder });
    assert.match(stdout, /"data":\{"a": 1\.0 \}/);
    const bad: readonly (readonly [line: string, complaint: RegExp])[] = [
      ['{', /e2\.jsonl:2: The line is not JSON/],
      ['[]', /no JSON object/],
      ['{"streamId":"a","type":"X"}', /data is missing/],
      ['{"type":"X","data":1}', /streamId is missing/],
      ['{"streamId":"a","type":"X","data":1,"payload":2}', /a member "payload"/],
      ['{"streamId":"$a","type":"X","data":1}', /begins with \$/],
      ['{"streamId":"a","type":"X","data":1,"tags":"t"}', /tags must be an array/],
      ['{"streamId":"a","type":"X","data":1,"occurredAt":"yesterday"}', /no time in ISO 8601/],
      ['{"streamId":"a","type":"X","data":1,"metadata":{"n":12345678901234567890}}', /a number that would change/],
      ['{"streamId":"a","type":"X","data":"%","encoding":"base64"}', /not base64/],
    ];
    for (const [line, complaint] of bad) {
      await writeFile(join(folder, 'e2.jsonl'), `{"streamId":"ok","type":"X","data":1}\n${line}\n`);
      const { exitCode, stderr } = await hindsight(
        ['import', 'e2.jsonl', '--store', `${bad.findIndex(([each]) => each === line)}.db`],
        { folder },
      );
      assert.deepEqual([line, exitCode], [line, 1]);
      assert.match(stderr, complaint);
    }
  });

  test('leave out events whose contents were removed when they are imported', async (context) => {
    const folder = await temporaryFolder(context);
    {
      await using store = await openStore(join(folder, 's.db'), { events: { X: {}, Summed: { carriesState: true } } });
      await store.append('a-1', [
        { type: 'X', data: 'secret' },
        { type: 'Summed', data: 1 },
      ]);
      await store.truncate('a-1', { before: 2 });
      await store.removeTruncated('a-1');
    }
    await succeed(['export', 'e.jsonl', ...inStore], { folder });
    assert.doesNotMatch(await readFile(join(folder, 'e.jsonl'), 'utf8'), /secret/);
    await succeed(['import', 'e.jsonl', '--store', 'other.db'], { folder });
    assert.deepEqual(
      (await recordsIn(join(folder, 'other.db'))).map((event) => objectOf(JSON.parse(event.record))['type']),
      ['Summed'],
    );
  });
});
