/** hindsight processes. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { documentsOf, objectOf } from '../hindsight-process.ts';
import { invoices } from './invoices.ts';

suite('processes', () => {
  test('are run until nothing is left to do, and listed with what comes next', async (context) => {
    const { at, documentsAt } = await invoices(context, { 'invoice-1': 5, 'invoice-2': 6 });
    assert.match((await at(0, 'processes')).stdout, /^NAME .*\nunpaid +never run /);
    const first = await at(0, 'processes', 'run', '--drain');
    assert.equal(first.exitCode, 0);
    assert.match(
      first.stdout,
      /\n\S+ \S+Z +unpaid-invoice-1 +InvoiceSent, invoice-1@1 +late due 2026-03-08 08:00:00Z; lost due 2026-03-15 /,
    );
    assert.match((await at(0, 'processes')).stdout, /\nunpaid +no process +0\/1 .* 2026-03-08 08:00:00Z\n$/);
    const [status] = await documentsAt(0, 'processes');
    assert.deepEqual([status?.['name'], status?.['nextTimerAt']], ['unpaid', '2026-03-08T08:00:00.000000Z']);
    const listed = await at(0, 'processes', 'list', 'unpaid');
    assert.match(
      listed.stdout,
      /^KEY .*\ninvoice-1 +running +1 +\S+ \S+Z +InvoiceSent, invoice-1@1 +late 2026-03-08 08:00:00Z +\{"reminders":0\}\ninvoice-2 /,
    );
    assert.match((await at(0, 'processes', 'list', 'unpaid', '-n', '1')).stderr, /There are more: --limit 10/);
  });

  test('show an instance as its steps, with what became of what it issued', async (context) => {
    const { at, documentsAt } = await invoices(context, { 'invoice-1': 5 });
    await at(0, 'processes', 'run', '--drain');
    await at(8, 'processes', 'run', '--drain');
    assert.match(
      (await at(8, 'processes', 'show', 'unpaid', 'invoice-1')).stdout,
      / → Remind for invoice-1: accepted\n {6}~ \/reminders +0 → 1\n$/,
    );
    await at(8, 'commands', 'run', '--drain');
    await at(15, 'processes', 'run', '--drain');
    await at(15, 'commands', 'run', '--drain');
    const last = await at(15, 'processes', 'run', '--drain');
    assert.match(last.stdout, /GiveUp rejected, invoice-1 +ended\n$/);
    const { stdout } = await at(15, 'processes', 'show', 'unpaid', 'invoice-1');
    assert.ok(!stdout.includes('\u001b'), 'nothing that a terminal obeys');
    assert.deepEqual(stdout.split('\n'), [
      'unpaid for invoice-1, ended after 4 steps',
      '',
      '   1  2026-03-01 08:00:00Z  InvoiceSent, invoice-1@1',
      '      + timer late, due 2026-03-08 08:00:00Z',
      '      + timer lost, due 2026-03-15 08:00:00Z',
      '      + (all)  {"reminders":0}',
      '   2  2026-03-08 08:00:00Z  timer late',
      '      → Remind for invoice-1: decided, 1 event on version 1',
      '      ~ /reminders  0 → 1',
      '   3  2026-03-15 08:00:00Z  timer lost',
      '      → GiveUp for invoice-1: rejected, It is too much\\u001b[2J to be given up.',
      '   4  2026-03-16 09:00:00Z  GiveUp rejected, invoice-1',
      '      . ended',
      '',
    ]);
    const [document] = await documentsAt(15, 'processes', 'show', 'unpaid', 'invoice-1');
    assert.deepEqual([document?.['isEnded'], Object.values(objectOf(document?.['steps'])).length], [true, 4]);
    assert.match((await at(15, 'processes', 'list', 'unpaid')).stderr, /no instance that has not ended: --which all/);
    assert.equal((await documentsAt(15, 'processes', 'list', 'unpaid', '--which', 'ended')).length, 1);
    const why = await at(15, 'why', 'unpaid-invoice-1@4');
    assert.match(why.stdout, /GiveUp, command\n.*GiveUp rejected\n▶.*unpaid-invoice-1@4 .*ProcessAdvanced\n$/);
    assert.match((await at(15, 'state', 'unpaid-invoice-1')).stdout, /"reminders": 1/);
  });

  test('say where an instance does not go on, and end with 1 then', async (context) => {
    const { at } = await invoices(context, { 'invoice-1': 0, 'invoice-2': 5 }, async (store) => {
      await store.append('invoice-1', [{ type: 'InvoicePaid', data: null }]);
    });
    const run = await at(0, 'processes', 'run', '--drain');
    assert.equal(run.exitCode, 1);
    assert.match(run.stderr, /2 events are set aside: hindsight letters list unpaid/);
    assert.match(
      (await at(0, 'letters')).stdout,
      /\nunpaid +invoice-1 +1 +InvoiceSent +failed +1 .*nothing to be paid/,
    );
    const none = await at(0, 'processes', 'show', 'unpaid', 'invoice-1');
    assert.deepEqual([none.exitCode, /unpaid has no instance invoice-1/.test(none.stderr)], [1, true]);
  });

  test('run in the foreground until Ctrl-C, beside those who decide their commands', async (context) => {
    const { at, startAt } = await invoices(context, { 'invoice-1': 5 });
    await at(0, 'processes', 'run', '--drain');
    const deciding = startAt(8, 'commands', 'run');
    const running = startAt(8, 'processes', 'run', 'unpaid', '--json');
    await running.until((text) => text.includes('"timer":"late"'));
    await deciding.until((text) => text.includes('decided'));
    running.child.kill('SIGINT');
    deciding.child.kill('SIGINT');
    assert.deepEqual([(await running.ended).exitCode, (await deciding.ended).exitCode], [130, 130]);
    assert.equal(documentsOf((await running.ended).stdout)[0]?.['type'], 'ProcessAdvanced');
    assert.match((await running.ended).stderr, /Running unpaid; Ctrl-C ends it/);
  });

  test('are asked for by names that there are', async (context) => {
    const { at } = await invoices(context, {});
    for (const [args, exitCode, said] of [
      [['list', 'nobody'], 1, /There is no process manager nobody/],
      [['list', 'a-b'], 2, /has no dash/],
      [['list', 'unpaid', '--which', 'some'], 2, /Allowed choices/],
      [['show', 'unpaid'], 2, /missing required argument/i],
      [['run', 'nobody'], 2, /It declares: unpaid/],
      [['lsit'], 2, /processes has list, show and run/],
    ] as const) {
      const ended = await at(0, 'processes', ...args);
      assert.deepEqual([args, ended.exitCode], [args, exitCode]);
      assert.match(ended.stderr, said);
    }
    assert.match((await at(0, 'processes', 'list', 'unpaid')).stderr, /unpaid has no instance/);
  });
});
