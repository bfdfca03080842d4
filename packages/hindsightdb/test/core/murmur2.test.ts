/** The hash is the one that Kafka's default partitioner takes. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { murmur2 } from '../../src/core/murmur2.ts';
import { partitionOf, settingsStreamOf } from '../../src/core/stream-id.ts';

// The facts that Apache Kafka's own UtilsTest.testMurmur2 states (Apache-2.0).
const facts = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
};

suite('murmur2', () => {
  for (const [text, hash] of Object.entries(facts)) {
    test(`of ${text} is what Kafka computes`, () => {
      assert.equal(murmur2(new TextEncoder().encode(text)), hash);
    });
  }

  test('depends on the bytes alone, not on where in a buffer they lie', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(9), (bytes, offset) => {
        const around = new Uint8Array(bytes.length + offset + 3).fill(0xee);
        around.set(bytes, offset);
        assert.equal(murmur2(around.subarray(offset, offset + bytes.length)), murmur2(bytes));
      }),
    );
  });
});

suite('the partition of a stream', () => {
  test('is the positive hash of its UTF-8 modulo the number of partitions', () => {
    for (const [text, hash] of Object.entries(facts))
      for (const count of [1, 2, 3, 4, 16, 1024]) assert.equal(partitionOf(text, count), (hash & 0x7fffffff) % count);
  });

  test('is one of the partitions, and its settings live beside it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.integer({ min: 1, max: 64 }), (streamId, count) => {
        const partition = partitionOf(streamId, count);
        assert.ok(Number.isInteger(partition) && partition >= 0 && partition < count);
        assert.equal(partitionOf(settingsStreamOf(streamId), count), partition);
      }),
    );
  });
});
