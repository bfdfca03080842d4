/** What becomes of process managers whose handlers fail, and of those that change. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { listLetters, retryAllLetters } from '../../src/consumers/index.ts';
import {
  advanceProcess,
  become,
  defineProcess,
  endProcess,
  listProcesses,
  processInfo,
  processStatus,
  runProcess,
  setTimer,
  type Process,
} from '../../src/processes/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { minute } from './billing.ts';
import { allOf, stepsIn } from './stepping.ts';

const sent = { type: 'InvoiceSent', data: { cents: 100 } } as const;
const paid = { type: 'InvoicePaid', data: { cents: 100 } } as const;

suite('failures', () => {
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
