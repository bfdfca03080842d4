/** The kit's own comparison: what it cannot tell apart, no case can notice. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDifference } from '../../src/conformance/difference.ts';

const samples: readonly unknown[] = [
  undefined,
  null,
  0,
  -0,
  Number.NaN,
  '',
  '0',
  true,
  {},
  { a: 1 },
  { a: 2 },
  { b: 1 },
  { a: undefined, b: 2 },
  [],
  [1],
  [1, 2],
  [2, 1],
  new Set(),
  new Set(['a']),
  new Set(['b']),
  new Set(['a', 'b']),
  new Map(),
  new Map([['a', 1]]),
];

test('two different values differ, whatever they are, and the same value does not differ from itself', () => {
  for (const [index, left] of samples.entries())
    for (const [other, right] of samples.entries())
      assert.equal(firstDifference(left, right) === undefined, index === other, `${index} and ${other}`);
});

test('sets are equal by their members, in whatever order they came into them', () => {
  assert.equal(firstDifference(new Set(['a', 'b']), new Set(['b', 'a'])), undefined);
  assert.match(firstDifference(new Set(['a']), new Set(['a', 'b'])) ?? '', /got 1 items, expected 2/);
});

test('a member that is undefined counts as absent', () => {
  assert.equal(firstDifference({ a: 1, b: undefined }, { a: 1 }), undefined);
});
