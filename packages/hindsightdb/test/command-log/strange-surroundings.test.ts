/** Commands among keys, code and stores that do not fit them: nothing is decided wrongly, and nothing runs in circles. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandInfo, defineCommands, handle, runCommands, submit, waitForOutcome } from '../../src/commands/index.ts';
import { engineWith } from '../../src/conformance/engine-with.ts';
import { listLetters, retryLetters } from '../../src/consumers/index.ts';
import { HindsightError } from '../../src/core/errors.ts';
import { storeOver } from '../../src/store/open.ts';
import { openNew, storeKinds } from '../open-stores.ts';
import { accountCommands, deposit, keptAccount, withdraw } from './account-commands.ts';
import { listOf } from './list-of.ts';
import { verifyAccounts } from './verify.ts';

const stumble = (streamId: string, id: string) => ({ type: 'Stumble', streamId, data: null, id }) as const;

for (const kind of storeKinds)
  describe(`commands on ${kind.name}, in strange surroundings`, () => {
    test('a command of a type that is not declared here is left to code that declares it', async (t) => {
      const store = await openNew(t, kind);
      const all = accountCommands();
      const { Deposit } = all.types;
      const older = defineCommands({
        decider: all.decider,
        types: { Deposit },
        retry: { attemptsMax: 2, firstDelayMs: 1 },
      });
      await submit(store, all, deposit('account-1', 5, 'c1'));
      await submit(store, all, withdraw('account-1', 3, 'c2'));
      const running = await runCommands(store, older);
      await waitForOutcome(store, 'c1');
      while ((await commandInfo(store, 'c2'))?.status !== 'setAside')
        await new Promise((resolve) => setTimeout(resolve, 5));
      const [letter] = await listOf(listLetters(store, 'account-commands'));
      assert.match(letter?.error?.message ?? '', /have no type Withdraw/);
      await running.stop();
      await using _newer = await runCommands(store, all);
      await retryLetters(store, 'account-commands', 'account-1');
      assert.equal((await waitForOutcome(store, 'c2')).kind, 'decided');
      await verifyAccounts(store, { open: 'none' });
    });

    test('where the store fails whenever it is asked for outcomes, a failing command makes no rush', async (t) => {
      const store = await openNew(t, kind);
      await submit(store, accountCommands(), stumble('account-1', 'c1'));
      let questions = 0;
      const forgetful = storeOver(
        engineWith(store.context.engine, {
          answerOf: async (key) => {
            if (!key.startsWith('$outcome/')) return await store.context.engine.answerOf(key);
            questions += 1;
            throw new HindsightError('STORE_CORRUPT', 'Nobody can read this.');
          },
        }),
      );
      const commands = accountCommands({ retry: { attemptsMax: 3, firstDelayMs: 50 } });
      await using _running = await runCommands(forgetful, commands);
      const letters = async () => await listOf(listLetters(store, 'account-commands'));
      while ((await letters()).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(questions < 10, `${questions} questions`);
    });

    test('a key of an append is never taken for that of a command', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      const event = { type: 'Deposited', data: { amount: 1 } } as const;
      for (const key of ['command/c1', 'outcome/c1']) await store.append('account-2', [event], { key });
      for (const key of ['$command/c1', '$outcome/c1']) {
        await assert.rejects(async () => await store.append('account-2', [event], { key }), { code: 'RESERVED_NAME' });
        const look = { type: 'Look', id: '', streamId: '', metadata: {}, acceptedAt: '', at: '', data: null } as const;
        await assert.rejects(handle(store, keptAccount, 'account-2', look, { key }), { code: 'RESERVED_NAME' });
      }
      assert.equal(await commandInfo(store, 'c1'), undefined);
      await using _running = await runCommands(store, commands);
      await submit(store, commands, deposit('account-1', 5, 'c1'));
      assert.equal((await waitForOutcome(store, 'c1')).kind, 'decided');
    });
  });
