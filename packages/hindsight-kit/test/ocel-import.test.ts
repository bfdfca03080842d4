/** OCEL 2.0: what the events and objects of a log become, from JSON and from XML. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  array,
  assert as assertProperty,
  asyncProperty,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  string,
  uniqueArray,
} from 'fast-check';
import { openStore, type RecordedEvent } from 'hindsightdb';
import { samplesFolder, unlessSamples } from '../../../test/requirement.ts';
import { essenceOf, exported, importInto } from './in-memory-import.ts';
import {
  eventsOf,
  importLog,
  jsonOf,
  readLog,
  smallLog,
  typed,
  xmlOf,
  type Element,
  type Log,
} from './ocel-fixture.ts';
import { formatWith } from './cloudevents-fixture.ts';

type Summary = readonly [
  streamId: string,
  type: string,
  occurredAt: string | undefined,
  tags: readonly string[],
  data: unknown,
];

function summaryOf({ streamId, type, occurredAt, tags, data }: RecordedEvent): Summary {
  return [streamId, type, occurredAt, tags, data];
}

function withoutRecording({ recordedAt, ...rest }: RecordedEvent): object {
  assert.ok(recordedAt);
  return rest;
}

async function bothWays(log: Log, reading: Parameters<typeof eventsOf>[1] = {}): Promise<readonly RecordedEvent[]> {
  const fromJson = await eventsOf(jsonOf(log), reading);
  const fromXml = await eventsOf(xmlOf(log), reading);
  assert.deepEqual(fromXml.map(withoutRecording), fromJson.map(withoutRecording));
  return fromJson;
}

const epoch = '1970-01-01T00:00:00Z';

suite('a log of objects', () => {
  test('becomes its objects, and its events in the order of their times', async () => {
    const events = await bothWays(smallLog());
    assert.deepEqual(events.map(summaryOf), [
      ['order-o1', 'orderObserved', epoch, ['order:o1'], { state: 'open' }],
      ['item-i1', 'itemObserved', epoch, ['item:i1'], {}],
      ['item-i2', 'itemObserved', epoch, ['item:i2'], { relationships: [{ objectId: 'o1', qualifier: 'part of' }] }],
      [
        'order-o1',
        'Place',
        '2026-03-01T09:00:00Z',
        ['order:o1', 'item:i1', 'item:i2'],
        {
          total: 1.1,
          by: 'Ann',
          relationships: [
            { objectId: 'o1', qualifier: 'order' },
            { objectId: 'i1', qualifier: 'item' },
            { objectId: 'i2', qualifier: 'item' },
            { objectId: 'i1', qualifier: 'first' },
          ],
        },
      ],
      [
        'item-i1',
        'Ship',
        '2026-03-02T10:00:00Z',
        ['item:i1'],
        { relationships: [{ objectId: 'i1', qualifier: 'shipped' }] },
      ],
    ]);
    assert.deepEqual(
      events.slice(3).map(({ id }) => id),
      ['e1', 'e2'],
    );
  });

  test('goes by another object type where that is asked for, and by an own stream where there is no object', async () => {
    const log = smallLog();
    const alone = { id: 'x', type: 'Ship', time: '2026-03-03T00:00:00Z' };
    const events = await bothWays({ ...log, events: [...log.events, alone] }, { streamBy: 'item' });
    assert.deepEqual(
      events.slice(3).map(({ streamId }) => streamId),
      ['item-i1', 'item-i1', 'event-x'],
    );
    await assert.rejects(readLog(jsonOf(log), { streamBy: 'Item' }), { name: 'MappingError', message: /"Item"/ });
  });

  test('changes its objects when it says so: each later value is an event at its time, behind what caused it', async () => {
    const at = '2026-03-01T09:00:00Z';
    const values = (list: readonly (readonly [name: string, time: string, value: string])[]): Element => ({
      id: 'o1',
      type: 'order',
      attributes: list.map(([name, time, value]) => ({ name, time, value })),
    });
    const events = await bothWays(
      smallLog({
        objectTypes: [typed('order', { state: 'string', note: 'string' }), typed('item', { price: 'float' })],
        objects: [
          values([
            ['state', '2026-03-05T00:00:00Z', 'late'],
            ['state', '1970-01-01T00:00:00', 'open'],
            ['note', '2026-03-01T10:00:00+01:00', 'a'],
            ['note', at, 'b'],
            ['state', '1970-01-01 00:00:00.000+00:00', 'open again'],
          ]),
          { id: 'i1', type: 'item' },
          { id: 'i2', type: 'item' },
        ],
      }),
    );
    const own = events.filter(({ streamId }) => streamId === 'order-o1');
    assert.deepEqual(
      own.map(({ type, occurredAt, data }) => [type, occurredAt, type === 'Place' ? null : data]),
      [
        ['orderObserved', epoch, { state: 'open' }],
        ['orderChanged', epoch, { state: 'open again' }],
        ['Place', at, null],
        ['orderChanged', at, { note: 'a' }],
        ['orderChanged', at, { note: 'b' }],
        ['orderChanged', '2026-03-05T00:00:00Z', { state: 'late' }],
      ],
    );
    assert.equal(new Set(own.map(({ id }) => id)).size, own.length);
  });

  test('that begins before 1970 has its objects from then on', async () => {
    const events = await bothWays(
      smallLog({
        events: [
          { id: 'b', type: 'Ship', time: '1969-12-31T23:30:00.000000001-01:00' },
          { id: 'a', type: 'Ship', time: '1901-05-05T05:05:05.25+05:00' },
        ],
      }),
    );
    assert.deepEqual(
      events.map(({ type, occurredAt }) => [type, occurredAt]),
      [
        ['orderObserved', '1901-05-05T00:05:05.25Z'],
        ['itemObserved', '1901-05-05T00:05:05.25Z'],
        ['itemObserved', '1901-05-05T00:05:05.25Z'],
        ['Ship', '1901-05-05T00:05:05.25Z'],
        ['Ship', '1970-01-01T00:30:00.000000001Z'],
      ],
    );
  });

  test('keeps the digits of its numbers, and as text what a double would change', async () => {
    const given = ['0.1', '1.10', '1e400', '12345678901234567890', '-0.50', '+7', 'NaN', '-INF', '1E2'];
    const log = smallLog({
      eventTypes: [typed('Measure', { value: 'float' })],
      events: given.map((value, index) => ({
        id: `m${index}`,
        type: 'Measure',
        time: `2026-03-01T10:00:0${index}Z`,
        attributes: [{ name: 'value', value }],
      })),
      objects: [],
    });
    for (const text of [jsonOf(log), xmlOf(log), jsonOf(log).replace(/"value":"(-?\d[^"]*)"/g, '"value":$1')]) {
      await using store = await openStore('memory:');
      await importLog(store, text);
      const records = await store.readRecords().toArray();
      assert.deepEqual(
        records.map(({ record: each }) => /"value":([^}]*)\}/.exec(each)?.[1]),
        ['0.1', '1.10', '"1e400"', '"12345678901234567890"', '-0.50', '7', '"NaN"', '"-INF"', '1E2'],
      );
    }
  });

  test('has its values of the kinds that its types declare', async () => {
    const kinds = {
      yes: 'boolean',
      count: 'integer',
      at: 'time',
      day: 'date',
      text: 'string',
      list: 'list',
      relationships: 'string',
    };
    const values = {
      yes: 'True',
      count: ' 007 ',
      at: '2026-03-01T10:00:00.50+01:00',
      day: '1969-12-31T00:00:00Z',
      text: ' 007 \n',
      list: '[1]',
      relationships: 'r',
    };
    const log = smallLog({
      eventTypes: [typed('Typed', kinds)],
      events: [
        {
          id: 'e',
          type: 'Typed',
          time: '2026-03-01T10:00:00Z',
          attributes: Object.entries(values).map(([name, value]) => ({ name, value })),
        },
      ],
      objects: [],
    });
    const [event] = await bothWays(log);
    assert.deepEqual(event?.data, {
      yes: true,
      count: 7,
      at: '2026-03-01T09:00:00.50Z',
      day: '1969-12-31T00:00:00Z',
      text: ' 007 \n',
      list: '[1]',
      relationships_: 'r',
    });
    await using read = await readLog(jsonOf(log));
    assert.match(read.format.begin(Buffer.alloc(0)).notes.join(), /type "list", which OCEL does not have/);
    const native = jsonOf(log).replace('"True"', 'true').replace('" 007 "', '7').replace('"r"', 'null');
    const [same] = await eventsOf(native);
    assert.deepEqual(same?.data, { ...(typeof event?.data === 'object' ? event.data : {}), relationships_: null });
  });

  test('asks for the zone of times that have no offset, and takes them at their instant', async () => {
    const log = smallLog({ events: [{ id: 'e', type: 'Ship', time: '2026-07-01T10:00:00' }] });
    for (const text of [jsonOf(log), xmlOf(log)]) {
      await assert.rejects(readLog(text), { name: 'UnreadableInput', message: /no offset/ });
      const events = await eventsOf(text, { timeZone: 'Europe/Amsterdam' });
      assert.equal(events.at(-1)?.occurredAt, '2026-07-01T08:00:00Z');
    }
  });

  test('may name its parts in any order, and come in pieces of any length', async () => {
    const log = smallLog({ events: [{ id: 'é"]}', type: 'Ship', time: '2026-03-01T10:00:00Z' }] });
    const expected = (await eventsOf(jsonOf(log))).map(withoutRecording);
    for (const text of [
      jsonOf(log, ['objectTypes', 'eventTypes', 'objects', 'events']),
      JSON.stringify({ unknown: { events: [1] }, ...log, other: [1, { a: [2] }] }, undefined, 2),
      `\uFEFF${jsonOf(log)}`,
      xmlOf(log),
    ])
      for (const pieceBytes of [3, 100, 65_536])
        assert.deepEqual((await eventsOf(text, { pieceBytes })).map(withoutRecording), expected);
  });

  test('with more related objects than an event can have tags keeps all of them in its data', async () => {
    const objects = Array.from({ length: 70 }, (_, index) => ({ id: `i${index}`, type: 'item' }));
    const relationships = objects.map(({ id }) => ({ objectId: id, qualifier: '' }));
    const log = smallLog({ objects, events: [{ id: 'e', type: 'Ship', time: '2026-03-01T10:00:00Z', relationships }] });
    const event = (await bothWays(log)).at(-1);
    assert.equal(event?.tags.length, 64);
    assert.deepEqual(event?.data, { relationships });
  });

  test(
    'that is the example of the specification becomes the same events from JSON and XML',
    { skip: unlessSamples() },
    async () => {
      const sample = async (name: string): Promise<string> =>
        await readFile(join(samplesFolder ?? '', 'ocel', name), 'utf8');
      const fromJson = await eventsOf(await sample('ocel20_example.jsonocel'));
      // The XML has the same moments without an offset, an hour ahead of UTC.
      const fromXml = await eventsOf(await sample('ocel20_example.xmlocel'), { timeZone: '+01:00' });
      assert.deepEqual(fromXml.map(withoutRecording), fromJson.map(withoutRecording));
      assert.equal(fromJson.length, 25);
      assert.deepEqual(
        fromJson.filter(({ streamId }) => streamId === 'Invoice-R3').map(({ type }) => type),
        [
          'InvoiceObserved',
          'Insert Invoice',
          'Create Purchase Order',
          'Set Payment Block',
          'InvoiceChanged',
          'Remove Payment Block',
          'InvoiceChanged',
          'Insert Payment',
        ],
      );
    },
  );
});

test('any log becomes the same events from JSON and XML, each of them once, sorted, and reads back from an export', async () => {
  const name = string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).filter(
    (text) =>
      text.trim() === text && !text.startsWith('$') && /^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u.test(text),
  );
  const time = integer({ min: -5_000_000_000, max: 5_000_000_000 }).map((seconds) =>
    new Date(seconds * 1000).toISOString().replace('.000Z', '+00:00'),
  );
  const value = oneof(name, constantFrom('', ' ', '1.10', '<a>&"\'', 'a\nb'));
  const logs = record({
    types: uniqueArray(name, { minLength: 1, maxLength: 3 }),
    attribute: name,
    objects: uniqueArray(name, { minLength: 1, maxLength: 5 }),
    values: array(record({ object: nat(), at: oneof(time, constantFrom(epoch)), value }), { maxLength: 8 }),
    events: uniqueArray(record({ id: name, type: nat(), at: time, value, related: array(nat(), { maxLength: 3 }) }), {
      selector: ({ id }) => id,
      maxLength: 10,
    }),
  });
  const at = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % items.length];
  await assertProperty(
    asyncProperty(logs, async ({ types, attribute, objects, values, events }) => {
      const declared = types.map((each) => typed(each, { [attribute]: 'string' }));
      const log: Log = {
        eventTypes: declared,
        objectTypes: declared,
        objects: objects.map((id, index) => ({
          id,
          type: at(types, index) ?? '',
          attributes: values
            .filter((each) => at(objects, each.object) === id)
            .map((each) => ({ name: attribute, time: each.at, value: each.value })),
        })),
        events: events.map((each) => ({
          id: each.id,
          type: at(types, each.type) ?? '',
          time: each.at,
          attributes: [{ name: attribute, value: each.value }],
          relationships: each.related.map((index) => ({ objectId: at(objects, index) ?? '', qualifier: each.value })),
        })),
      };
      const found = await bothWays(log);
      const own = found.filter(({ type }) => types.includes(type));
      assert.deepEqual(own.map(({ id }) => id).toSorted(), events.map(({ id }) => id).toSorted());
      const moments = found.map(({ occurredAt = '' }) => Date.parse(occurredAt));
      const initialCount = found.findLastIndex(({ type }) => type.endsWith('Observed')) + 1;
      assert.deepEqual(
        moments.slice(initialCount),
        moments.slice(initialCount).toSorted((left, right) => left - right),
      );
      await using store = await openStore('memory:');
      await importLog(store, xmlOf(log));
      await using copy = await openStore('memory:');
      await importInto(copy, await exported(store, 'cloudevents-batch'), formatWith());
      assert.deepEqual(
        (await copy.readRecords().toArray()).map(essenceOf),
        (await store.readRecords().toArray()).map(essenceOf),
      );
    }),
    { numRuns: 60 },
  );
});
