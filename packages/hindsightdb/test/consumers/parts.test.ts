/** The parts of consumers that only compute. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { readFilter } from '../../src/consumers/event-filter.ts';
import { letterKey, letterPrefix } from '../../src/consumers/consumer-keys.ts';
import { describeError } from '../../src/consumers/letter.ts';
import { shareOf } from '../../src/consumers/members.ts';
import { checkedRetryPolicy, pauseAfter } from '../../src/consumers/retry-policy.ts';
import { decodeSlice, encodeSlice, freshSlice, sliceOf } from '../../src/consumers/slice-entry.ts';
import { extendTrail } from '../../src/consumers/trail.ts';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../../src/core/checkpoint.ts';
import { compareUtf8 } from '../../src/core/text.ts';
import { inMemory, openNew } from '../open-stores.ts';

describe('a retry policy', () => {
  test('makes pauses grow to a bound, and leaves a part of them to chance', () => {
    const policy = checkedRetryPolicy({ firstDelayMs: 100, factor: 2, delayMsMax: 350, jitter: 0.5 });
    assert.deepEqual(
      [1, 2, 3, 4].map((failures) => pauseAfter(policy, failures, 0)),
      [100, 200, 350, 350],
    );
    assert.equal(pauseAfter(policy, 1, 1), 50);
    assert.equal(pauseAfter(checkedRetryPolicy(), 1000, 0), 30_000);
  });

  test('refuses what makes no sense', () => {
    for (const policy of [{ attemptsMax: 0 }, { jitter: 2 }, { firstDelayMs: -1 }, { factor: Number.NaN }])
      assert.throws(() => checkedRetryPolicy(policy), RangeError);
  });
});

describe('slices', () => {
  test('are shared out whole, and as evenly as can be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), (sliceCount, memberCount) => {
        const members = Array.from({ length: memberCount }, (_, index) => `m${index}`);
        const shares = members.map((member) => shareOf(members, member, sliceCount));
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          sliceCount,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
      }),
    );
  });

  test('get about as many entities each', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 10_000; index += 1) {
      const slice = sliceOf(`order-${index}`, 4);
      counts[slice] = (counts[slice] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 2200 && count < 2800, counts.join(' '));
  });

  test('have entries that read as they were written, and nothing else is taken for one', () => {
    const entry = { ...freshSlice, token: 3, holder: 'm1', expiresAt: 12, writes: 4 };
    assert.deepEqual(decodeSlice('slice/a/0000', encodeSlice(entry)), entry);
    for (const text of ['null', '7', '{"checkpoint":"x"}', '{"token":"1"}', '{"holder":7}'])
      assert.throws(() => decodeSlice('slice/a/0000', text), { code: 'STORE_CORRUPT' });
  });
});

test('letters of an entity are ordered as its events are, and apart from those of others', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), fc.nat(), (streamId, left, right) => {
      const key = (position: number): string => letterKey('c', 0, { streamId, partition: 0, position });
      assert.equal(Math.sign(compareUtf8(key(left), key(right))), Math.sign(left - right));
      assert.ok(!key(left).startsWith(letterPrefix('c', 0, `${streamId}x`)));
      assert.equal(
        key(left)
          .slice(letterPrefix('c', 0, streamId).length)
          .includes('/'),
        false,
      );
    }),
  );
});

describe('a trail', () => {
  test('keeps near places close together and far ones apart, and stays short', () => {
    let trail: readonly Checkpoint[] = [];
    for (let position = 1; position <= 100_000; position += 7) trail = extendTrail(trail, at(position));
    const positions = trail.map((place) => decodeCheckpoint(place).places[0]?.position ?? 0);
    assert.ok(trail.length <= 40, String(trail.length));
    assert.deepEqual(
      positions,
      positions.toSorted((left, right) => right - left),
    );
    const head = positions[0] ?? 0;
    // Wherever the histories part, a place that holds is at most three times as far from the head.
    for (let distance = 64; distance < 50_000; distance *= 2)
      assert.ok(
        positions.some((position) => head - position >= distance && head - position <= distance * 4),
        `nothing at a distance of about ${distance}: ${positions.join(' ')}`,
      );
  });

  test('begins anew behind a rewind', () => {
    const trail = extendTrail(extendTrail([at(10)], at(50)), at(20));
    assert.deepEqual(
      trail.map((place) => decodeCheckpoint(place).places[0]?.position),
      [20, 10],
    );
  });
});

test('a filter by type asks for what upcasters may turn into it, and judges what it gets', async (t) => {
  const upcast = (): { readonly type: string } => ({ type: 'OrderPlaced' });
  const store = await openNew(t, inMemory, { upcasters: [{ type: 'Ordered', upcast }] });
  await store.append('order-1', [{ type: 'Ordered', data: {} }]);
  await store.append('order-1', [{ type: 'OrderPlaced', data: {} }]);
  const filter = readFilter(store.context, { category: 'order', types: ['OrderPlaced'] });
  assert.deepEqual(filter.stored.query, [{ types: ['OrderPlaced', 'Ordered'], tags: [] }]);
  const events = await store.readCategory('order').toArray();
  assert.deepEqual(events.map(filter.isWanted), [true, true]);
  const none = readFilter(store.context, { types: ['Ordered'] });
  assert.deepEqual(events.map(none.isWanted), [false, false]);
});

function at(position: number): Checkpoint {
  return encodeCheckpoint({ logId: 'l', epoch: 'e', places: [{ position, eventId: `e${position}` }] });
}

test('what a letter says of an error is bounded, whatever the error says', () => {
  const { message, stack } = describeError(new Error('x'.repeat(1_000_000)));
  assert.deepEqual([message.length, (stack ?? '').length], [4000, 4000]);
  assert.equal(describeError('y'.repeat(1_000_000)).message.length, 4000);
});
