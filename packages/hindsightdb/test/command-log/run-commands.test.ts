/** Running commands: in order for each entity, with turns between them, once each, and set aside where that cannot be done. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  cancelCommand,
  commandInfo,
  commandType,
  defineCommands,
  execute,
  followCommands,
  runCommands,
  submit,
  waitForOutcome,
  type CommandChange,
  type RecordedCommand,
} from '../../src/commands/index.ts';
import { handle } from '../../src/commands/handle.ts';
import { listLetters, retryLetters, skipLetter } from '../../src/consumers/index.ts';
import { defineGateway } from '../../src/reactions/index.ts';
import { storeOver } from '../../src/store/open.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { allStoreKinds, openNew, settableClock, storeKinds } from '../open-stores.ts';
import { accountCommands, deposit, keptAccount, withdraw, type AccountRecord } from './account-commands.ts';
import { listOf } from './list-of.ts';
import { verifyAccounts } from './verify.ts';

const stumble = (streamId: string, id: string) => ({ type: 'Stumble', streamId, data: null, id }) as const;

for (const kind of allStoreKinds)
  describe(`commands run on ${kind.name}`, () => {
    test('are decided in the order of their entity, each once', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      for (let count = 0; count < 50; count += 1)
        await submit(store, commands, deposit(`account-${count % 3}`, count + 1, `a${count}`));
      await using running = await runCommands(store, commands);
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, count) => waitForOutcome(store, `a${count}`)));
      assert.deepEqual(new Set(outcomes.map(({ kind: each }) => each)), new Set(['decided']));
      await submit(store, commands, withdraw('account-1', 1000, 'late'));
      assert.equal((await waitForOutcome(store, 'late')).kind, 'rejected');
      assert.equal(
        (await execute(store, commands, { type: 'Look', streamId: 'account-1', data: null })).kind,
        'decided',
      );
      await running.waitFor(await store.head());
      assert.equal((await verifyAccounts(store, { open: 'none' })).commandIds.size, 52);
    });

    test('are not run under a name that those of another category have, where they would be passed over', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands({ name: 'shared' });
      await (await runCommands(store, commands)).stop();
      const others = defineCommands({
        name: 'shared',
        decider: { ...keptAccount, category: 'purse' },
        types: commands.types,
      });
      await assert.rejects(runCommands(store, others), {
        code: 'CONSUMER_MISMATCH',
        message: /shared was first started with category account, and is now started with purse/,
      });
      await (await runCommands(store, commands)).stop();
    });

    test('are decided once by two that run them, over slices', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands({ slices: 4, leaseMs: 200 });
      const other = storeOver(mortalEngine(store.context.engine, undefined).engine);
      await using _first = await runCommands(store, commands);
      await using _second = await runCommands(other, commands);
      const ids = Array.from({ length: 200 }, (_, count) => `c${count}`);
      await Promise.all(
        ids.map(async (id, count) => {
          await submit(count % 2 === 0 ? store : other, commands, deposit(`account-${count % 7}`, 1, id));
          await waitForOutcome(count % 3 === 0 ? store : other, id);
        }),
      );
      assert.equal((await verifyAccounts(store, { open: 'none' })).eventCount, 200);
    });
  });

for (const kind of storeKinds)
  describe(`what goes wrong while commands run on ${kind.name}`, () => {
    test('a mistake in the rules sets the command aside, and those behind it wait for it', async (t) => {
      let isMended = false;
      const store = await openNew(t, kind);
      const commands = accountCommands({ isMended: () => isMended });
      for (const command of [
        deposit('account-1', 1, 'c1'),
        stumble('account-1', 'c2'),
        deposit('account-1', 2, 'c3'),
        deposit('account-2', 3, 'c4'),
      ])
        await submit(store, commands, command);
      await using running = await runCommands(store, commands);
      await waitForOutcome(store, 'c4');
      await running.waitFor(await store.head());
      await submit(store, commands, deposit('account-1', 4, 'c5'));
      await running.waitFor(await store.head());
      const letters = await listOf(listLetters(store, commands.name));
      assert.deepEqual(
        letters.map(({ eventId, state, error }) => [eventId, state, error?.name]),
        [
          ['c2', 'failed', 'TypeError'],
          ['c3', 'waiting', undefined],
          ['c5', 'waiting', undefined],
        ],
      );
      assert.equal((await commandInfo(store, 'c3'))?.status, 'setAside');
      isMended = true;
      await retryLetters(store, commands.name, 'account-1');
      assert.equal((await waitForOutcome(store, 'c5')).kind, 'decided');
      await verifyAccounts(store, { open: 'none' });
    });

    test('a command that fails while the next one is made ready does so unnoticed by the process', async (t) => {
      const store = await openNew(t, kind);
      const commands = {
        ...accountCommands(),
        prepare: async (command: RecordedCommand) => {
          if (command.id !== 'c1') await new Promise((resolve) => setTimeout(resolve, 20));
          return command;
        },
      };
      await submit(store, commands, stumble('account-1', 'c1'));
      await submit(store, commands, deposit('account-1', 1, 'c2'));
      // The runner of the tests fails a test in which a rejection is handled by nobody.
      await using _running = await runCommands(store, commands);
      while ((await commandInfo(store, 'c2'))?.status !== 'setAside')
        await new Promise((resolve) => setTimeout(resolve, 5));
      await verifyAccounts(store, { open: 'some' });
    });

    test('those that wait behind a letter keep their order when the clock is set back', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const commands = accountCommands();
      await submit(store, commands, stumble('account-1', 'c1'));
      await using running = await runCommands(store, commands);
      await running.waitFor(await store.head());
      for (const id of ['c2', 'c3']) {
        clock.micros -= 1_000_000;
        await submit(store, commands, deposit('account-1', 4, id));
        await running.waitFor(await store.head());
      }
      assert.deepEqual(
        (await listOf(listLetters(store, commands.name))).map(({ eventId }) => eventId),
        ['c1', 'c2', 'c3'],
      );
    });

    test('a command that is cancelled after it was set aside lets those behind it go on', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const commands = accountCommands();
      const dueAt = new Date(clock.now() / 1000 + 1000);
      await submit(store, commands, { ...stumble('account-1', 'c1'), dueAt });
      await using running = await runCommands(store, commands);
      clock.micros += 2_000_000;
      while ((await commandInfo(store, 'c1'))?.status !== 'setAside')
        await new Promise((resolve) => setTimeout(resolve, 5));
      for (const command of [stumble('account-1', 'c2'), deposit('account-1', 4, 'c3')])
        await submit(store, commands, command);
      await running.waitFor(await store.head());
      assert.equal((await cancelCommand(store, 'c3')).isCancelled, true);
      assert.equal((await commandInfo(store, 'c2'))?.status, 'setAside', 'c1 failed before it');
      await submit(store, commands, deposit('account-1', 4, 'c4'));
      for (const id of ['c1', 'c2']) {
        while ((await commandInfo(store, id))?.status !== 'setAside')
          await new Promise((resolve) => setTimeout(resolve, 5));
        assert.equal((await cancelCommand(store, id)).isCancelled, true);
      }
      assert.equal((await waitForOutcome(store, 'c4')).kind, 'decided');
      while ((await listOf(listLetters(store, commands.name))).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
    });

    test('a letter that is skipped gives its command an outcome, and the next one its turn', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      for (const command of [stumble('account-1', 'c1'), stumble('account-1', 'c2'), deposit('account-1', 4, 'c3')])
        await submit(store, commands, command);
      await using running = await runCommands(store, commands);
      await running.waitFor(await store.head());
      for (const id of ['c1', 'c2']) {
        await skipLetter(store, commands.name, 'account-1');
        assert.equal((await waitForOutcome(store, id)).kind, 'abandoned');
      }
      assert.equal((await waitForOutcome(store, 'c3')).kind, 'decided');
      await submit(store, commands, deposit('account-1', 4, 'c4'));
      assert.equal((await waitForOutcome(store, 'c4')).kind, 'decided');
    });

    test('a command that takes long holds back those of its entity alone', async (t) => {
      const store = await openNew(t, kind);
      let answer = (_rate: number): void => {};
      const rates = defineGateway({
        name: 'rates',
        ask: (amount: number) => (amount === 1 ? new Promise<number>((resolve) => (answer = resolve)) : amount),
      });
      const commands = defineCommands({
        decider: keptAccount,
        types: { Deposit: commandType<{ amount: number }>() },
        prepare: async (command, { ask }): Promise<AccountRecord> => ({
          ...command,
          data: { amount: await ask(rates, command.data.amount) },
        }),
      });
      await using running = await runCommands(store, commands);
      for (const command of [deposit('account-1', 1, 'slow'), deposit('account-1', 2, 'behind')])
        await submit(store, commands, command);
      for (let count = 0; count < 20; count += 1)
        await submit(store, commands, deposit('account-2', 2, `free${count}`));
      await waitForOutcome(store, 'free19');
      assert.deepEqual(await store.readStream('account-1').toArray(), []);
      await assert.rejects(running.waitFor(await store.head(), { timeoutMs: 10 }), { code: 'WAIT_TIMEOUT' });
      answer(100);
      await waitForOutcome(store, 'behind');
      assert.equal((await store.load(keptAccount, 'account-1')).state.balance, 102);
      await running.waitFor(await store.head());
    });

    test('an ended stream rejects its commands', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      await execute(store, commands, deposit('account-1', 1));
      await store.tombstone('account-1');
      await submit(store, commands, deposit('account-1', 1, 'c1'));
      await submit(store, commands, deposit('account-1', 1, 'c2'));
      await using _running = await runCommands(store, commands);
      for (const id of ['c1', 'c2']) {
        const outcome = await waitForOutcome(store, id);
        assert.equal(outcome.kind === 'rejected' && outcome.error.code, 'STREAM_TOMBSTONED');
      }
    });

    test('what was cancelled is not decided, and foreign appends are decided on', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      for (let count = 0; count < 10; count += 1) await submit(store, commands, deposit('account-1', 1, `c${count}`));
      for (const id of ['c0', 'c4', 'c9']) await cancelCommand(store, id);
      await using _running = await runCommands(store, commands);
      await Promise.all(
        Array.from({ length: 10 }, () =>
          handle(store, keptAccount, 'account-1', {
            type: 'Deposit',
            id: '',
            streamId: '',
            metadata: {},
            acceptedAt: '',
            at: '',
            data: { amount: 5 },
          }),
        ),
      );
      await waitForOutcome(store, 'c8');
      await verifyAccounts(store, { open: 'none' });
      assert.equal((await store.load(keptAccount, 'account-1')).state.balance, 57);
    });

    test('is seen by whoever follows: each command, and each outcome behind it', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      const seen: CommandChange[] = [];
      const end = new AbortController();
      const following = (async () => {
        for await (const change of followCommands(store, { category: 'account', signal: end.signal })) {
          seen.push(change);
          if (change.kind === 'outcome' && change.outcome.commandId === 'c2') end.abort();
        }
      })();
      await submit(store, commands, deposit('account-1', 1, 'c1'));
      await using _running = await runCommands(store, commands);
      await waitForOutcome(store, 'c1');
      await execute(store, commands, withdraw('account-1', 1, 'c2'));
      await following;
      assert.deepEqual(
        seen.map((change) =>
          change.kind === 'outcome'
            ? `${change.outcome.kind} ${change.outcome.commandId}`
            : `${change.kind} ${change.command.id}`,
        ),
        ['accepted c1', 'decided c1', 'accepted c2', 'decided c2'],
      );
      // Without waiting for what is to come, it is the same, and ends.
      assert.deepEqual(await listOf(followCommands(store, { endsAtHead: true })), seen);
      assert.deepEqual(await listOf(followCommands(store, { endsAtHead: true, category: 'order' })), []);
      assert.deepEqual(await listOf(followCommands(store, { endsAtHead: true, after: await store.head() })), []);
    });
  });
