/** The test kit tries upcasters: given an event of an old shape, then these are read. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Upcaster } from '../../src/core/upcast.ts';
import { given } from '../../src/testing/index.ts';
import { assertFails } from './assert-fails.ts';

const dataOf = (data: unknown): Readonly<Record<string, unknown>> => Object(data) as Readonly<Record<string, unknown>>;

const inCents: Upcaster = {
  type: 'Paid',
  when: ({ data }) => 'euros' in dataOf(data),
  upcast: ({ data }) => ({ data: { cents: Math.round(100 * Number(dataOf(data)['euros'])) } }),
};
const split: Upcaster = {
  type: 'Moved',
  upcast: ({ data }) => [
    { type: 'Left', data: dataOf(data)['from'] },
    { type: 'Entered', data: dataOf(data)['to'] },
  ],
};
const dropped: Upcaster = { type: 'Pinged', upcast: () => [] };

suite('given events as they were stored', () => {
  test('an old shape is read as the new one, and the new one stays as it is', () => {
    given([inCents], { type: 'Paid', data: { euros: 1.1 } }).then({ type: 'Paid', data: { cents: 110 } });
    given([inCents], { type: 'Paid', data: { cents: 110 } }).then({ type: 'Paid', data: { cents: 110 } });
    assert.ok(true);
  });

  test('one may become several, none, or pass; tags, metadata and time stay with what it becomes', () => {
    const told = { tags: ['t'], metadata: { actor: 'ada' }, occurredAt: '2026-03-01T10:00:00Z' };
    given(
      [split, dropped],
      [
        { type: 'Moved', data: { from: 1, to: 2 }, id: 'own', ...told },
        { type: 'Pinged', data: null },
        { type: 'Noted', data: 'x' },
      ],
    ).then([
      { type: 'Left', data: 1, ...told },
      { type: 'Entered', data: 2, ...told },
      { type: 'Noted', data: 'x' },
    ]);
    given([dropped], { type: 'Pinged', data: null }).thenNothing();
  });

  test('upcasters follow one another in the order of their list', () => {
    const paidToSettled: Upcaster = { type: 'Paid', upcast: () => ({ type: 'Settled' }) };
    given([inCents, paidToSettled], { type: 'Paid', data: { euros: 2 } }).then({
      type: 'Settled',
      data: { cents: 200 },
    });
  });
});

suite('a test of upcasters fails', () => {
  test('when other events are read, and shows where they differ', () => {
    assertFails(
      () => given([inCents], { type: 'Paid', data: { euros: 1 } }).then({ type: 'Paid', data: { cents: 101 } }),
      /^Other events are read\.\n\n\/0\/data\/cents: expected 101, got 100\n/,
    );
    assertFails(
      () => given([split], { type: 'Moved', data: { from: 1, to: 2 } }).then({ type: 'Left', data: 1 }),
      /expected a list of 1, got one of 2/,
    );
    assertFails(() => given([], { type: 'Paid', data: 1 }).thenNothing(), /\n\+ /);
  });

  test('when an upcaster fails, changes what it was given, or answers otherwise when asked again', () => {
    const cause = new Error('no rate');
    const failing: Upcaster = {
      type: 'Paid',
      upcast: () => {
        throw cause;
      },
    };
    const stored = { type: 'Paid', data: { euros: 1 } };
    assertFails(() => given([failing], stored), /upcaster of Paid failed .* no rate/);
    const changing: Upcaster = {
      type: 'Paid',
      upcast: ({ data }) => ({ data: Object.assign(dataOf(data), { cents: 1 }) }),
    };
    assertFails(() => given([changing], stored), /may not change the event/);
    let calls = 0;
    const counting: Upcaster = { type: 'Paid', upcast: () => ({ data: (calls += 1) }) };
    assertFails(() => given([counting], stored), /when asked again/, /\/0\/data: expected 1, got 2/);
  });

  test('when what is no promise is awaited', async () => {
    const read: unknown = given([inCents], { type: 'Paid', data: 1 });
    await assert.rejects(async () => await read, /is no promise/);
  });
});
