/** What is appended is what is read: data to the byte, and everything that travels beside it. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { rawJson } from '../../src/core/raw-json.ts';
import { dataTextOf } from '../../src/core/record.ts';
import type { Event } from '../../src/core/event.ts';
import { anyJson, anyJsonText, anyName } from '../arbitraries/json.ts';
import { everythingIn, openNew, storeKinds } from '../open-stores.ts';

const anyMetadata = fc.dictionary(fc.constantFrom('actor', 'data', '__proto__', 'own'), anyJson, {
  noNullPrototype: true,
});

for (const kind of storeKinds) {
  suite(`in ${kind.name}`, () => {
    test('any JSON value comes back as it was given', async (t) => {
      const store = await openNew(t, kind);
      await fc.assert(
        fc.asyncProperty(anyName, fc.array(anyJson, { minLength: 1, maxLength: 5 }), async (streamId, values) => {
          const { streams } = await store.append(
            streamId,
            values.map((data) => ({ type: 'Noted', data })),
          );
          const events = await store.readStream(streamId, { fromVersion: streams[0]?.firstVersion ?? 0 }).toArray();
          assert.deepEqual(
            events.map(({ data }) => data),
            values,
          );
          assert.deepEqual(
            events.map(({ data }) => JSON.stringify(data)),
            values.map((data) => JSON.stringify(data)),
          );
        }),
      );
    });

    test('raw JSON is kept to the byte, digits, spacing and order included', async (t) => {
      const store = await openNew(t, kind);
      const given: string[] = [];
      await fc.assert(
        fc.asyncProperty(anyJsonText, async (text) => {
          const data = rawJson(text);
          given.push(data.text);
          await store.append('raw-1', [{ type: 'Noted', data }]);
        }),
      );
      const records = await everythingIn(store);
      assert.deepEqual(
        records.map(({ record }) => dataTextOf(record)),
        given,
      );
      for (const text of given) if (text.isWellFormed()) assert.ok(given.includes(text));
    });

    test('numbers that JavaScript would change stay as they were written', async (t) => {
      const store = await openNew(t, kind);
      const texts = ['1e400', '1.10', '-0', '12345678901234567891', '{"a": 1.0 , "a":2}', '"\\u0041\\/"'];
      await store.append(
        'raw-1',
        texts.map((text) => ({ type: 'Noted', data: rawJson(text) })),
      );
      const records = await store.readRecords({ streamId: 'raw-1' }).toArray();
      assert.deepEqual(
        records.map(({ record }) => dataTextOf(record)),
        texts,
      );
      const events = await store.readStream('raw-1').toArray();
      assert.deepEqual(
        events.map(({ data }) => data),
        [Infinity, 1.1, -0, 12345678901234567000, { a: 2 }, 'A/'],
      );
    });

    test('keys with backslashes stand in the record as they were given', async (t) => {
      const store = await openNew(t, kind);
      // Read through V8's JSON.parse such keys may come back as one another; what is stored is not concerned.
      const data = [
        { h: 1, '\\': 2 },
        { h: 1, '"': 2 },
        { h: 1, '\0': 2 },
        { h: 1, '\n': 2 },
      ];
      await store.append('keys-1', [{ type: 'Noted', data }]);
      const [stored] = await store.readRecords({ streamId: 'keys-1' }).toArray();
      assert.equal(dataTextOf(stored?.record ?? ''), JSON.stringify(data));
    });

    test('id, tags, metadata, time of occurrence and content type come back', async (t) => {
      const store = await openNew(t, kind, { newId: () => crypto.randomUUID() });
      const anyEvent: fc.Arbitrary<Event> = fc.record(
        {
          type: anyName,
          data: anyJson,
          id: anyName,
          tags: fc.uniqueArray(anyName, { maxLength: 4 }),
          metadata: anyMetadata,
          occurredAt: fc.constantFrom('2026-03-01T09:30:00+05:30', '1492-10-12', '2026-03-01T00:00:00.1Z'),
          contentType: fc.constantFrom('application/json', 'application/vnd.shop+json; v=2'),
        },
        { requiredKeys: ['type', 'data'], noNullPrototype: true },
      );
      await fc.assert(
        fc.asyncProperty(anyName, anyEvent, async (streamId, event) => {
          const { version, position, recordedAt } = await store.append(streamId, [event]);
          const [read, ...more] = await store.readStream(streamId, { fromVersion: version }).toArray();
          assert.deepEqual(more, []);
          assert.deepEqual(read, {
            ...event,
            id: event.id ?? read?.id,
            tags: event.tags ?? [],
            metadata: event.metadata ?? {},
            streamId,
            version,
            partition: 0,
            position,
            recordedAt,
          });
        }),
      );
    });

    test('bytes come back as bytes, with a content type', async (t) => {
      const store = await openNew(t, kind);
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), async (bytes) => {
          const { version } = await store.append('bytes-1', [{ type: 'Scanned', data: bytes }]);
          const read = await store.readStream('bytes-1', { fromVersion: version }).first();
          assert.deepEqual(read?.data, Uint8Array.from(bytes));
          assert.equal(read.contentType, 'application/octet-stream');
        }),
        { numRuns: 30 },
      );
      await store.append('bytes-2', [{ type: 'Scanned', data: Buffer.from('äö'), contentType: 'text/plain' }]);
      const read = await store.readStream('bytes-2').first();
      assert.deepEqual([read?.contentType, read?.data], ['text/plain', new TextEncoder().encode('äö')]);
    });

    test('a Date as time of occurrence is kept exactly, in any century', async (t) => {
      const store = await openNew(t, kind);
      for (const date of [
        '1492-10-12T00:00:00.001Z',
        '1969-12-31T23:59:59.999Z',
        '9999-12-31T23:59:59.999Z',
        '+123456-07-08T09:10:11.013Z',
      ]) {
        const { version } = await store.append('dated-1', [{ type: 'Noted', data: 1, occurredAt: new Date(date) }]);
        const read = await store.readStream('dated-1', { fromVersion: version }).first();
        assert.equal(new Date(read?.occurredAt ?? '').toISOString(), date);
        assert.equal(read?.occurredAt, `${date.slice(0, -1)}000Z`);
      }
    });

    test('repeated tags are one tag', async (t) => {
      const store = await openNew(t, kind);
      await store.append('a-1', [{ type: 'Noted', data: 1, tags: ['x', 'y', 'x'] }]);
      assert.deepEqual((await store.readStream('a-1').first())?.tags, ['x', 'y']);
    });

    test('metadata come from the store, the append and the event, the nearest winning', async (t) => {
      const store = await openNew(t, kind, { metadata: { actor: 'store', release: '1', own: 'store' } });
      const event = { type: 'Noted', data: 1, metadata: { own: 'event' } };
      await store.append('a-1', [event, { ...event, metadata: {} }], {
        metadata: { actor: 'append', correlationId: 'c' },
      });
      await store.append('a-1', [{ type: 'Noted', data: 1 }]);
      assert.deepEqual(
        (await store.readStream('a-1').toArray()).map(({ metadata }) => metadata),
        [
          { actor: 'append', release: '1', own: 'event', correlationId: 'c' },
          { actor: 'append', release: '1', own: 'store', correlationId: 'c' },
          { actor: 'store', release: '1', own: 'store' },
        ],
      );
    });

    test('any well-formed name is a stream id, a type and a tag that is found again', async (t) => {
      const store = await openNew(t, kind);
      await fc.assert(
        fc.asyncProperty(anyName, anyName, anyName, async (streamId, type, tag) => {
          const { position } = await store.append(streamId, [{ type, data: 1, tags: [tag] }]);
          const after = position - 1;
          for (const query of [[{ types: [type] }], [{ tags: [tag] }], [{ types: [type], tags: [tag] }]])
            assert.equal((await store.readQuery(query, { after }).first())?.streamId, streamId);
          assert.equal((await store.readStream(streamId).toArray()).at(-1)?.type, type);
          assert.ok((await store.streamInfo(streamId)).version > 0);
        }),
      );
    });
  });
}
