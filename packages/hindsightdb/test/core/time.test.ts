/** Times are read and written without a loss and without a guess. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { isoOfMicros, isoOfMicrosCached, microsOf } from '../../src/core/time.ts';
import { assertArgumentError, callLoosely } from '../misuse.ts';

// The years 1684 to 2255: what a safe integer of microseconds reaches.
const anyMicros = fc.maxSafeInteger();
const anyDate = fc.date({ noInvalidDate: true, min: new Date('1685-01-01'), max: new Date('2255-01-01') });

suite('microseconds', () => {
  test('survive the way through ISO 8601, before 1970 too', () => {
    fc.assert(fc.property(anyMicros, (micros) => assert.equal(microsOf('at', isoOfMicros(micros)), micros)));
  });

  test('are written in UTC with six decimals', () => {
    for (const [micros, text] of [
      [0, '1970-01-01T00:00:00.000000Z'],
      [1, '1970-01-01T00:00:00.000001Z'],
      [-1, '1969-12-31T23:59:59.999999Z'],
      [-1_000_001, '1969-12-31T23:59:58.999999Z'],
      [1_772_357_400_123_456, '2026-03-01T09:30:00.123456Z'],
    ] as const) {
      assert.equal(isoOfMicros(micros), text);
      assert.equal(isoOfMicrosCached()(micros), text);
    }
  });

  test('are written as JavaScript writes their milliseconds', () => {
    fc.assert(
      fc.property(anyMicros, (micros) => {
        const millis = Math.floor(micros / 1000);
        assert.equal(`${isoOfMicros(micros).slice(0, -4)}Z`, new Date(millis).toISOString());
      }),
    );
  });

  test('sort as their texts do', () => {
    const anyRecent = fc.nat(4_000_000_000_000_000);
    fc.assert(
      fc.property(anyRecent, anyRecent, (left, right) =>
        assert.equal(left < right, isoOfMicros(left) < isoOfMicros(right)),
      ),
    );
  });

  test('come out of a cache as they come without', () => {
    const cached = isoOfMicrosCached();
    fc.assert(
      fc.property(fc.array(fc.nat(3)), (times) => {
        for (const time of times) assert.equal(cached(time), isoOfMicros(time));
      }),
    );
  });
});

suite('a point in time is read', () => {
  test('from a Date', () => {
    fc.assert(fc.property(anyDate, (date) => assert.equal(microsOf('at', date), date.getTime() * 1000)));
  });

  test('from the text of a Date', () => {
    fc.assert(fc.property(anyDate, (date) => assert.equal(microsOf('at', date.toISOString()), date.getTime() * 1000)));
  });

  test('with any offset as the same moment, without summer time', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }), (date, minutes) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const size = Math.abs(minutes);
        const digits = (value: number): string => String(value).padStart(2, '0');
        const [hours, rest] = [digits(Math.floor(size / 60)), digits(size % 60)];
        const sign = minutes < 0 ? '-' : '+';
        for (const offset of [`${sign}${hours}:${rest}`, `${sign}${hours}${rest}`])
          assert.equal(microsOf('at', local + offset), date.getTime() * 1000);
      }),
    );
  });

  test('in every form that ISO 8601 has for it', () => {
    const noon = Date.UTC(2026, 2, 1, 12) * 1000;
    for (const text of [
      '2026-03-01T12:00Z',
      '2026-03-01T12:00:00Z',
      '2026-03-01T12:00:00.0Z',
      '2026-03-01T12:00:00.000000000Z',
      '2026-03-01T13:30:00+01:30',
      '2026-03-01T10:30:00-0130',
      '+002026-03-01T12:00:00Z',
      '2026-03-01T12:00:00+00:00',
    ])
      assert.equal(microsOf('at', text), noon, text);
    assert.equal(microsOf('at', '2026-03-01'), Date.UTC(2026, 2, 1) * 1000);
    assert.equal(microsOf('at', '2028-02-29'), Date.UTC(2028, 1, 29) * 1000);
    assert.equal(microsOf('at', '2026-03-01T24:00:00Z'), Date.UTC(2026, 2, 2) * 1000);
  });

  test('with every decimal up to microseconds, and those beyond cut off', () => {
    fc.assert(
      fc.property(
        fc.nat(999_999),
        fc.nat(999),
        fc.integer({ min: -86_400, max: 86_400 }),
        (micros, beyond, seconds) => {
          const start = new Date(seconds * 1000).toISOString().slice(0, -5);
          const text = `${start}.${String(micros).padStart(6, '0')}${String(beyond).padStart(3, '0')}Z`;
          assert.equal(microsOf('at', text), seconds * 1_000_000 + micros);
        },
      ),
    );
    assert.equal(microsOf('at', '2026-03-01T00:00:00.9999999Z'), Date.UTC(2026, 2, 1) * 1000 + 999_999);
  });
});

suite('what names no moment is refused, naming the argument:', () => {
  for (const value of [
    '2026-03-01T12:00:00',
    '2026-03-01 12:00:00Z',
    '2026-02-30',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01',
    '2026-00-01',
    '2026-01-00',
    '2026-03-01T25:00:00Z',
    '2026-03-01T24:00:01Z',
    '2026-03-01T23:60:00Z',
    '2026-03-01T23:59:60Z',
    '2026-03-01T12:00:00+24:00',
    '2026-03-01T12:00:00+05',
    '-000000-01-01',
    '26-03-01',
    'March 1, 2026',
    '1772357400000',
    '',
    '2026-03-01T12:00:00Zulu',
    1_772_357_400_000,
    null,
    undefined,
    new Date(Number.NaN),
  ]) {
    test(inspect(value), () => {
      assert.throws(
        () => callLoosely(microsOf, 'fromTime', value),
        (error) => assertArgumentError(error, /^fromTime /, 'INVALID_ARGUMENT'),
      );
    });
  }
});
