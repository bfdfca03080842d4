/** Names, their length and their order. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { assertName, compareUtf8, describe, utf8Length } from '../../src/core/text.ts';
import { anyString } from '../arbitraries/json.ts';

const wellFormed = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Around the surrogates the order by code points and the order by units part.
  fc.string({
    unit: fc.constantFrom('a', '\u007f', '\u07ff', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  }),
);

suite('texts compare', () => {
  test('as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (left, right) => {
        assert.equal(Math.sign(compareUtf8(left, right)), Buffer.compare(Buffer.from(left), Buffer.from(right)));
      }),
      { numRuns: 500 },
    );
  });

  test('as equal only when they are, and a beginning before the whole', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (left, right) => {
        assert.equal(compareUtf8(left, right) === 0, left === right);
        if (right !== '') assert.ok(compareUtf8(left, left + right) < 0);
      }),
    );
  });
});

test('the length in UTF-8 is the number of bytes that Node writes', () => {
  fc.assert(
    fc.property(fc.oneof(anyString, wellFormed), (text) => assert.equal(utf8Length(text), Buffer.byteLength(text))),
    { numRuns: 500 },
  );
});

suite('a name', () => {
  test('may be any well-formed text that is not empty and has no NUL', () => {
    for (const name of ['a', ' ', 'order-75', '__proto__', '😀', '\u{10ffff}', 'a\nb', '"'])
      assertName('A tag', name, 100);
  });

  test('is refused otherwise, with INVALID_TEXT and a sentence that says what it is', () => {
    for (const [name, reason] of [
      ['', /^A tag must not be empty/],
      ['a\0', /^A tag contains a NUL/],
      ['\ud800', /^A tag contains a lone surrogate/],
      ['a\udc00b', /^A tag contains a lone surrogate/],
      [7, /^A tag must be a string, not number 7/],
      [null, /^A tag must be a string, not null/],
      [undefined, /^A tag must be a string, not undefined/],
      [['a'], /^A tag must be a string, not an array/],
    ] as const)
      assert.throws(() => assertName('A tag', name, 100), { name: 'TypeError', code: 'INVALID_TEXT', message: reason });
  });

  test('is measured in bytes of UTF-8', () => {
    assertName('A tag', 'a'.repeat(10), 10);
    assertName('A tag', '€€€a', 10);
    for (const name of ['a'.repeat(11), '€€€€', '😀😀😀'])
      assert.throws(() => assertName('A tag', name, 10), {
        name: 'RangeError',
        code: 'LIMIT_EXCEEDED',
        message: /^A tag takes 1[12] bytes; the limit is 10/,
      });
  });
});

test('a message says what arrived, shortly', () => {
  const described = [null, [1], { a: 1 }, () => 1, 'x', 'x'.repeat(70), 1.5, 10n, true, undefined, Symbol('s')].map(
    describe,
  );
  assert.deepEqual(described, [
    'null',
    'an array',
    'an object',
    'a function',
    '"x"',
    `"${'x'.repeat(60)}…"`,
    'number 1.5',
    'bigint 10',
    'boolean true',
    'undefined',
    'symbol',
  ]);
});
