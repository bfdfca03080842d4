/** A test sets the clock, and the store goes by it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/store/open.ts';
import { settableClock } from '../../src/testing/index.ts';
import { callLoosely } from '../misuse.ts';

test('a settable clock stands still until it is moved', () => {
  const clock = settableClock('2026-03-01T09:00:00Z');
  assert.equal(clock.iso, '2026-03-01T09:00:00.000000Z');
  assert.equal(clock.now(), clock.now());
  clock.advanceMs(1500.25);
  assert.equal(clock.iso, '2026-03-01T09:00:01.500250Z');
  clock.advanceMs(-1500.25);
  assert.equal(clock.iso, '2026-03-01T09:00:00.000000Z');
  clock.set(new Date('2025-12-31T23:59:59Z'));
  assert.equal(clock.now(), Date.UTC(2025, 11, 31, 23, 59, 59) * 1000);
  assert.equal(settableClock().iso, '2026-01-01T00:00:00.000000Z');
});

test('a settable clock takes nothing that is no time', () => {
  assert.throws(() => settableClock('tomorrow'), { code: 'INVALID_ARGUMENT', message: /^start/ });
  assert.throws(() => settableClock().set('tomorrow'), { code: 'INVALID_ARGUMENT', message: /^time/ });
  const { advanceMs } = settableClock();
  for (const ms of [Number.NaN, Infinity, '5', undefined])
    assert.throws(() => callLoosely(advanceMs, ms), { name: 'TypeError', message: /^ms/ });
});

test('a store with a settable clock records its time, and hides what has become too old', async () => {
  const clock = settableClock('2026-03-01');
  await using store = await openStore('memory:', { now: clock.now });
  assert.equal((await store.append('a-1', [{ type: 'Noted', data: 1 }])).recordedAt, clock.iso);
  await store.setStreamSettings('a-1', { maxAgeMs: 60_000 });
  clock.advanceMs(60_000);
  assert.equal((await store.readStream('a-1').toArray()).length, 1);
  clock.advanceMs(1);
  assert.equal((await store.readStream('a-1').toArray()).length, 0);
});
