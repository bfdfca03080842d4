/** CloudEvents in: each form of data and of files, and what is refused. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openStore } from 'hindsightdb';
import type { CloudEventMapping } from '../src/formats/cloudevents/read-cloud-event.ts';
import { formatWith, imported, least, line, only } from './cloudevents-fixture.ts';
import { hindsight, temporaryFolder } from './hindsight-process.ts';
import { importInto } from './in-memory-import.ts';

async function recordOf(text: string): Promise<string> {
  await using store = await openStore('memory:');
  await importInto(store, text, formatWith());
  const [event] = await store.readRecords().toArray();
  return event?.record ?? '';
}

suite('an imported CloudEvent', () => {
  test('keeps its id, type, time, content type and everything else that it says', async () => {
    const event = await only(
      line({
        source: 'https://shop.example/orders?a=b',
        subject: 'order-75',
        time: '1968-04-05T17:31:00.123456789+05:30',
        datacontenttype: 'application/json; charset=utf-8',
        dataschema: 'https://shop.example/schemas/order',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01',
        partitionkey: 'c1',
        sequence: '0007',
        urgent: true,
        priority: -3,
        correlationid: 'k1',
        causationid: 'k0',
        unset: null,
        data: { total: 12 },
      }),
    );
    const { recordedAt: _, ...rest } = event;
    assert.deepEqual(rest, {
      streamId: 'order-75',
      version: 1,
      partition: 0,
      position: 1,
      id: 'A',
      type: 'OrderPlaced',
      tags: [],
      occurredAt: '1968-04-05T17:31:00.123456789+05:30',
      contentType: 'application/json; charset=utf-8',
      metadata: {
        source: 'https://shop.example/orders?a=b',
        dataschema: 'https://shop.example/schemas/order',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01',
        partitionkey: 'c1',
        sequence: '0007',
        urgent: true,
        priority: -3,
        correlationId: 'k1',
        causationId: 'k0',
      },
      data: { total: 12 },
    });
  });

  test('keeps JSON data to the byte', async () => {
    const data =
      '{ "tenth":0.1, "price":1.10, "huge":1e400, "big":12345678901234567890, "a":1, "a":2, "lone":"\\ud800" }';
    assert.ok((await recordOf(line({}, `"data":${data}`))).endsWith(`"data":${data}}`));
    for (const scalar of ['null', 'true', '"text"', '-0', '[1,[2]]', '""'])
      assert.ok((await recordOf(line({}, `"data": ${scalar} `))).endsWith(`"data":${scalar}}`));
  });

  test('keeps text, bytes, and the absence of data', async () => {
    const xml = await only(line({ datacontenttype: 'text/xml', data: '<a b="1"/>' }));
    assert.deepEqual([xml.data, xml.contentType], ['<a b="1"/>', 'text/xml']);
    const bytes = await only(line({ datacontenttype: 'image/png', data_base64: 'AAH/' }));
    assert.deepEqual([bytes.data, bytes.contentType], [new Uint8Array([0, 1, 255]), 'image/png']);
    const empty = await only(line({ data_base64: '' }));
    assert.deepEqual([empty.data, empty.contentType], [new Uint8Array(), 'application/octet-stream']);
    const none = await only(line({ data_base64: null }));
    assert.deepEqual([none.data, none.contentType], [null, undefined]);
  });

  test('goes into the stream of its subject, or of what is asked for, or else of its source', async () => {
    const streamOf = async (members: object, mapping: Partial<CloudEventMapping> = {}): Promise<string> =>
      (await only(line(members), mapping)).streamId;
    assert.equal(await streamOf({ subject: '75' }), '75');
    assert.equal(await streamOf({ subject: '75' }, { category: 'order' }), 'order-75');
    assert.equal(await streamOf({}), '/shop');
    assert.equal(await streamOf({ subject: '75', partitionkey: 'p' }, { streamBy: 'partitionkey' }), 'p');
    assert.equal(await streamOf({ subject: '75' }, { streamBy: 'partitionkey' }), '/shop');
    assert.equal(await streamOf({ subject: '75' }, { streamBy: 'type', category: 'kind' }), 'kind-OrderPlaced');
    const apart = await only(line({ subject: '75' }), { category: 'order' });
    assert.deepEqual(apart.metadata, { source: '/shop', subject: '75' });
  });

  test('keeps the instant of its time, however it is written', async () => {
    for (const [time, kept] of [
      ['2026-03-01T09:30:00z', '2026-03-01T09:30:00Z'],
      ['2026-03-01t09:30:00.5+00:00', '2026-03-01T09:30:00.5+00:00'],
      ['1969-12-31T23:59:59.999999999-11:00', '1969-12-31T23:59:59.999999999-11:00'],
      ['2026-03-01T09:30:00.12345678900000Z', '2026-03-01T09:30:00.123456789Z'],
    ])
      assert.equal((await only(line({ time }))).occurredAt, kept);
  });
});

suite('a file of CloudEvents', () => {
  const events = Array.from({ length: 50 }, (_, index) => ({
    ...least,
    id: `e${index}`,
    subject: `s-${index % 7}`,
    data: { text: '"]},[{\\', index },
  }));
  const forms: readonly (readonly [name: string, text: string])[] = [
    ['lines', events.map((event) => JSON.stringify(event)).join('\n')],
    [
      'lines that end in CR LF, with blank ones and a byte order mark',
      `\uFEFF${events.map((event) => `${JSON.stringify(event)}\r\n\r\n`).join('')}`,
    ],
    ['a batch', JSON.stringify(events)],
    ['a batch over many lines', `\uFEFF \n${JSON.stringify(events, undefined, 2)}\n\n`],
    [
      'one event after the other, over many lines',
      events.map((event) => JSON.stringify(event, undefined, 2)).join('\n'),
    ],
  ];
  for (const [name, text] of forms)
    test(`may be ${name}, in pieces of any length, and imported again changes nothing`, async () => {
      for (const pieceBytes of [1, 7, 4096]) {
        await using store = await openStore('memory:');
        const first = await importInto(store, text, formatWith(), { pieceBytes });
        assert.deepEqual([first.stop, first.isComplete, first.events], [undefined, true, events.length]);
        assert.deepEqual(
          (await store.readLog().toArray()).map(({ id, streamId, data }) => ({ id, streamId, data })),
          events.map(({ id, subject, data }) => ({ id, streamId: subject, data })),
        );
        const again = await importInto(store, text, formatWith(), { pieceBytes });
        assert.deepEqual([again.events, again.eventsTotal, again.isComplete], [0, events.length, true]);
      }
    });

  test('may be an empty batch', async () => {
    assert.deepEqual(await imported(' [ ] \n'), []);
  });

  test('that is a batch cut off anywhere is refused with its line, and goes on when it is whole', async () => {
    const text = JSON.stringify(events.slice(0, 3), undefined, 1);
    for (let length = 1; length < text.length; length += 1) {
      await using store = await openStore('memory:');
      const { stop, eventsTotal } = await importInto(store, text.slice(0, length), formatWith());
      assert.equal(stop?.kind, 'unreadable');
      assert.equal(stop.line, text.slice(0, length).split('\n').length, `cut at ${length}`);
      const again = await importInto(store, text.slice(0, length), formatWith());
      assert.deepEqual([again.stop?.kind, again.eventsTotal], ['unreadable', eventsTotal]);
      const whole = await importInto(store, text, formatWith());
      assert.deepEqual([whole.stop, whole.eventsTotal], [undefined, 3]);
    }
  });
});

suite('a bad CloudEvent', () => {
  const bad: readonly (readonly [what: string, text: string, column: string | undefined, complaint: RegExp])[] = [
    ['without an id', line({ id: undefined }), 'id', /missing/],
    ['with an empty source', line({ source: '' }), 'source', /empty/],
    ['with a type that is no text', line({ type: 5 }), 'type', /must be a text/],
    ['without a version of the specification', line({ specversion: undefined }), 'specversion', /no CloudEvent/],
    ['of another version', line({ specversion: '0.3' }), 'specversion', /only 1\.0/],
    ['with an empty subject', line({ subject: '' }), 'subject', /empty/],
    ['with an attribute in capitals', line({ partitionKey: 'a' }), 'partitionKey', /lower-case/],
    ['with an attribute called __proto__', line({}, '"__proto__":{"a":1}'), '__proto__', /lower-case/],
    ['with an attribute that is an object', line({ extra: { a: 1 } }), 'extra', /neither text/],
    ['with an attribute that is a fraction', line({ extra: 1.5 }), 'extra', /no integer/],
    ['with an integer of more than 32 bits', line({ extra: 2_147_483_648 }), 'extra', /no integer/],
    ['with both forms of data', line({ data: 1, data_base64: 'AA==' }), 'data_base64', /both/],
    ['with base64 that is none', line({ data_base64: 'A' }), 'data_base64', /not base64/],
    ['with base64 that is no text', line({ data_base64: 5 }), 'data_base64', /not base64/],
    ['with a time that is none', line({ time: 'yesterday' }), 'time', /no timestamp/],
    ['with a time without an offset', line({ time: '2026-03-01T09:30:00' }), 'time', /no timestamp/],
    ['with more digits than nanoseconds', line({ time: '2026-03-01T09:30:00.0000000001Z' }), 'time', /nine decimals/],
    ['of a day that does not exist', line({ time: '2026-13-01T09:30:00Z' }), 'time', /no time/],
    ['of a year beyond a store', line({ time: '9999-01-01T00:00:00Z' }), 'time', /outside the years/],
    ['with a reserved type', line({ type: '$settings' }), 'type', /begins with \$/],
    ['with a NUL in its subject', line({ subject: 'a\0' }), 'subject', /NUL/],
    ['with an id that is too long', line({ id: 'x'.repeat(300) }), 'id', /the limit is 256/],
    ['that is an array', '[1]'.replace('[', '{"a":[').replace(']', ']}'), 'a', /neither text/],
    ['that is no JSON', '{"specversion":"1.0",', undefined, /not JSON/],
  ];
  for (const [what, text, column, complaint] of bad)
    test(`${what} is refused at its line, or left out`, async () => {
      await using store = await openStore('memory:');
      const file = `${line({ id: 'first' })}\n\n${text}\n${line({ id: 'last' })}\n`;
      const { stop } = await importInto(store, file, formatWith());
      assert.equal(stop?.kind, 'badRow');
      assert.deepEqual([stop.line, stop.column], [3, column]);
      assert.match(stop.reason, complaint);
      const { badRows, eventsTotal } = await importInto(store, file, formatWith(), { onBadRow: 'skip' });
      assert.deepEqual([badRows.length, eventsTotal], [1, 2]);
    });

  test('in a batch is told by the line where it begins', async () => {
    await using store = await openStore('memory:');
    const { stop } = await importInto(store, `[\n${line({})},\n\n  ${line({ id: 7 })}\n]`, formatWith());
    assert.equal(stop?.kind, 'badRow');
    assert.deepEqual([stop.line, stop.column], [4, 'id']);
  });

  test('ends the command with 1, its file, line and attribute; a wrong option with 2', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(join(folder, 'log.cloudevents.json'), `[${line({})},\n${line({ source: '' })}]`);
    const { exitCode, stderr } = await hindsight(['import', 'log.cloudevents.json', '--store', 's.db'], { folder });
    assert.equal(exitCode, 1);
    assert.match(stderr, /log\.cloudevents\.json:2, column "source": source is empty/);
    for (const strange of [
      ['--case', 'id'],
      ['--stream-by', 'Subject'],
    ])
      assert.equal(
        (await hindsight(['import', 'log.cloudevents.json', '--store', 's.db', ...strange], { folder })).exitCode,
        2,
      );
  });
});
