/** Failing tests, tested. */

import assert from 'node:assert/strict';
import { TestFailure } from '../../src/testing/index.ts';

/** Asserts that a test fails, with a message that says this. */
export function assertFails(run: () => unknown, ...says: readonly RegExp[]): TestFailure {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof TestFailure, String(error));
    assert.equal(error.name, 'AssertionError');
    for (const words of says) assert.match(error.message, words);
    return error;
  }
  assert.fail('the test passed');
}
