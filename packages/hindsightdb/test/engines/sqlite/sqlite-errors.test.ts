/** What SQLite's codes mean for a store, where the code alone would mislead. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDiskFailure, isTroubleOfStore } from '../../../src/engines/sqlite/sqlite-errors.ts';

function errorOf(errcode: number): Error {
  return Object.assign(new Error('of SQLite'), { errcode });
}

test('a missing folder for temporary files is no failure of the disk that the store is on', () => {
  const [readFailed, noTemporaryFolder] = [266, 6410];
  assert.deepEqual(
    [readFailed, noTemporaryFolder].map((code) => isDiskFailure(errorOf(code))),
    [true, false],
  );
  assert.deepEqual(
    [readFailed, noTemporaryFolder].map((code) => isTroubleOfStore(errorOf(code))),
    [true, false],
  );
});

test('a statement of the user that meets a constraint, a lock of its own or a mistake is no trouble of the store', () => {
  const [mistake, locked, constraint, full, busy] = [1, 6, 2067, 13, 261];
  const codes = [mistake, locked, constraint, full, busy];
  assert.deepEqual(
    codes.map((code) => isTroubleOfStore(errorOf(code))),
    [false, false, false, true, true],
  );
});
