/** JSON text where the text itself matters. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalJson, jsonTextOf } from '../../src/core/json.ts';
import { rawJson } from '../../src/core/raw-json.ts';
import { anyJson, anyJsonText } from '../arbitraries/json.ts';

/** The same value with the members of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

suite('canonical JSON', () => {
  test('means the same as the value', () => {
    fc.assert(fc.property(anyJson, (value) => assert.deepEqual(JSON.parse(canonicalJson(value)), value)));
  });

  test('is the same text for the same value, in whatever order the members come', () => {
    fc.assert(fc.property(anyJson, (value) => assert.equal(canonicalJson(shuffled(value)), canonicalJson(value))));
  });

  test('differs for different values', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (left, right) => {
        const isSame = canonicalJson(left) === canonicalJson(right);
        assert.equal(isSame, canonicalJson(JSON.parse(canonicalJson(left))) === canonicalJson(right));
        if (isSame) assert.deepEqual(left, right);
      }),
    );
  });

  test('orders keys by UTF-16 units and writes numbers as RFC 8785 does', () => {
    // The example of RFC 8785, section 3.2.3, and numbers of its appendix B.
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    assert.equal(canonicalJson(keys), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    assert.equal(
      canonicalJson([-0, 5e-324, 1.7976931348623157e308, 9007199254740992, 1e21, 0.000001, 1e-7, 1 / 3]),
      '[0,5e-324,1.7976931348623157e+308,9007199254740992,1e+21,0.000001,1e-7,0.3333333333333333]',
    );
  });
});

suite('the JSON text of a value', () => {
  test('is that of JSON.stringify', () => {
    fc.assert(fc.property(anyJson, (value) => assert.equal(jsonTextOf('It', value), JSON.stringify(value))));
  });

  test('is raw JSON as it stands', () => {
    assert.equal(jsonTextOf('It', rawJson(' {"b":1.10,"a":1e400} ')), ' {"b":1.10,"a":1e400} ');
  });

  test('does not exist for what JSON cannot hold, and the error says what it was', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => 1, Symbol('s'), 10n, cycle, { toJSON: () => undefined }])
      assert.throws(() => jsonTextOf('The data of Added', value), {
        name: 'TypeError',
        code: 'NOT_JSON',
        message: /^The data of Added has no JSON form/,
      });
  });
});

suite('raw JSON', () => {
  test('keeps its text, but for lone surrogates, which become their escapes and mean the same', () => {
    fc.assert(
      fc.property(anyJsonText, (text) => {
        const raw = rawJson(text);
        if (text.isWellFormed()) assert.equal(raw.text, text);
        assert.ok(raw.text.isWellFormed());
        assert.deepEqual(JSON.parse(raw.text), JSON.parse(text));
        assert.deepEqual(raw.toJSON(), JSON.parse(text));
      }),
    );
  });

  test('is refused when it is none', () => {
    for (const text of ['', '{', "{'a':1}", '01', 'NaN', '[1,]', 'undefined', '{"a":1} x'])
      assert.throws(() => rawJson(text), SyntaxError);
  });

  test('within a value means what it says', () => {
    assert.equal(JSON.stringify({ amount: rawJson('[1, 2]') }), '{"amount":[1,2]}');
  });
});
