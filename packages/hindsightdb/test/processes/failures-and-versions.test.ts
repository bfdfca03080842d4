/** What becomes of process managers whose handlers fail, and of those that change. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { commandType, defineCommands } from '../../src/commands/index.ts';
import { listLetters, resumeConsumer, retryAllLetters } from '../../src/consumers/index.ts';
import {
  advanceProcess,
  become,
  defineProcess,
  endProcess,
  issue,
  listProcesses,
  processInfo,
  processStatus,
  runProcess,
  setTimer,
  type Process,
} from '../../src/processes/index.ts';
import type { RecordedEvent } from '../../src/index.ts';
import { restoreStore } from '../../src/store/open.ts';
import { settableClock } from '../../src/testing/index.ts';
import { inMemory, openAt, openNew } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { invoiceCommands, minute } from './billing.ts';
import { allOf, stepsIn } from './stepping.ts';

const sent = { type: 'InvoiceSent', data: { cents: 100 } } as const;
const paid = { type: 'InvoicePaid', data: { cents: 100 } } as const;

suite('failures', () => {
  test('what could never be submitted is refused before there is a step, which would stand for good', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [sent]);
    const issuing = (wanted: object): Process =>
      defineProcess({
        name: 'careless',
        startAt: 'beginning',
        commands: [invoiceCommands],
        retry: { attemptsMax: 1 },
        on: {
          InvoiceSent: () =>
            issue(invoiceCommands, { type: 'Remind', streamId: 'invoice-1', data: { text: '' }, ...wanted }),
        },
      });
    await advanceProcess(store, issuing({ streamId: 'bill-1' }));
    for (const wanted of [{ streamId: 'bill-1' }, { dueAt: '5200-01-01T00:00:00Z' }, { metadata: 'x' }]) {
      await retryAllLetters(store, 'careless');
      await advanceProcess(store, issuing(wanted));
      assert.deepEqual(
        (await allOf(listLetters(store, 'careless'))).map(({ error }) => error?.code),
        ['INVALID_ARGUMENT'],
      );
      assert.equal((await stepsIn(store, 'careless', 'invoice-1')).length, 0);
    }
    await retryAllLetters(store, 'careless');
    await advanceProcess(store, issuing({}));
    assert.deepEqual(await allOf(listLetters(store, 'careless')), []);
    assert.equal((await stepsIn(store, 'careless', 'invoice-1')).length, 1);
  });

  test('a declaration that could only surprise is refused', () => {
    const parts = { startAt: 'beginning', commands: [invoiceCommands], on: { InvoiceSent: () => undefined } } as const;
    assert.throws(() => defineProcess({ ...parts, name: 'invoice' }), {
      code: 'INVALID_ARGUMENT',
      message: /cannot be named "invoice"/,
    });
    assert.throws(() => defineProcess({ ...parts, name: 'unpaid', rejected: { Remnid: () => undefined } }), {
      code: 'INVALID_ARGUMENT',
      message: /^rejected\.Remnid is of no command/,
    });
  });

  test('a handler that fails is tried again, then its instance waits with all that comes behind, its timers too', async (t) => {
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(t, inMemory, { now: clock.now });
    let isBroken = true;
    const brittle = defineProcess({
      name: 'brittle',
      startAt: 'beginning',
      retry: { attemptsMax: 2, firstDelayMs: 1 },
      on: {
        InvoiceSent: () => setTimer('overdue', { afterMs: minute }),
        InvoicePaid: () => {
          if (isBroken) throw new Error('not yet');
          return endProcess();
        },
      },
      timers: { overdue: () => undefined },
    });
    await store.append('invoice-1', [sent, paid]);
    await store.append('invoice-2', [sent]);
    await advanceProcess(store, brittle);
    clock.advanceMs(minute);
    await store.append('invoice-1', [sent]);
    await advanceProcess(store, brittle);
    assert.deepEqual(
      (await allOf(listLetters(store, 'brittle'))).map(({ streamId, type, state, attempts }) => [
        streamId,
        type,
        state,
        attempts,
      ]),
      [
        ['invoice-1', 'InvoicePaid', 'failed', 2],
        ['invoice-1', 'InvoiceSent', 'waiting', 0],
      ],
    );
    assert.equal((await stepsIn(store, 'brittle', 'invoice-1')).length, 1);
    assert.equal((await stepsIn(store, 'brittle', 'invoice-2')).length, 2);
    isBroken = false;
    await retryAllLetters(store, 'brittle');
    await advanceProcess(store, brittle);
    assert.deepEqual(await allOf(listLetters(store, 'brittle')), []);
    assert.deepEqual(
      (await stepsIn(store, 'brittle', 'invoice-1')).map(({ data }) => [data.on.kind, data.ended]),
      [
        ['event', undefined],
        ['event', true],
      ],
    );
  });

  test('a timer that fails is tried again until it succeeds, and says so', async (t) => {
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(t, inMemory, { now: clock.now });
    let isBroken = true;
    const brittle = defineProcess({
      name: 'brittle',
      startAt: 'beginning',
      on: { InvoiceSent: () => setTimer('overdue', { afterMs: minute }) },
      timers: {
        overdue: () => {
          if (isBroken) throw new Error('not yet');
          return endProcess();
        },
      },
    });
    await store.append('invoice-1', [sent]);
    await advanceProcess(store, brittle);
    clock.advanceMs(minute);
    await advanceProcess(store, brittle);
    const info = await processInfo(store, brittle, 'invoice-1');
    assert.equal(info?.failing.overdue?.error.message, 'not yet');
    assert.equal(info?.isEnded, false);
    isBroken = false;
    clock.advanceMs(minute);
    await advanceProcess(store, brittle);
    const after = await processInfo(store, 'brittle', 'invoice-1');
    assert.equal(after?.isEnded, true);
    assert.deepEqual(after?.failing, {});
    assert.equal((await processStatus(store, brittle)).nextTimerAt, undefined);
  });

  test('where the key cannot be told the event becomes a letter', async (t) => {
    const store = await openNew(t, inMemory);
    const process = defineProcess({
      name: 'keyless',
      startAt: 'beginning',
      retry: { attemptsMax: 1 },
      key: ({ data, streamId }) => (data === null ? '' : streamId === 'invoice-3' ? undefined : streamId),
      on: { InvoiceSent: () => endProcess() },
    });
    await store.append('invoice-1', [{ type: 'InvoiceSent', data: null }]);
    await store.append('invoice-2', [sent]);
    await store.append('invoice-3', [sent]);
    await advanceProcess(store, process);
    assert.deepEqual(
      (await allOf(listLetters(store, 'keyless'))).map(({ streamId, error }) => [streamId, error?.code]),
      [['invoice-1', 'INVALID_TEXT']],
    );
    assert.deepEqual(
      (await allOf(listProcesses(store, process, { which: 'ended' }))).map(({ key }) => key),
      ['invoice-2'],
    );
  });
});

suite('versions', () => {
  const counting = (version: number, slices = 1): Process =>
    defineProcess({
      name: 'counting',
      version,
      slices,
      startAt: 'beginning',
      initialState: version === 1 ? 0 : { count: 0 },
      on: {
        InvoiceSent: (_event, { state }) => become(version === 1 ? Number(state) + 1 : { count: countOf(state) + 10 }),
      },
      migrate: (state, from) => ({ count: from === 1 ? Number(state) : -1 }),
    });

  test('a new version goes on where the last one was, on a state that it has made its own', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [sent, sent]);
    await advanceProcess(store, counting(1));
    await store.append('invoice-1', [sent]);
    await advanceProcess(store, counting(2));
    assert.deepEqual(
      (await stepsIn(store, 'counting', 'invoice-1')).map(({ data }) => [data.version, data.state]),
      [
        [1, 1],
        [1, 2],
        [2, { count: 12 }],
      ],
    );
    await assert.rejects(runProcess(store, counting(1)), { code: 'PROCESS_OUTDATED' });
    await assert.rejects(runProcess(store, defineProcess({ ...options, slices: 2 })), { code: 'CONSUMER_MISMATCH' });
    const back = await runProcess(store, counting(1), { onOutdated: 'run' });
    await back.stop();
  });

  test('an old version that runs stops when a newer one begins', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [sent]);
    const old = await runProcess(store, counting(1, 2));
    await old.waitFor(await store.head());
    await using next = await runProcess(store, counting(2, 2));
    await old.ended;
    assert.equal(next.name, 'counting');
  });

  const options = { name: 'counting', startAt: 'beginning', on: { InvoiceSent: () => undefined } } as const;
});

function countOf(state: unknown): number {
  return typeof state === 'object' && state !== null && 'count' in state ? Number(state.count) : Number.NaN;
}

suite('commands that cannot be submitted', () => {
  let isBroken = true;
  const careful = defineCommands({
    decider: invoiceCommands.decider,
    name: 'careful',
    types: { Remind: commandType<{ readonly text: string }>() },
    check: ({ data }) => {
      if (isBroken && data.text === 'broken') throw new Error('the check is broken');
    },
  });
  const options = {
    name: 'issuing',
    startAt: 'beginning',
    retry: { attemptsMax: 2, firstDelayMs: 1 },
    on: {
      InvoiceSent: ({ streamId, data }: RecordedEvent<'InvoiceSent', { readonly text: string }>) =>
        issue(careful, { type: 'Remind', streamId, data }),
      InvoiceDelayed: () => setTimer('later', { afterMs: 1 }),
    },
  } as const;
  const process = defineProcess({
    ...options,
    commands: [careful],
    timers: { later: ({ key }) => issue(careful, { type: 'Remind', streamId: key, data: { text: 'broken' } }) },
  });

  test('hold up their own instance, and are submitted once when nothing stands against them any more', async (t) => {
    isBroken = true;
    const clock = settableClock('2026-03-01T00:00:00Z');
    const store = await openNew(t, inMemory, { now: clock.now });
    const submitted = async (): Promise<readonly string[]> =>
      (await store.readLog({ includeReserved: true }).toArray())
        .filter(({ type }) => type === '$commandAccepted')
        .map(({ streamId }) => streamId);
    await store.append('invoice-1', [{ type: 'InvoiceSent', data: { text: 'broken' } }]);
    await store.append('invoice-2', [{ type: 'InvoiceDelayed', data: null }]);
    await store.append('invoice-3', [{ type: 'InvoiceSent', data: { text: 'sound' } }]);
    clock.advanceMs(1);
    await advanceProcess(store, process);
    assert.deepEqual(await submitted(), ['$command.invoice-3']);
    assert.deepEqual(
      (await allOf(listLetters(store, 'issuing'))).map(({ streamId, error }) => [streamId, error?.message]),
      [['invoice-1', 'the check is broken']],
    );
    for (const key of ['invoice-1', 'invoice-2'])
      assert.equal((await processInfo(store, process, key))?.unsubmitted, 1);
    isBroken = false;
    await retryAllLetters(store, 'issuing');
    await advanceProcess(store, process);
    await advanceProcess(store, process);
    assert.deepEqual(
      (await submitted()).toSorted(),
      ['1', '2', '3'].map((number) => `$command.invoice-${number}`),
    );
    assert.equal((await stepsIn(store, 'issuing', 'invoice-1')).length, 1);
    assert.equal((await stepsIn(store, 'issuing', 'invoice-2')).length, 2);
    for (const key of ['invoice-1', 'invoice-2'])
      assert.equal((await processInfo(store, process, key))?.unsubmitted, 0);
  });

  test('wait for a version that declares them', async (t) => {
    isBroken = true;
    const store = await openNew(t, inMemory);
    await store.append('invoice-1', [{ type: 'InvoiceSent', data: { text: 'broken' } }]);
    await advanceProcess(store, process);
    const forgetful = defineProcess({ ...options, version: 2, timers: { later: () => undefined } });
    await retryAllLetters(store, 'issuing');
    await advanceProcess(store, forgetful);
    assert.deepEqual(
      (await allOf(listLetters(store, 'issuing'))).map(({ error }) => error?.code),
      ['PROCESS_MISMATCH'],
    );
    isBroken = false;
    await retryAllLetters(store, 'issuing');
    await advanceProcess(store, { ...process, version: 3 });
    assert.deepEqual(await allOf(listLetters(store, 'issuing')), []);
    assert.equal((await processInfo(store, process, 'invoice-1'))?.unsubmitted, 0);
  });
});

test('a key of any characters is kept apart from all others, and one that is too long is refused', async (t) => {
  const store = await openNew(t, inMemory);
  const keyed = defineProcess({
    name: 'keyed',
    startAt: 'beginning',
    retry: { attemptsMax: 1 },
    key: ({ data }) => String(data),
    on: { Named: () => setTimer('due', { afterMs: 0 }) },
    timers: { due: () => undefined },
  });
  const keys = ['ü'.repeat(450), 'a/b', 'a', 'a%2Fb', 'a?-1', ' ', '-', '.', '😀'];
  for (const key of [...keys, 'x'.repeat(901), '?a-1', '\u0000', '\uD800'])
    await store.append('a-1', [{ type: 'Named', data: key }]);
  await advanceProcess(store, keyed);
  const infos = await allOf(listProcesses(store, 'keyed'));
  assert.deepEqual(
    new Map(infos.map(({ key, version, timers }) => [key, { version, timers }])),
    new Map(keys.map((key) => [key, { version: 2, timers: {} }])),
  );
  assert.deepEqual(
    (await allOf(listLetters(store, 'keyed'))).map(({ state }) => state),
    ['failed', 'waiting', 'waiting', 'waiting'],
  );
});

test('a process manager stands paused in a restored store until it is resumed', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openAt(t, join(folder, 'first.db'));
  const setting = defineProcess({
    name: 'setting',
    startAt: 'beginning',
    on: { InvoiceSent: () => setTimer('due', { afterMs: 0 }) },
    timers: { due: () => endProcess() },
  });
  await advanceProcess(store, setting);
  await store.append('invoice-1', [sent]);
  await store.backup(join(folder, 'backup.db'));
  await advanceProcess(store, setting);
  await restoreStore(join(folder, 'backup.db'), join(folder, 'second.db'));
  const restored = await openAt(t, join(folder, 'second.db'));
  await assert.rejects(advanceProcess(restored, setting), { code: 'CONSUMER_FAILED' });
  assert.equal(await processInfo(restored, setting, 'invoice-1'), undefined);
  await resumeConsumer(restored, 'setting');
  await advanceProcess(restored, setting);
  assert.equal((await processInfo(restored, setting, 'invoice-1'))?.isEnded, true);
});
