/** Records give back what went in, to the byte. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { removedType } from '../../src/core/event.ts';
import { rawJson } from '../../src/core/raw-json.ts';
import {
  dataTextOf,
  dataTextOfBytes,
  decodeRecord,
  encodeRecord,
  parseRecord,
  removedRecord,
  idOfRecord,
  saysTheSame,
  typeOfRecord,
  type RecordParts,
} from '../../src/core/record.ts';
import { anyJson, anyJsonText, anyName } from '../arbitraries/json.ts';

const anyMetadata = fc.dictionary(fc.constantFrom('actor', 'data', '__proto__', 'type', 'own'), anyJson);
const anyParts: fc.Arbitrary<RecordParts> = fc.record({
  id: anyName,
  type: anyName,
  tags: fc.uniqueArray(anyName, { maxLength: 3 }),
  occurredAt: fc.option(fc.constant('2026-03-01T09:30:00+05:30'), { nil: undefined }),
  contentType: fc.option(fc.constant('application/x-"quoted"'), { nil: undefined }),
  encoding: fc.constant(undefined),
  metadataText: fc.option(
    anyMetadata.map((metadata) => JSON.stringify(metadata)),
    { nil: undefined },
  ),
  dataText: anyJsonText.map((text) => rawJson(text).text),
});

function parsed(text: string): unknown {
  return JSON.parse(text);
}

const plain: RecordParts = {
  id: 'e1',
  type: 'Ordered',
  tags: [],
  occurredAt: undefined,
  contentType: undefined,
  encoding: undefined,
  metadataText: undefined,
  dataText: '{"total":1.10}',
};

suite('a record', () => {
  test('holds the text of its data to the byte, whatever stands around it', () => {
    fc.assert(fc.property(anyParts, (parts) => assert.equal(dataTextOf(encodeRecord(parts)), parts.dataText)));
  });

  test('decodes to what it was made of', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const record = encodeRecord(parts);
        const { id, type, tags, occurredAt, contentType } = parts;
        assert.deepEqual(decodeRecord(record), {
          id,
          type,
          data: parsed(parts.dataText),
          metadata: parsed(parts.metadataText ?? '{}'),
          tags,
          ...(occurredAt !== undefined && { occurredAt }),
          ...(contentType !== undefined && { contentType }),
        });
      }),
    );
  });

  test('shows its id and its type without being parsed', () => {
    fc.assert(fc.property(anyParts, (parts) => assert.equal(typeOfRecord(encodeRecord(parts)), parts.type)));
    fc.assert(fc.property(anyParts, (parts) => assert.equal(idOfRecord(encodeRecord(parts)), parts.id)));
  });

  test('brings back any JSON value, with lone surrogates and __proto__ members', () => {
    fc.assert(
      fc.property(anyJson, (data) => {
        const decoded = decodeRecord(encodeRecord({ ...plain, dataText: JSON.stringify(data) }));
        assert.deepEqual(decoded.data, data);
        assert.equal(JSON.stringify(decoded.data), JSON.stringify(data));
      }),
    );
    const state: unknown = decodeRecord(encodeRecord({ ...plain, dataText: '{"__proto__":{"isAdmin":true}}' })).data;
    assert.equal(Object.getPrototypeOf(state), Object.prototype);
    assert.equal(Reflect.get(Object(state), 'isAdmin'), undefined);
  });

  test('brings back bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const record = encodeRecord({ ...plain, encoding: 'base64', dataText: dataTextOfBytes(bytes) });
        assert.deepEqual(decodeRecord(record).data, Uint8Array.from(bytes));
      }),
    );
  });

  test('is JSON that a tool can read, with what is empty left out and data last', () => {
    assert.equal(encodeRecord(plain), '{"id":"e1","type":"Ordered","data":{"total":1.10}}');
    assert.equal(
      encodeRecord({ ...plain, tags: ['t'], metadataText: '{"data":0}', occurredAt: '2026', contentType: 'x' }),
      '{"id":"e1","type":"Ordered","tags":["t"],"occurredAt":"2026","contentType":"x","metadata":{"data":0},"data":{"total":1.10}}',
    );
  });
});

suite('what is no record is refused with DECODE_FAILED:', () => {
  for (const [what, text] of [
    ['text that is not JSON', '{"id":"e1","type":"Ordered","data":'],
    ['a record without an id', '{"type":"Ordered","data":1}'],
    ['a record whose type is a number', '{"id":"e1","type":7,"data":1}'],
    ['JSON that is no object', 'null'],
    ['a record of a newer format', '{"id":"e1","type":"Ordered","format":2,"data":1}'],
    ['bytes that are not base64', '{"id":"e1","type":"Ordered","encoding":"base64","data":"%"}'],
  ] as const) {
    test(what, () => {
      assert.throws(
        () => decodeRecord(text),
        what.startsWith('bytes') ? { name: 'InvalidCharacterError' } : { code: 'DECODE_FAILED' },
      );
    });
  }

  test('a record without data', () => {
    assert.throws(() => dataTextOf('{"id":"e1","type":"Ordered"}'), { code: 'DECODE_FAILED' });
  });

  test('and a record that names the present format is read', () => {
    assert.equal(decodeRecord('{"id":"e1","type":"Ordered","format":1,"data":7}').data, 7);
  });
});

suite('a removed record', () => {
  test('keeps id, tags, former type and the digest of what it was, and nothing of its contents', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const record = encodeRecord(parts);
        const { id, type, tags, data, metadata } = decodeRecord(removedRecord(record));
        assert.deepEqual(
          { id, type, tags, metadata },
          { id: parts.id, type: removedType, tags: parts.tags, metadata: {} },
        );
        const sha256 = createHash('sha256').update(record).digest('hex');
        assert.deepEqual(data, { type: parts.type, sha256 });
      }),
    );
  });

  test('is not removed a second time', () => {
    const removed = removedRecord(encodeRecord(plain));
    assert.equal(removedRecord(removed), removed);
  });
});

suite('two records say the same', () => {
  test('when they differ in metadata and in the order of tags only', () => {
    const left = encodeRecord({ ...plain, tags: ['a', 'b'], metadataText: '{"release":"1"}' });
    const right = encodeRecord({ ...plain, tags: ['b', 'a'], metadataText: '{"release":"2"}' });
    assert.ok(saysTheSame(left, right));
  });

  test('and not when anything else differs, down to a digit', () => {
    for (const change of [
      { id: 'e2' },
      { type: 'Shipped' },
      { tags: ['a'] },
      { occurredAt: '2026-01-01' },
      { contentType: 'text/plain' },
      { encoding: 'base64' },
      { dataText: '{"total":1.1}' },
    ] as const) {
      assert.ok(!saysTheSame(encodeRecord(plain), encodeRecord({ ...plain, ...change })), JSON.stringify(change));
    }
  });

  test('always with themselves', () => {
    fc.assert(
      fc.property(anyParts, (parts) => assert.ok(saysTheSame(encodeRecord(parts), encodeRecord({ ...parts })))),
    );
    assert.equal(parseRecord(encodeRecord(plain)).format, undefined);
  });
});
