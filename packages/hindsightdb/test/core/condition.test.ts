/** Expected versions hold or they do not. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { assertExpectedVersion, holdsVersion } from '../../src/core/condition.ts';
import { assertArgumentError } from '../misuse.ts';

suite('an expectation of a stream holds as the table says:', () => {
  const absent = { version: 0, isTombstoned: false };
  const present = { version: 3, isTombstoned: false };
  const ended = { version: 3, isTombstoned: true };
  const endedEmpty = { version: 0, isTombstoned: true };
  for (const [expected, ...holds] of [
    ['any', true, true, true, true],
    ['exists', false, true, false, false],
    ['none', true, false, false, true],
    [0, true, false, false, true],
    [3, false, true, true, false],
    [2, false, false, false, false],
    [4, false, false, false, false],
  ] as const) {
    test(`expected ${expected}`, () => {
      const found = [absent, present, ended, endedEmpty].map((stream) => holdsVersion(expected, stream));
      assert.deepEqual(found, holds);
    });
  }
});

suite('an expected version', () => {
  test('is a whole number from 0, any, exists or none', () => {
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER, 'any', 'exists', 'none']) assertExpectedVersion(value);
  });

  test('and nothing else', () => {
    for (const value of [
      -1,
      1.5,
      Number.NaN,
      Infinity,
      2 ** 53,
      '1',
      '',
      'noStream',
      null,
      undefined,
      1n,
      {},
      [1],
      true,
    ])
      assert.throws(
        () => assertExpectedVersion(value),
        (error) => assertArgumentError(error, /^expectedVersion must be/, 'INVALID_ARGUMENT'),
        inspect(value),
      );
  });
});
