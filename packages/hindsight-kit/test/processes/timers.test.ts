/** hindsight timers. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimer } from 'hindsightdb/timers';
import { objectOf } from '../hindsight-process.ts';
import { invoices, type Invoices } from './invoices.ts';
import type { TestContext } from 'node:test';

/** Three timers, of which one cannot be fired, and those of an instance. */
async function timers(context: TestContext): Promise<Invoices> {
  const made = await invoices(context, { 'invoice-1': 5 }, async (store) => {
    for (const [id, day] of [
      ['second', '05'],
      ['first\u001b[2J', '03'],
      ['bad', '04'],
    ])
      await setTimer(store, { group: 'reminders', id: String(id), dueAt: `2026-03-${day}T00:00:00Z`, data: { day } });
  });
  await made.at(0, 'processes', 'run', '--drain');
  return made;
}

suite('timers', () => {
  test('are listed by group, and in the order of their times', async (context) => {
    const { at, documentsAt } = await timers(context);
    const groups = await at(0, 'timers');
    assert.match(
      groups.stdout,
      /^GROUP .*\nprocess\/unpaid\/0000 +2026-03-08 08:00:00Z +no +a process manager: hindsight processes list unpaid\nreminders +2026-03-03 00:00:00Z +no\n$/,
    );
    const { stdout } = await at(0, 'timers', 'list', 'reminders');
    assert.ok(!stdout.includes('\u001b'));
    assert.match(
      stdout,
      /^DUE .*\n2026-03-03 .*first\\u001b\[2J +pending .*\n2026-03-04 .*bad .*\n2026-03-05 .*second /,
    );
    const until = await documentsAt(0, 'timers', 'list', 'reminders', '--until', '2026-03-04T00:00:00Z');
    assert.deepEqual(
      until.map(({ id, data }) => [id, objectOf(data)['day']]),
      [
        ['first\u001b[2J', '03'],
        ['bad', '04'],
      ],
    );
    assert.match((await at(0, 'timers', 'list', 'reminders', '-n', '1')).stderr, /There are more: --limit 10/);
    assert.match((await at(0, 'timers', 'list', 'nobody')).stderr, /nobody has no timers/);
    assert.match((await at(0, 'timers', 'list', 'reminders', '--state', 'failed')).stderr, /has no such timers/);
    const internal = await at(0, 'timers', 'list', 'process/unpaid/0000');
    assert.deepEqual([internal.exitCode, /hindsight processes list unpaid/.test(internal.stderr)], [1, true]);
  });

  test('are fired when they are due, and what fails is said and set aside', async (context) => {
    const { at, documentsAt } = await timers(context);
    assert.equal((await at(0, 'timers', 'fire')).stdout, 'reminders: 0 timers fired\n');
    const fired = await at(3, 'timers', 'fire');
    assert.equal(fired.exitCode, 1);
    assert.equal(fired.stdout, 'reminders: 1 timer fired, 1 failed\n  bad is set aside: no such customer\n');
    assert.match((await at(3, 'timers')).stdout, /\nreminders +2026-03-05 00:00:00Z +yes\n$/);
    assert.match((await at(3, 'timers', 'list', 'reminders')).stdout, / bad +set aside +1 +- +no such customer\n/);
    assert.equal((await at(3, 'timers', 'retry', 'reminders', 'bad')).exitCode, 0);
    const [again] = await documentsAt(3, 'timers', 'fire', 'reminders');
    assert.deepEqual([again?.['firedCount'], again?.['failedCount']], [0, 1]);
    assert.equal((await at(9, 'timers', 'fire')).exitCode, 0);
    assert.equal((await documentsAt(9, 'read', '--category', 'note')).length, 2);
  });

  test('are cancelled, and not twice', async (context) => {
    const { at, documentsAt } = await timers(context);
    const [done] = await documentsAt(0, 'timers', 'cancel', 'reminders', 'second');
    assert.deepEqual(done, { group: 'reminders', id: 'second', isDone: true });
    const again = await at(0, 'timers', 'cancel', 'reminders', 'second');
    assert.deepEqual(
      [again.exitCode, /has no such timer; it may have been fired: second/.test(again.stderr)],
      [1, true],
    );
    const retried = await at(0, 'timers', 'retry', 'reminders', 'bad');
    assert.deepEqual([retried.exitCode, /no timer of this id that was set aside/.test(retried.stderr)], [1, true]);
    for (const args of [
      ['list', 'a b'],
      ['list', 'reminders', '--until', 'soon'],
      ['fire', 'nobody'],
      ['cancel', 'reminders'],
      ['lsit'],
    ])
      assert.deepEqual([args, (await at(0, 'timers', ...args)).exitCode], [args, 2]);
  });
});
