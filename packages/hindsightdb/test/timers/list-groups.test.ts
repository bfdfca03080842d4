/** Which groups of timers there are. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandType, defineCommands, submit } from '../../src/commands/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import { defineTimers, fireDue, listTimerGroups, setTimer, type TimerGroup } from '../../src/timers/index.ts';
import { openNew, storeKinds } from '../open-stores.ts';

for (const kind of storeKinds)
  test(`groups are listed by their names with what comes next, however many timers each has (${kind.name})`, async (context) => {
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(context, kind, { now: clock.now });
    const listed = async (): Promise<readonly TimerGroup[]> => {
      const groups: TimerGroup[] = [];
      for await (const group of listTimerGroups(store)) groups.push(group);
      return groups;
    };
    assert.deepEqual(await listed(), []);
    // Names of which one begins with another, and ids that would sort behind everything if they were written as they are.
    for (const group of ['a', 'a.b', 'a-b', 'ab', 'B'])
      for (const id of ['1', '~~', '\u{10ffff}', 'ü/ü'])
        await setTimer(store, { group, id, dueAt: '2026-03-09T00:00:00Z' });
    await setTimer(store, { group: 'ab', id: 'first', dueAt: '2026-03-02T00:00:00Z' });
    const account = { category: 'account', initialState: null, decide: () => [], evolve: () => null };
    await submit(store, defineCommands({ decider: account, types: { Look: commandType<null>() } }), {
      type: 'Look',
      streamId: 'account-1',
      data: null,
      dueAt: '2026-03-03T00:00:00Z',
    });
    const days = async (): Promise<readonly unknown[]> =>
      (await listed()).map(({ group, nextAt, hasFailed }) => [group, nextAt?.slice(8, 10), hasFailed]);
    assert.deepEqual(await days(), [
      ['B', '09', false],
      ['a-b', '09', false],
      ['a.b', '09', false],
      ['a', '09', false],
      ['ab', '02', false],
      ['commands/account-commands', '03', false],
    ]);
    clock.set('2026-03-10T00:00:00Z');
    const failing = defineTimers({
      name: 'B',
      retry: { attemptsMax: 1 },
      fire: () => {
        throw new Error('no');
      },
    });
    await fireDue(store, failing);
    assert.deepEqual((await days())[0], ['B', undefined, true]);
  });
