/** SHA-256 and base64 against Node's own. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { base64OfBytes, bytesOfBase64 } from '../../src/core/base64.ts';
import { sha256Hex } from '../../src/core/sha256.ts';
import { anyString } from '../arbitraries/json.ts';

suite('SHA-256', () => {
  const oracle = (input: string | Uint8Array): string => createHash('sha256').update(input).digest('hex');

  test('of bytes of every length around the block boundaries is what Node computes', () => {
    for (let length = 0; length <= 260; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
      assert.equal(sha256Hex(bytes), oracle(bytes));
    }
  });

  test('of any bytes is what Node computes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => assert.equal(sha256Hex(bytes), oracle(bytes))));
  });

  test('of any text is that of its UTF-8', () => {
    fc.assert(fc.property(anyString, (text) => assert.equal(sha256Hex(text), oracle(text))));
    assert.equal(sha256Hex(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

suite('base64', () => {
  test('is what Node writes, and gives the bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = base64OfBytes(bytes);
        assert.equal(text, Buffer.from(bytes).toString('base64'));
        assert.deepEqual(bytesOfBase64(text), Uint8Array.from(bytes));
      }),
    );
  });

  test('takes more bytes than a function takes arguments', () => {
    const bytes = Uint8Array.from({ length: 300_001 }, (_, index) => index & 0xff);
    assert.equal(base64OfBytes(bytes), Buffer.from(bytes).toString('base64'));
  });
});
