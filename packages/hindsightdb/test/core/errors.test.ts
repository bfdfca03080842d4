/** Errors can be told apart by code, and say what to do. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { abortReason } from '../../src/core/abort.ts';
import {
  argumentError,
  ConflictError,
  conflictError,
  errorCodes,
  HindsightError,
  isConflict,
  isHindsightError,
  rangeError,
  ValidationError,
} from '../../src/core/errors.ts';
import { pointerOf } from '../../src/core/standard-schema.ts';

suite('the guards', () => {
  test('know errors of the library, whatever class they have, and of one code only when asked', () => {
    const errors = [
      new HindsightError('CLOSED', 'The store was closed.'),
      new ValidationError('Not valid.', []),
      argumentError('INVALID_QUERY', 'No query.'),
      rangeError('LIMIT_EXCEEDED', 'Too large.'),
      conflictError([{ kind: 'tombstone', streamId: 'a', actual: 1 }]),
    ];
    for (const error of errors) {
      const { code } = error;
      assert.ok(code in errorCodes);
      const answers = [isHindsightError(error), isHindsightError(error, code), isHindsightError(error, 'SYNC_FAILED')];
      assert.deepEqual(answers, [true, true, false]);
    }
  });

  test('know nothing else', () => {
    const named = (code: unknown): Error => Object.assign(new Error('x'), { code });
    for (const other of [
      new Error('x'),
      named('ENOENT'),
      named('toString'),
      named('__proto__'),
      named(7),
      { code: 'CLOSED' },
      'CLOSED',
      null,
      undefined,
    ])
      assert.ok(!isHindsightError(other));
    assert.ok(!isConflict(new HindsightError('VERSION_CONFLICT', 'x')));
  });
});

suite('a conflict', () => {
  test('has the code of the first check that failed, and names each', () => {
    const conflicts = [
      { kind: 'version', streamId: 'a-1', expected: 'exists', actual: 0 },
      { kind: 'tombstone', streamId: 'b-1', actual: 4 },
      { kind: 'condition', partition: 0, position: 9, eventId: 'e9' },
      { kind: 'keyedStore', key: 'k', expected: 1, actual: 2 },
    ] as const;
    const codes = ['VERSION_CONFLICT', 'STREAM_TOMBSTONED', 'CONDITION_CONFLICT', 'KEYED_STORE_CONFLICT'];
    for (const [index, conflict] of conflicts.entries()) assert.equal(conflictError([conflict]).code, codes[index]);
    const all = conflictError(conflicts);
    assert.ok(isConflict(all) && all instanceof ConflictError && all instanceof HindsightError);
    assert.deepEqual(all.conflicts, conflicts);
    assert.deepEqual(all.details, { conflicts });
    for (const word of ['"a-1"', 'exists', '"b-1"', 'e9', '"k"', 'Nothing was written.'])
      assert.ok(all.message.includes(word));
  });

  test('has at least one reason', () => {
    assert.throws(() => conflictError([]));
  });
});

test('an error keeps its cause and its details', () => {
  const cause = new Error('disk');
  const error = new HindsightError('SYNC_FAILED', 'The disk failed.', { cause, details: { path: 'a' } });
  assert.equal(error.cause, cause);
  assert.deepEqual(error.details, { path: 'a' });
  assert.deepEqual(new HindsightError('CLOSED', 'Closed.').details, {});
  assert.ok(!('cause' in new HindsightError('CLOSED', 'Closed.')));
});

test('an abort is an error, whatever reason was given', () => {
  const reason = new Error('enough');
  assert.equal(abortReason(AbortSignal.abort(reason)), reason);
  assert.equal(abortReason(AbortSignal.abort('enough')).cause, 'enough');
  assert.equal(abortReason(AbortSignal.abort()).name, 'AbortError');
});

test('the path of a complaint is a JSON Pointer', () => {
  assert.equal(pointerOf({ message: '' }), '');
  assert.equal(
    pointerOf({ message: '', path: ['a', 0, { key: 'b/c~d' }, Symbol.iterator] }),
    '/a/0/b~1c~0d/Symbol(Symbol.iterator)',
  );
});
