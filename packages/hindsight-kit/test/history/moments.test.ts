/** Moments as people write them. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseMoment, type Moment } from '../../src/cli/history/moment.ts';
import { documentsFrom, threeOrders } from './order-store.ts';
import { hindsight } from '../hindsight-process.ts';

suite('a moment', () => {
  const clock = { now: Date.parse('2026-03-04T12:00:00Z'), order: 'recorded' } as const;
  const recorded = (time: Date | string): Moment => ({ kind: 'time', time, order: 'recorded' });
  const local = (text: string): Moment => recorded(new Date(text));

  const forms: readonly (readonly [text: string, moment: Moment])[] = [
    ['now', { kind: 'now' }],
    ['7', { kind: 'version', version: 7 }],
    ['v7', { kind: 'version', version: 7 }],
    ['position:1200', { kind: 'place', place: 1200 }],
    ['#'.concat('1200'), { kind: 'place', place: 1200 }],
    ['before release 2.4', { kind: 'release', side: 'before', release: '2.4' }],
    ['before-release:2.4', { kind: 'release', side: 'before', release: '2.4' }],
    ['after release 2.4', { kind: 'release', side: 'after', release: '2.4' }],
    ['release web 2', { kind: 'release', side: 'after', release: 'web 2' }],
    ['2026-03-01T09:30:00+02:00', recorded('2026-03-01T09:30:00+02:00')],
    ['2h ago', local('2026-03-04T10:00:00Z')],
    ['15m', local('2026-03-04T11:45:00Z')],
    ['2 hours ago', local('2026-03-04T10:00:00Z')],
    ['occurred:3 days ago', { kind: 'time', time: new Date('2026-03-01T12:00:00Z'), order: 'occurred' }],
    ['@1772000000', local('2026-02-25T06:13:20Z')],
  ];
  for (const [text, moment] of forms)
    test(`may be ${text}`, () => assert.deepEqual(parseMoment('--as-of', text, clock), moment));

  test('may be a checkpoint', () => {
    assert.deepEqual(parseMoment('--as-of', 'h1~a~b~3', clock), { kind: 'place', place: 'h1~a~b~3' });
  });

  test('may be a day of this machine, with or without a time of day', () => {
    const day = (daysAgo: number, hours: number, minutes: number): Moment => {
      const date = new Date(clock.now);
      date.setDate(date.getDate() - daysAgo);
      date.setHours(hours, minutes, 0, 0);
      return recorded(date);
    };
    const weekday = new Date(clock.now).getDay();
    assert.deepEqual(parseMoment('--as-of', 'today', clock), day(0, 0, 0));
    assert.deepEqual(parseMoment('--as-of', 'yesterday 18:00', clock), day(1, 18, 0));
    assert.deepEqual(parseMoment('--as-of', 'today 9:15', clock), day(0, 9, 15));
    assert.deepEqual(parseMoment('--as-of', 'Monday 7:30', clock), day((weekday + 6) % 7, 7, 30));
  });

  for (const text of [
    'whenever',
    '',
    'yesterday 25:00',
    '2026-02-30',
    '2026-03-01 9',
    'v',
    'constructor',
    '3 moons ago',
  ])
    test(`is not ${JSON.stringify(text)}, and the error says what it may be`, () => {
      assert.throws(
        () => parseMoment('--as-of', text, clock),
        (error: Error & { readonly advice?: readonly string[] }) =>
          error.message.includes('is no moment') && error.advice?.join('\n').includes('before release') === true,
      );
    });

  test('@7 is taken neither for a version nor for seven seconds after 1970', () => {
    assert.throws(() => parseMoment('--as-of', '@7', clock), /seconds after the beginning of 1970/);
  });
});

test('a day begins where the machine is', async (context) => {
  const folder = await threeOrders(context);
  const versionIn = async (zone: string, moment: string): Promise<unknown> =>
    (await documentsFrom(folder, ['state', 'order-1', '--as-of', moment], { TZ: zone }))[0]?.version;
  // The fourth event was recorded on 2 March at nine in UTC, which is 18:00 in Tokyo.
  assert.equal(await versionIn('Asia/Tokyo', '2026-03-02 17:59'), 3);
  assert.equal(await versionIn('Asia/Tokyo', '2026-03-02 18:00'), 4);
  assert.equal(await versionIn('UTC', '2026-03-02'), 3);
});

test('a release stands for those within it as well, and not for those that only begin with its digits', async (context) => {
  const folder = await threeOrders(context);
  const stateAt = async (moment: string): Promise<unknown> =>
    (await documentsFrom(folder, ['state', 'order-1', '--as-of', moment]))[0]?.state;
  assert.deepEqual(await stateAt('release 2'), await stateAt('release 2.5'));
  assert.deepEqual(await stateAt('before release 2'), await stateAt('before release 2.3'));
  assert.notDeepEqual(await stateAt('before release 2'), await stateAt('release 2'));
  const { exitCode } = await hindsight(['state', 'order-1', '--as-of', 'release 2.'], { folder });
  assert.equal(exitCode, 1);
  assert.equal((await hindsight(['state', 'order-1', '--as-of', 'before release 2.'], { folder })).exitCode, 1);
});

test('a release that never wrote is refused with those that did', async (context) => {
  const folder = await threeOrders(context);
  const { exitCode, stderr } = await hindsight(['state', 'order-1', '--as-of', 'before release 9'], { folder });
  assert.equal(exitCode, 1);
  assert.match(stderr, /release "9"[\s\S]*There are: 2\.3, 2\.4, 2\.5/);
});

test('a moment that is none is a wrong call, and prints nothing', async (context) => {
  const folder = await threeOrders(context);
  for (const args of [
    ['state', 'order-1', '--as-of', 'whenever'],
    ['timeline', 'order-1', '--from', 'whenever'],
    ['diff', 'order-1', 'whenever'],
    ['diff', 'order-1'],
    ['diff', 'order-1', '1', '2', '3'],
    ['diff', '--category', 'order', '3'],
    ['blame', 'order-1', '--as-of', '@7'],
    ['state', 'order-1', '--as-of', '3', '--known', '2'],
  ]) {
    const { exitCode, stdout } = await hindsight(args, { folder });
    assert.deepEqual([args, exitCode, stdout], [args, 2, '']);
  }
});
