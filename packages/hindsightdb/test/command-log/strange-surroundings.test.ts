/** Commands among keys, code and stores that do not fit them: nothing is decided wrongly, and nothing runs in circles. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  commandInfo,
  commandType,
  defineCommands,
  execute,
  handle,
  listCommands,
  runCommands,
  submit,
  waitForOutcome,
  type ListCommandsOptions,
  type RecordedCommand,
} from '../../src/commands/index.ts';
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

    test('whatever a decider throws is kept as an error with a name and a text', async (t) => {
      const store = await openNew(t, kind);
      const silent = new Proxy(new Error('silent'), {
        get: () => {
          throw new TypeError('It is not to be asked.');
        },
      });
      const thrown: readonly unknown[] = [
        undefined,
        null,
        'text',
        Symbol('symbol'),
        { message: 'no error' },
        Object.assign(new Error(), { message: 5, code: 7 }),
        Object.assign(new Error('nameless'), { name: Symbol('name') }),
        new Error('x'.repeat(100_000)),
        silent,
      ];
      const types = { Throw: commandType<number>() };
      const decide = ({ data }: RecordedCommand<'Throw', number>): [] => {
        throw thrown[data];
      };
      const commands = defineCommands({ decider: { ...keptAccount, decide }, types });
      await using _running = await runCommands(store, commands);
      for (const data of thrown.keys()) {
        const id = `c${data}`;
        await submit(store, commands, { type: 'Throw', streamId: `account-${data}`, data, id });
        const outcome = await waitForOutcome(store, id, { timeoutMs: 5000 });
        assert.ok(outcome.kind === 'rejected', `${id} is ${outcome.kind}`);
        const { name, message, ...rest } = outcome.error;
        assert.deepEqual([typeof name, typeof message, rest], ['string', 'string', {}]);
        assert.ok(message.length <= 4000);
      }
    });

    test('a command for a stream that has ended is not tried again and again', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      await execute(store, commands, deposit('account-1', 5));
      await store.tombstone('account-1');
      let appends = 0;
      const counted = storeOver(
        engineWith(store.context.engine, {
          append: async (...given) => {
            appends += 1;
            return await store.context.engine.append(...given);
          },
        }),
      );
      await using _running = await runCommands(counted, commands);
      assert.equal((await execute(counted, commands, deposit('account-1', 5))).kind, 'rejected');
      assert.ok(appends < 10, `${appends} appends`);
    });

    test('a list ends with as many as were asked for, and looks for no more', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      for (let count = 0; count < 5; count += 1) await submit(store, commands, deposit('account-1', 1, `c${count}`));
      await execute(store, commands, deposit('account-2', 1, 'decided'));
      const ids = async (options: ListCommandsOptions) =>
        (await listOf(listCommands(store, options))).map(({ command }) => command.id);
      assert.deepEqual(await ids({ limit: 2 }), ['c0', 'c1']);
      assert.deepEqual(await ids({ limit: 0 }), []);
      assert.deepEqual(await ids({ limit: 1, status: 'decided' }), ['decided']);
      for (const limit of [-1, 1.5, Number.NaN])
        await assert.rejects(ids({ limit }), { code: 'INVALID_ARGUMENT', message: /limit/ });
      const looked: string[] = [];
      const watched = storeOver(
        engineWith(store.context.engine, {
          answerOf: async (key) => {
            looked.push(key);
            return await store.context.engine.answerOf(key);
          },
        }),
      );
      await listOf(listCommands(watched, { limit: 1 }));
      assert.deepEqual(looked, ['$outcome/c0']);
    });
  });
