/** Commands that are to be decided later: not before their time, once, in the order of their times, and not when cancelled. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cancelCommand, commandInfo, runCommands, submit, waitForOutcome } from '../../src/commands/index.ts';
import { storeOver } from '../../src/store/open.ts';
import { allStoreKinds, openNew, settableClock } from '../open-stores.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { accountCommands, deposit, keptAccount, withdraw } from './account-commands.ts';
import { verifyAccounts } from './verify.ts';

const hour = 3_600_000_000;

for (const kind of allStoreKinds)
  describe(`a command scheduled on ${kind.name}`, () => {
    test('has its turn when its time has come, by the clock of the store', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const commands = accountCommands();
      const dueAt = new Date((clock.now() + hour) / 1000);
      const { command } = await submit(store, commands, { ...deposit('account-1', 5, 'c1'), dueAt });
      assert.equal(command.at, `${dueAt.toISOString().slice(0, -1)}000Z`);
      assert.equal((await submit(store, commands, { ...deposit('account-1', 5, 'c1'), dueAt })).isDuplicate, true);
      await assert.rejects(submit(store, commands, deposit('account-1', 5, 'c1')), { code: 'KEY_REUSED' });
      await using running = await runCommands(store, commands);
      await submit(store, commands, withdraw('account-1', 5, 'c2'));
      assert.equal((await waitForOutcome(store, 'c2')).kind, 'rejected', 'nothing is there yet');
      await running.waitFor(await store.head());
      assert.equal((await commandInfo(store, 'c1'))?.status, 'scheduled');
      clock.micros += hour;
      assert.equal((await waitForOutcome(store, 'c1')).kind, 'decided');
      await verifyAccounts(store, { open: 'none' });
      assert.equal((await store.load(keptAccount, 'account-1')).state.balance, 5);
    });

    test('that came due while nobody ran comes late, in the order of the times, and once for two', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const commands = accountCommands({ slices: 2 });
      for (let count = 0; count < 20; count += 1) {
        const dueAt = new Date((clock.now() + hour * (1 + ((count * 7) % 20))) / 1000);
        await submit(store, commands, { ...deposit('account-1', 1 + ((count * 7) % 20), `c${count}`), dueAt });
      }
      clock.micros += hour * 24;
      const other = storeOver(mortalEngine(store.context.engine, undefined).engine, { now: clock.now });
      await using _first = await runCommands(store, commands);
      await using _second = await runCommands(other, commands);
      for (let count = 0; count < 20; count += 1) await waitForOutcome(store, `c${count}`);
      const events = await store.readStream('account-1').toArray();
      assert.deepEqual(
        events.map(({ data }): unknown => Reflect.get(Object(data), 'amount')),
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      await verifyAccounts(store, { open: 'none' });
    });

    test('for a year that nothing is put in order by is refused, so that it holds no other up', async (t) => {
      const store = await openNew(t, kind);
      await assert.rejects(
        submit(store, accountCommands(), { ...deposit('account-1', 5, 'c1'), dueAt: '5200-01-01T00:00:00Z' }),
        { code: 'INVALID_ARGUMENT', message: /between the years 1684 and 2255/ },
      );
      assert.equal(await commandInfo(store, 'c1'), undefined);
    });

    test('that fails when its time has come is shown as set aside, and another one is not', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const commands = accountCommands();
      const dueAt = new Date((clock.now() + hour) / 1000);
      await submit(store, commands, { type: 'Stumble', streamId: 'account-1', data: null, id: 'c1', dueAt });
      const later = new Date((clock.now() + 2 * hour) / 1000);
      await submit(store, commands, { ...deposit('account-1', 5, 'c2'), dueAt: later });
      clock.micros += hour;
      await using running = await runCommands(store, commands);
      for await (const { type } of store.subscribe({
        streamId: '$command.account-1',
        after: 'start',
        includeReserved: true,
      }))
        if (type === '$commandDue') break;
      await running.waitFor(await store.head());
      assert.equal((await commandInfo(store, 'c1'))?.status, 'setAside');
      assert.equal((await commandInfo(store, 'c2'))?.status, 'scheduled');
    });

    test('that is cancelled never has its turn', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const commands = accountCommands();
      const dueAt = new Date((clock.now() + hour) / 1000);
      for (const id of ['c1', 'c2']) await submit(store, commands, { ...deposit('account-1', 5, id), dueAt });
      assert.equal((await cancelCommand(store, 'c1')).isCancelled, true);
      await using _running = await runCommands(store, commands);
      clock.micros += hour;
      await waitForOutcome(store, 'c2');
      const types = (await store.readLog({ includeReserved: true }).toArray()).map(({ type }) => type);
      assert.equal(types.filter((type) => type === '$commandDue').length, 1);
      assert.deepEqual(
        [...(await verifyAccounts(store, { open: 'none' })).outcomes],
        [
          ['c1', 'cancelled'],
          ['c2', 'decided'],
        ],
      );
    });
  });
