/** Stream ids, what is read from them, and what settings show of a stream. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  assertNotReserved,
  categoryOf,
  isReserved,
  settingsStreamOf,
  subjectOfSettingsStream,
} from '../../src/core/stream-id.ts';
import { firstShownVersion, oldestShownAt } from '../../src/core/stream-settings.ts';
import { anyName } from '../arbitraries/json.ts';

suite('the category of a stream', () => {
  test('is what stands before the first dash, or the whole id', () => {
    for (const [streamId, category] of [
      ['order-75', 'order'],
      ['order-75-a', 'order'],
      ['order', 'order'],
      ['-75', ''],
      ['order-', 'order'],
      ['$settings-order-75', '$settings'],
    ] as const)
      assert.equal(categoryOf(streamId), category);
    fc.assert(fc.property(anyName, (name) => assert.equal(categoryOf(name), name.split('-')[0])));
  });
});

suite('names that begin with $', () => {
  test('belong to the store', () => {
    for (const name of ['$', '$settings-a', '$removed']) {
      assert.ok(isReserved(name));
      assert.throws(() => assertNotReserved('The event type', name), {
        code: 'RESERVED_NAME',
        message: /^The event type "\$/,
      });
    }
    for (const name of ['a$', ' $', 'order-$1']) {
      assert.ok(!isReserved(name));
      assertNotReserved('The event type', name);
    }
  });

  test('lead from a stream to its settings and back', () => {
    fc.assert(
      fc.property(anyName, (streamId) => {
        assert.equal(subjectOfSettingsStream(settingsStreamOf(streamId)), streamId);
        assert.equal(subjectOfSettingsStream(streamId), undefined);
      }),
    );
  });
});

suite('what settings show of a stream', () => {
  test('is everything without settings', () => {
    assert.equal(firstShownVersion(undefined, 10), 1);
    assert.equal(firstShownVersion({}, 10), 1);
    assert.equal(firstShownVersion({ custom: { a: 1 } }, 0), 1);
    assert.equal(oldestShownAt({}, 5), undefined);
    assert.equal(oldestShownAt(undefined, 5), undefined);
  });

  test('begins at the truncation, or where the newest n begin, whichever is later', () => {
    assert.equal(firstShownVersion({ truncateBefore: 4 }, 10), 4);
    assert.equal(firstShownVersion({ maxCount: 3 }, 10), 8);
    assert.equal(firstShownVersion({ maxCount: 3, truncateBefore: 9 }, 10), 9);
    assert.equal(firstShownVersion({ maxCount: 30 }, 10), 1);
  });

  test('is nothing after a tombstone', () => {
    assert.equal(firstShownVersion({ tombstone: true, maxCount: 3 }, 10), 11);
  });

  test('is what is young enough', () => {
    assert.equal(oldestShownAt({ maxAgeMs: 2 }, 5_000), 3_000);
  });
});
