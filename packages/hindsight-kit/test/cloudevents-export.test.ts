/** CloudEvents out: valid by the rules of the specification, and read back equal. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  array,
  assert as assertProperty,
  asyncProperty,
  constantFrom,
  dictionary,
  jsonValue,
  oneof,
  record,
  string,
  uint8Array,
} from 'fast-check';
import { openStore, rawJson, type Event, type Store } from 'hindsightdb';
import { formatWith, least, line, only } from './cloudevents-fixture.ts';
import { documentsOf, objectOf, succeed, temporaryFolder, type Document } from './hindsight-process.ts';
import { essenceOf, exported, importInto } from './in-memory-import.ts';

/** What the specification demands of a structured event in JSON, said again independently of the code. */
function assertValid(event: Document): void {
  for (const name of ['specversion', 'id', 'source', 'type'])
    assert.ok(typeof event[name] === 'string' && event[name] !== '', name);
  assert.equal(event['specversion'], '1.0');
  assert.ok(!('data' in event && 'data_base64' in event));
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data') continue;
    if (name === 'data_base64') {
      assert.match(String(value), /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
      continue;
    }
    assert.match(name, /^[a-z0-9]{1,20}$/);
    if (typeof value === 'number') assert.ok(Number.isInteger(value) && Math.abs(value) <= 2 ** 31);
    else if (typeof value !== 'boolean') {
      assert.ok(typeof value === 'string' && value !== '', name);
      assert.ok(!/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(value), `${name}: ${JSON.stringify(value)}`);
    }
  }
  assert.match(String(event['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
  assert.doesNotMatch(String(event['source']), /[\s<>"{}|\\^`]/);
}

async function eventsOf(store: Store): Promise<readonly string[]> {
  return (await store.readRecords().toArray()).map(essenceOf);
}

async function assertRoundTrip(store: Store): Promise<void> {
  // Line ends between tokens of data become spaces.
  const before = (await store.readRecords().toArray()).map((event) =>
    essenceOf({ ...event, record: event.record.replace(/[\r\n]/g, ' ') }),
  );
  for (const kind of ['cloudevents', 'cloudevents-batch'] as const) {
    const text = await exported(store, kind);
    const structured = kind === 'cloudevents' ? documentsOf(text) : [JSON.parse(text)].flat().map(objectOf);
    assert.equal(structured.length, before.length);
    for (const event of structured) assertValid(event);
    await using copy = await openStore('memory:');
    const { stop } = await importInto(copy, text, formatWith());
    assert.equal(stop, undefined);
    assert.deepEqual(await eventsOf(copy), before);
  }
}

suite('an export to CloudEvents', () => {
  test('reads back equal, whatever the events hold', async () => {
    await using store = await openStore('memory:');
    const strange: readonly (readonly [streamId: string, event: Event])[] = [
      ['a-1', { type: 'Plain', data: { amount: 1.1 } }],
      [
        'a-1',
        { type: 'Digits', data: rawJson('{"big":12345678901234567890,\n"zero":1.10, "huge":1e400,"a":1,"a":2}') },
      ],
      ['a-1', { type: 'Bytes', data: new Uint8Array([0, 255]), contentType: 'image/png' }],
      ['a-1', { type: 'NoBytes', data: new Uint8Array() }],
      ['a-1', { type: 'Text', data: '<a/>', contentType: 'text/xml' }],
      ['a-1', { type: 'NoMedia', data: 'x', contentType: 'what ever\u0085' }],
      ['a\n1', { type: 'Control\u0007\uffff', data: null, id: 'i\td\u{1fffe}', tags: ['a:1', '"\u0001\ufffe'] }],
      ['%0A', { type: 'Percent%0A', data: null, id: '%09' }],
      ['b', { type: 'Day', data: null, occurredAt: '1950-03-01' }],
      ['b', { type: 'Minute', data: null, occurredAt: '1969-12-31T23:59-0530' }],
      ['b', { type: 'Exact', data: null, occurredAt: '2026-03-01T09:00:00.123456789+05:30' }],
      [
        'b',
        {
          type: 'Actor',
          data: null,
          metadata: { actor: 'anna', release: '2.4', correlationId: 'c', causationId: 'd', traceparent: 't' },
        },
      ],
      [
        'b',
        {
          type: 'Nested',
          data: null,
          metadata: { user: { name: 'a' }, 'User-Agent': 'x', n: 1.5, big: 2 ** 40, minus: -0, none: null, empty: '' },
        },
      ],
      [
        'b',
        {
          type: 'Clash',
          data: null,
          metadata: {
            id: 'x',
            source: 'not a uri',
            type: 'y',
            tags: 'z',
            time: 'now',
            streamid: 's',
            hindsightformat: 2,
            hindsightexact: '{}',
          },
        },
      ],
      [
        'b',
        {
          type: 'Foreign',
          data: null,
          metadata: { source: '/x', dataschema: 'urn:s', subject: 'b', data: 1, specversion: '2.0' },
        },
      ],
      ['b', { type: 'Order', data: null, metadata: { later: 1, subject: 'other', source: '/x' } }],
      ['b', { type: 'Twice', data: null, metadata: { correlationid: 'low', correlationId: 'high' } }],
      ['b', { type: 'Lone', data: null, metadata: { text: '\ud800', control: 'a\u0000b' } }],
      ['b', { type: 'Long', data: null, metadata: { averyveryverylongnameindeed: 1 } }],
    ];
    for (const [streamId, event] of strange) await store.append(streamId, [event]);
    await store.append('b', [{ type: 'Late', data: 1, metadata: { source: `urn:uuid:${store.identity.logId}` } }]);
    await assertRoundTrip(store);
  });

  test('of what was imported from CloudEvents says what they said', async () => {
    await using store = await openStore('memory:');
    const first = {
      ...least,
      subject: 'order-75',
      time: '1968-04-05T17:31:00Z',
      datacontenttype: 'text/plain',
      dataschema: 'urn:a',
      sequence: '7',
      data: 'x',
    };
    const second = {
      ...least,
      id: 'B',
      time: '2026-03-01T09:30:00+01:00',
      urgent: true,
      data_base64: 'AAE=',
      datacontenttype: 'image/png',
    };
    await importInto(store, `${JSON.stringify(first)}\n${JSON.stringify(second)}\n`, formatWith());
    const events = documentsOf(await exported(store, 'cloudevents'));
    for (const [index, given] of [first, { ...second, subject: '/shop' }].entries())
      for (const [name, value] of Object.entries(given)) assert.deepEqual(events[index]?.[name], value, name);
    await assertRoundTrip(store);
  });

  test('reads back without what the environment adds to new events', async () => {
    await using store = await openStore('memory:');
    await store.append('a-1', [{ type: 'T', data: 1, metadata: { actor: 'anna' } }]);
    await using copy = await openStore('memory:', { metadata: { release: 'r7' } });
    await importInto(copy, await exported(store, 'cloudevents'), formatWith());
    assert.deepEqual(await eventsOf(copy), await eventsOf(store));
  });

  test('keeps what somebody adds to an event on the way', async () => {
    await using store = await openStore('memory:');
    await store.append('a-1', [{ type: 'T', data: 1, metadata: { nested: { a: 1 } } }]);
    const text = (await exported(store, 'cloudevents')).replace(
      '{"specversion"',
      '{"traceparent":"00-1","specversion"',
    );
    assert.deepEqual((await only(text)).metadata, { nested: { a: 1 }, traceparent: '00-1' });
  });

  test('of a newer mapping is refused', async () => {
    await using store = await openStore('memory:');
    const { stop } = await importInto(store, line({ hindsightformat: 2 }), formatWith());
    assert.ok(stop?.kind === 'badRow' && stop.column === 'hindsightformat');
  });

  test('reads back equal for any events', async () => {
    const name = string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter(
      (text) => text.isWellFormed() && !text.includes('\0') && !text.startsWith('$'),
    );
    const key = oneof(
      constantFrom(
        'source',
        'subject',
        'dataschema',
        'actor',
        'correlationId',
        'correlationid',
        'tags',
        'streamid',
        'a',
        'b1',
      ),
      string({ maxLength: 6 }),
    ).filter((text) => text !== '__proto__');
    const value = oneof(
      jsonValue(),
      constantFrom('/x', 'urn:a', 'plain', 7, true),
      string({ unit: 'binary', maxLength: 5 }),
    );
    const event = record(
      {
        type: name,
        data: oneof(jsonValue(), uint8Array()),
        id: name,
        tags: array(name, { maxLength: 3 }),
        occurredAt: constantFrom(
          '2026-03-01',
          '1950-01-01T10:00Z',
          '1969-12-31T23:59:59.5-0100',
          '2026-03-01T00:00:00.000001Z',
        ),
        contentType: oneof(constantFrom('text/plain', 'application/json', 'a/b; c="d"'), name),
        metadata: dictionary(key, value, { maxKeys: 5 }),
      },
      { requiredKeys: ['type', 'data'] },
    );
    await assertProperty(
      asyncProperty(array(record({ streamId: name, event }), { maxLength: 8 }), async (appends) => {
        await using store = await openStore('memory:');
        for (const each of appends) await store.append(each.streamId, [each.event]);
        await assertRoundTrip(store);
      }),
      { numRuns: 150 },
    );
  });

  test('into a file goes by its name, and an interrupted one is whole JSON when it is done', async (context) => {
    const folder = await temporaryFolder(context);
    await using store = await openStore(join(folder, 's.db'));
    for (let index = 0; index < 20; index += 1) await store.append(`a-${index % 3}`, [{ type: 'T', data: index }]);
    for (const file of ['e.cloudevents.jsonl', 'e.cloudevents.json', 'e.cloudevents.json.gz']) {
      await succeed(['export', file, '--store', 's.db'], { folder });
      await succeed(['import', file, '--store', `${file}.db`], { folder });
      await using copy = await openStore(join(folder, `${file}.db`));
      assert.deepEqual(await eventsOf(copy), await eventsOf(store));
    }
  });
});
