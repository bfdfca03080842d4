/** What was used last is remembered; what is not to be forgotten, never is; and the rest does not grow. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { RecentMap } from '../../src/core/recent-map.ts';

suite('a map of what was used last', () => {
  test('remembers the last ones at least, and keeps what it is told to', () => {
    const anyUse = fc.record({ key: fc.nat(30), isBusy: fc.boolean(), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(anyUse, { maxLength: 200 }), (countMin, uses) => {
        const map = new RecentMap<number, { isBusy: boolean; turn: number }>(countMin, ({ isBusy }) => isBusy);
        const newest = new Map<number, { isBusy: boolean; turn: number }>();
        for (const [turn, { key, isBusy, isRead }] of uses.entries()) {
          if (isRead) {
            const found = map.get(key);
            if (found !== undefined) assert.equal(found, newest.get(key));
            // What is not used is not among the last.
            else if (newest.has(key)) newest.delete(key);
            const used = newest.get(key);
            if (used !== undefined) {
              newest.delete(key);
              newest.set(key, used);
            }
          } else {
            const value = { isBusy, turn };
            map.set(key, value);
            newest.delete(key);
            newest.set(key, value);
          }
          for (const [each, value] of [...newest].slice(-countMin)) assert.equal(map.peek(each), value);
          for (const [each, value] of newest) if (value.isBusy) assert.equal(map.peek(each), value);
        }
      }),
    );
  });

  test('forgets what was not used for long, and what it is told to forget', () => {
    const map = new RecentMap<number, number>(10);
    for (let key = 0; key < 1000; key += 1) map.set(key, key);
    assert.equal(count(map, 1000) <= 20, true);
    assert.equal(map.get(999), 999);
    map.delete(999);
    assert.equal(map.get(999), undefined);
  });

  test('goes on making room where many are to be kept', () => {
    const map = new RecentMap<number, { isKept: boolean }>(10, ({ isKept }) => isKept);
    for (let key = 0; key < 500; key += 1) map.set(key, { isKept: true });
    for (let key = 500; key < 5000; key += 1) map.set(key, { isKept: false });
    assert.equal(count(map, 500), 500);
    assert.equal(count(map, 5000) < 2500, true);
  });
});

function count<Value>(map: RecentMap<number, Value>, until: number): number {
  let found = 0;
  for (let key = 0; key < until; key += 1) if (map.peek(key) !== undefined) found += 1;
  return found;
}
