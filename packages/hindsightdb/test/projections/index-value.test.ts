/** Keys of indexes sort as their values do, and no value breaks out of its place. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isHindsightError } from '../../src/index.ts';
import { compareUtf8 } from '../../src/core/text.ts';
import { escapeKey, indexPart, joinParts, unescapeKey } from '../../src/projections/index-value.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(' ', '!', '"', '\0', '\uffff', '\ud800', '\udc00', 'a', '😀', '~') }),
);
const value = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1, -1, 1e308, -1e308, 5e-324, 0.1),
  fc.double({ noNaN: true }),
  fc.integer(),
  text,
);

const keyOf = (field: unknown): string => {
  const joined = joinParts(indexPart('field', field));
  if (typeof joined !== 'string') throw new Error('Nothing is to be filled in.');
  return joined;
};

const rank = (field: unknown): number =>
  field === null ? 0 : field === false ? 1 : field === true ? 2 : typeof field === 'number' ? 3 : 4;

function compareValues(left: unknown, right: unknown): number {
  if (rank(left) !== rank(right)) return rank(left) - rank(right);
  if (typeof left === 'number' && typeof right === 'number') return left === right ? 0 : left - right;
  return typeof left === 'string' && typeof right === 'string' ? compareUtf8(left, right) : 0;
}

test('keys sort as their values do: null, false, true, numbers, texts', () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      fc.pre(
        ![left, right].some((each) => typeof each === 'string' && (!each.isWellFormed() || each.includes('\uffff'))),
      );
      assert.equal(
        Math.sign(compareUtf8(keyOf(left), keyOf(right))),
        Math.sign(compareValues(left, right)),
        `${String(left)} and ${String(right)}`,
      );
    }),
    { numRuns: 1000 },
  );
});

test('different values have different keys, also in front of an id', () => {
  fc.assert(
    fc.property(fc.tuple(value, text), fc.tuple(value, text), ([left, leftId], [right, rightId]) => {
      const isSame = compareValues(left, right) === 0 && leftId === rightId;
      const keys = [keyOf(left) + escapeKey(leftId), keyOf(right) + escapeKey(rightId)];
      assert.equal(keys[0] === keys[1], isSame);
    }),
    { numRuns: 1000 },
  );
});

test('an escaped text is well-formed, has no space and no control character, and can be read again', () => {
  fc.assert(
    fc.property(text, (given) => {
      const escaped = escapeKey(given);
      assert.ok(escaped.isWellFormed());
      assert.doesNotMatch(escaped, /[\0- ]/);
      assert.equal(unescapeKey(escaped), given);
    }),
    { numRuns: 1000 },
  );
});

test('what has no place in an order is refused by the name of its field', () => {
  for (const wrong of [{}, [], 1n, () => 1])
    assert.throws(
      () => indexPart('customer', wrong),
      (error) => isHindsightError(error, 'INVALID_ARGUMENT') && error.message.includes('"customer"'),
    );
});
