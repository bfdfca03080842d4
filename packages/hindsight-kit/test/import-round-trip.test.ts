/** What was imported from each format of logs, exported and imported into a new store, is the same. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  array,
  asyncProperty,
  assert as assertProperty,
  boolean,
  constantFrom,
  double,
  integer,
  jsonValue,
  oneof,
  option,
  record,
  string,
  uniqueArray,
  type Arbitrary,
} from 'fast-check';
import { embeddedLimits, openStore, type Store } from 'hindsightdb';
import { csvFormat } from '../src/formats/csv/csv-format.ts';
import type { ExportKind } from '../src/formats/export/export-run.ts';
import type { InputFormat } from '../src/formats/import/input-format.ts';
import { jsonLinesFormat } from '../src/formats/json-lines/json-lines-format.ts';
import { xesFormat } from '../src/formats/xes/xes-format.ts';
import { formatWith, line } from './cloudevents-fixture.ts';
import { essenceOf, exported, importInto } from './in-memory-import.ts';
import { importLog, jsonOf, typed } from './ocel-fixture.ts';
import { attribute, event, log, trace } from './xes-fixture.ts';

const exports: readonly (readonly [ExportKind, InputFormat])[] = [
  ['jsonl', jsonLinesFormat(embeddedLimits)],
  ['csv', csvFormat({ mapping: {}, isMappingGiven: false, relaxesQuotes: false, limits: embeddedLimits })],
  ['cloudevents', formatWith()],
  ['cloudevents-batch', formatWith()],
];

/** Stream, version, type, data, tags, occurredAt, id and metadata of every event, as they are stored. */
async function eventsOf(store: Store): Promise<readonly string[]> {
  return (await store.readRecords().toArray()).map(essenceOf);
}

async function assertReadsBack(store: Store, eventCount: number): Promise<void> {
  const before = await eventsOf(store);
  assert.equal(before.length, eventCount);
  for (const [kind, format] of exports) {
    await using copy = await openStore('memory:');
    const { stop } = await importInto(copy, await exported(store, kind), format);
    assert.equal(stop, undefined, `${kind}: ${JSON.stringify(stop)}`);
    assert.deepEqual(await eventsOf(copy), before, kind);
  }
}

/** Moments on both sides of 1970, in zones of all kinds, with up to nine decimals. */
const time: Arbitrary<string> = record({
  seconds: integer({ min: -5_000_000_000, max: 5_000_000_000 }),
  decimals: constantFrom('', '.5', '.123456', '.123456789', '.000'),
  zone: constantFrom('Z', '+02:00', '-05:30'),
}).map(({ seconds, decimals, zone }) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}${decimals}${zone}`);

const digits: Arbitrary<string> = oneof(
  integer().map(String),
  double({ noNaN: true, noDefaultInfinity: true }).map(String),
  constantFrom('35.10', '-0.0', '1e400', '0.1234567890123456789', '12345678901234567890'),
);

/** Names that XML holds and that are the same without the spaces around them. */
const name: Arbitrary<string> = string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter(
  (text) =>
    text.trim() === text && !text.startsWith('$') && /^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u.test(text),
);

suite('a log that was imported', () => {
  const traces = array(
    record({
      name,
      events: array(
        record({
          type: name,
          at: option(time),
          keys: uniqueArray(
            record({
              key: name.map((key) => `k${key}`),
              own: oneof(
                record({ kind: constantFrom('string', 'id'), text: name }),
                record({ kind: constantFrom('float'), text: digits }),
                record({ kind: constantFrom('int'), text: integer().map(String) }),
                record({ kind: constantFrom('boolean'), text: boolean().map(String) }),
                record({ kind: constantFrom('date'), text: time }),
              ),
              inner: option(name),
            }),
            { selector: ({ key }) => key, maxLength: 4 },
          ),
        }),
        { maxLength: 4 },
      ),
    }),
    { maxLength: 5 },
  );

  test('from XES reads back equal from every export, whatever it holds', async () => {
    await assertProperty(
      asyncProperty(traces, async (written) => {
        const text = log(
          ...written.map((each) =>
            trace(
              each.name,
              each.events
                .map(({ type, at, keys }) =>
                  event(
                    type,
                    [
                      ...(at === null ? [] : [attribute('date', 'time:timestamp', at)]),
                      ...keys.map(({ key, own, inner }) =>
                        attribute(own.kind, key, own.text, inner === null ? '' : attribute('string', 'inner', inner)),
                      ),
                    ].join(''),
                  ),
                )
                .join(''),
            ),
          ),
        );
        await using store = await openStore('memory:');
        const { stop } = await importInto(
          store,
          text,
          xesFormat({ limits: embeddedLimits, tags: { kx: 'x', 'case:concept:name': 'case' } }),
        );
        assert.equal(stop, undefined, JSON.stringify(stop));
        await assertReadsBack(
          store,
          written.reduce((sum, { events }) => sum + events.length, 0),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('from OCEL reads back equal from every export, whatever it holds', async () => {
    const objects = uniqueArray(
      record({ id: name, price: digits, later: array(record({ at: time, price: digits })) }),
      {
        selector: ({ id }) => id,
        minLength: 1,
        maxLength: 4,
      },
    );
    const events = uniqueArray(
      record({ id: name, at: time, price: digits, related: array(integer({ min: 0, max: 9 }), { maxLength: 4 }) }),
      { selector: ({ id }) => id, maxLength: 6 },
    );
    await assertProperty(
      asyncProperty(objects, events, async (things, happened) => {
        const types = [typed('thing', { price: 'float' })];
        const text = jsonOf({
          objectTypes: types,
          eventTypes: types,
          objects: things.map(({ id, price, later }) => ({
            id,
            type: 'thing',
            attributes: [
              { name: 'price', time: '1970-01-01T00:00:00Z', value: price },
              ...later.map((each) => ({ name: 'price', time: each.at, value: each.price })),
            ],
          })),
          events: happened.map(({ id, at, price, related }) => ({
            id,
            type: 'thing',
            time: at,
            attributes: [{ name: 'price', value: price }],
            relationships: related.map((index) => ({
              objectId: things[index % things.length]?.id ?? '',
              qualifier: String(index),
            })),
          })),
        });
        await using store = await openStore('memory:');
        const { stop } = await importLog(store, text);
        assert.equal(stop, undefined, JSON.stringify(stop));
        const changes = things.reduce((sum, { later }) => sum + later.length, 0);
        await assertReadsBack(store, things.length + changes + happened.length);
      }),
      { numRuns: 60 },
    );
  });

  test('from CloudEvents reads back equal from every export, whatever it holds', async () => {
    const events = array(
      record(
        {
          id: name,
          source: constantFrom('/shop', 'urn:a', 'no uri at all'),
          subject: name,
          time,
          datacontenttype: constantFrom('application/json', 'text/plain', 'a/b;c=d'),
          dataschema: constantFrom('urn:s'),
          correlationid: name,
          myext: oneof(name, boolean(), integer()),
          body: oneof(
            record({ data: jsonValue() }),
            record({ data: digits.map(Number) }),
            string({ unit: 'binary' }).map((text) => ({ data_base64: Buffer.from(text).toString('base64') })),
          ),
        },
        { requiredKeys: ['id', 'source'] },
      ),
      { maxLength: 8 },
    );
    await assertProperty(
      asyncProperty(events, async (written) => {
        const text = written.map(({ body, ...rest }) => `${line({ ...rest, ...body })}\n`).join('');
        await using store = await openStore('memory:');
        const { stop } = await importInto(store, text, formatWith());
        assert.equal(stop, undefined, JSON.stringify(stop));
        await assertReadsBack(store, written.length);
      }),
      { numRuns: 100 },
    );
  });
});
