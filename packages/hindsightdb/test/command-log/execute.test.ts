/** Executing commands: accepted and decided in one append, and in their turn where others wait. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cancelCommand, commandInfo, execute, submit, waitForOutcome } from '../../src/commands/index.ts';
import { handle } from '../../src/commands/handle.ts';
import { storeOver } from '../../src/store/open.ts';
import { allStoreKinds, everythingIn, openNew, storeKinds } from '../open-stores.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { accountCommands, deposit, keptAccount, withdraw } from './account-commands.ts';
import { verifyAccounts } from './verify.ts';

for (const kind of allStoreKinds)
  describe(`a command executed on ${kind.name}`, () => {
    test('is one append, with its outcome and its events', async (t) => {
      const store = await openNew(t, kind);
      const outcome = await execute(store, accountCommands(), {
        type: 'Deposit',
        streamId: 'account-1',
        data: { amount: 5, times: 2 },
        id: 'c1',
      });
      const { recordedAt, checkpoint, ...rest } = outcome;
      assert.deepEqual(rest, { kind: 'decided', on: 0, events: 2, commandId: 'c1', streamId: 'account-1' });
      const events = await store.readStream('account-1').toArray();
      assert.deepEqual(
        events.map(({ version, metadata, recordedAt: at }) => ({ version, metadata, at })),
        [1, 2].map((version) => ({
          version,
          metadata: { correlationId: 'c1', causationId: 'c1' },
          at: recordedAt,
        })),
      );
      await store.validateCheckpoint(checkpoint);
      assert.deepEqual((await commandInfo(store, 'c1'))?.outcome, outcome);
    });

    test('has the same outcome a thousand times, and is decided once', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      for (const command of [
        deposit('account-1', 5, 'c1'),
        withdraw('account-1', 50, 'c2'),
        { type: 'Look', streamId: 'account-1', data: null, id: 'c3' } as const,
      ]) {
        const outcomes = await Promise.all(Array.from({ length: 300 }, () => execute(store, commands, command)));
        for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
        await assert.rejects(execute(store, commands, deposit('account-1', 6, command.id)), {
          code: 'KEY_REUSED',
        });
      }
      assert.deepEqual(
        [...(await verifyAccounts(store, { open: 'none' })).outcomes],
        [
          ['c1', 'decided'],
          ['c2', 'rejected'],
          ['c3', 'decided'],
        ],
      );
    });

    test('beside many others of its entity is decided on what they left', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      const given = Array.from({ length: 200 }, (_, index) =>
        index % 3 === 0
          ? withdraw(`account-${index % 2}`, 7, `c${index}`)
          : deposit(`account-${index % 2}`, 3, `c${index}`),
      );
      const foreign = Array.from({ length: 20 }, () =>
        handle(store, keptAccount, 'account-1', {
          type: 'Look',
          data: null,
          id: '',
          streamId: '',
          metadata: {},
          acceptedAt: '',
          at: '',
        }),
      );
      await Promise.all([...given.map((command) => execute(store, commands, command)), ...foreign]);
      const { commandIds, outcomes } = await verifyAccounts(store, { open: 'none' });
      assert.equal(commandIds.size, 200);
      assert.equal(new Set(outcomes.values()).size, 2, 'some are rejected, some are not');
    });
  });

for (const kind of storeKinds)
  describe(`the turn of a command on ${kind.name}`, () => {
    test('does not come before one that was accepted earlier', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      await execute(store, commands, deposit('account-1', 5, 'c1'));
      await submit(store, commands, deposit('account-1', 5, 'c2'));
      await assert.rejects(execute(store, commands, deposit('account-1', 5, 'c3'), { timeoutMs: 20 }), {
        code: 'WAIT_TIMEOUT',
      });
      assert.equal((await commandInfo(store, 'c3'))?.status, 'accepted');
      await execute(store, commands, deposit('account-2', 5, 'c4'));
      assert.deepEqual([...(await verifyAccounts(store, { open: 'some' })).outcomes.keys()], ['c1', 'c4']);
    });

    test('is found out by a process that has just begun', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      await execute(store, commands, deposit('account-1', 5, 'c1'));
      await submit(store, commands, deposit('account-1', 1, 'c2'));
      await cancelCommand(store, 'c2');
      const other = storeOver(mortalEngine(store.context.engine, undefined).engine);
      await execute(other, commands, deposit('account-1', 5, 'c3'));
      await execute(store, commands, deposit('account-1', 5, 'c4'));
      const { outcomes } = await verifyAccounts(store, { open: 'none' });
      assert.deepEqual([...outcomes.values()], ['decided', 'cancelled', 'decided', 'decided']);
    });

    test('a mistake in the rules reaches the caller and leaves nothing', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      await assert.rejects(
        execute(store, commands, { type: 'Stumble', streamId: 'account-1', data: null, id: 'c1' }),
        TypeError,
      );
      assert.deepEqual(await everythingIn(store), []);
      await execute(store, accountCommands({ isMended: () => true }), {
        type: 'Stumble',
        streamId: 'account-1',
        data: null,
        id: 'c1',
      });
    });

    test('a command that is due later is not executed now', async (t) => {
      const store = await openNew(t, kind);
      const later = { ...deposit('account-1', 5), dueAt: new Date(Date.now() + 60_000) };
      await assert.rejects(execute(store, accountCommands(), later), {
        code: 'INVALID_ARGUMENT',
        message: /Submit it/,
      });
    });

    test('cancelling leaves the first outcome as it is', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      await submit(store, commands, deposit('account-1', 5, 'c1'));
      const { outcome, isCancelled } = await cancelCommand(store, 'c1', { reason: 'changed my mind' });
      assert.equal(isCancelled, true);
      assert.deepEqual(await cancelCommand(store, 'c1'), { outcome, isCancelled });
      assert.deepEqual(await waitForOutcome(store, 'c1'), outcome);
      await execute(store, commands, deposit('account-2', 5, 'c2'));
      assert.equal((await cancelCommand(store, 'c2')).isCancelled, false);
      await assert.rejects(cancelCommand(store, 'c3'), { code: 'COMMAND_UNKNOWN' });
      await assert.rejects(waitForOutcome(store, 'c3'), { code: 'COMMAND_UNKNOWN' });
    });
  });
