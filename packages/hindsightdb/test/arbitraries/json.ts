/** JSON as it may come: values and texts, with everything in them that has ever tripped a store. */

import * as fc from 'fast-check';

/** Any sequence of UTF-16 units, lone surrogates and NUL included. */
export const anyString: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 6 }),
  fc.constantFrom('', '"data":', ',"data":1', '\\', '"', '\ud800', '\udc00x', 'é', '😀', '\0', '\u2028'),
);

/**
 * Keys of objects, those that mean something to JavaScript or to a record among them. None has a backslash: once the JSON.parse
 * of V8 (Node.js 24 and 26) has met such a key, it takes other escaped keys for it, so nothing that compares values could hold.
 */
const anyKey: fc.Arbitrary<string> = fc.oneof(
  anyString.filter((key) => !key.includes('\\')),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'data', 'type', 'id', 'tags', '0', 'length'),
);

/** Any value that came from JSON. Numbers are those that survive JSON: no NaN, no infinity, no negative zero. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    anyString,
    fc.array(tie('value'), { maxLength: 4 }),
    // `fromEntries` defines members, so that `__proto__` becomes a member like any other.
    fc
      .uniqueArray(fc.tuple(anyKey, tie('value')), { maxLength: 4, selector: ([key]) => key })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const anySpace = fc.constantFrom('', '', ' ', '\n', '\t ', '\r\n');
const anyNumberText = fc.constantFrom('0', '-0', '1.10', '1e400', '-1E-400', '12345678901234567891', '1E+2', '0.0');
const anyStringText = fc.oneof(
  anyString.map((text) => JSON.stringify(text)),
  // The same letter written as an escape, and a surrogate that stands there by itself.
  fc.constantFrom('"\\u0041"', '"\\/"', '"\\ud83d\\ude00"', '"\ud800"', '"a\udfffb"', '"\\uDEAD"'),
);

const anyKeyText = fc.oneof(
  anyKey.map((key) => JSON.stringify(key)),
  fc.constantFrom('"\\u0041"', '"\\ud83d\\ude00"', '"\ud800"'),
);

/** JSON text that no `JSON.stringify` would have written: digits, escapes, order, repetitions and spacing of its own. */
export const anyJsonText: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
  text: fc
    .tuple(
      anySpace,
      fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('null', 'true', 'false'),
        anyNumberText,
        anyStringText,
        fc.array(tie('text'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(anyKeyText, anySpace, tie('text')), { maxLength: 3 })
          .map((members) => `{${members.map(([key, space, value]) => `${key}${space}:${value}`).join(',')}}`),
      ),
      anySpace,
    )
    .map((parts) => parts.join('')),
})).text;

/** Names that the store takes: well-formed, not empty, without NUL, not beginning with `$`. */
export const anyName: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.constantFrom('a', 'order-75', '__proto__', 'a!b~c', 'ü-😀', '%41', '"type":"', '-', ' ', '\n'),
  )
  .filter((name) => name !== '' && !name.includes('\0') && !name.startsWith('$') && name.isWellFormed());
