/** Ids are UUIDs of version 7 and sort in the order in which they were made. */

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { uuidV7Maker } from '../../src/core/uuid.ts';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const random = (count: number): Uint8Array => randomFillSync(new Uint8Array(count));

function millisOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

suite('an id', () => {
  test('is a UUID with the bits of version 7 and of the variant, whatever the randomness', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 47), fc.integer({ min: 0, max: 255 }), (now, byte) => {
        const id = uuidV7Maker(
          () => now,
          (count) => new Uint8Array(count).fill(byte),
        )();
        assert.match(id, form);
      }),
    );
  });

  test('begins with the time at which it was made', () => {
    const now = Date.UTC(2026, 2, 1, 9, 30);
    assert.equal(millisOf(uuidV7Maker(() => now, random)()), now);
  });
});

suite('ids of one maker', () => {
  test('sort in the order of making, while the clock stands still, jumps and goes back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 2, maxLength: 300 }), (times) => {
        let index = 0;
        const make = uuidV7Maker(() => 1_700_000_000_000 + (times[index] ?? 0), random);
        const ids = times.map((_, place) => {
          index = place;
          return make();
        });
        assert.deepEqual(ids.toSorted(), ids);
        assert.equal(new Set(ids).size, ids.length);
      }),
    );
  });

  test('stay in order when more are made in a millisecond than the counter holds', () => {
    const make = uuidV7Maker(() => 1_700_000_000_000, random);
    const ids = Array.from({ length: 20_000 }, make);
    assert.deepEqual(ids.toSorted(), ids);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, form);
    // Beyond what the counter holds, time is borrowed from the milliseconds to come.
    assert.ok(millisOf(ids.at(-1) ?? '') <= 1_700_000_000_000 + 20_000 / 2048 + 1);
  });

  test('differ from those of another maker at the same time', () => {
    const makers = Array.from({ length: 20 }, () => uuidV7Maker(() => 1_700_000_000_000, random));
    const ids = makers.flatMap((make) => Array.from({ length: 50 }, make));
    assert.equal(new Set(ids).size, ids.length);
  });
});
