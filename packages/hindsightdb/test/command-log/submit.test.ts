/** Accepting commands: checked before they are kept, kept once, and kept as they are. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  commandInfo,
  commandType,
  defineCommands,
  listCommands,
  type ListCommandsOptions,
  submit,
  type CommandContext,
} from '../../src/commands/index.ts';
import { defineGateway } from '../../src/reactions/index.ts';
import { settableClock } from '../../src/testing/index.ts';
import { allStoreKinds, everythingIn, inMemory, openNew, storeKinds } from '../open-stores.ts';
import { schemaOf } from '../store/schemas.ts';
import { accountCommands, deposit, keptAccount } from './account-commands.ts';
import { listOf } from './list-of.ts';
import type { AccountRecord } from './account-commands.ts';

test('commands are not listed by a status that there is not', async (t) => {
  const store = await openNew(t, inMemory);
  // @ts-expect-error As from a program without types.
  await assert.rejects(listCommands(store, { status: 'pending' }).next(), {
    code: 'INVALID_ARGUMENT',
    message: /status must be one of scheduled, accepted, setAside/,
  });
});

for (const kind of allStoreKinds)
  describe(`a command submitted to ${kind.name}`, () => {
    test('is recorded beside its entity, as it was given', async (t) => {
      const store = await openNew(t, kind, { metadata: { release: '1' } });
      const metadata = { actor: 'ada', correlationId: 'r9' };
      const { command, isDuplicate } = await submit(store, accountCommands(), {
        ...deposit('account-1', 5, 'c1'),
        metadata,
      });
      assert.equal(isDuplicate, false);
      assert.deepEqual(command.metadata, { release: '1', ...metadata });
      const info = await commandInfo(store, 'c1');
      assert.deepEqual(info, { command, status: 'accepted' });
      const [event] = await store.readLog({ includeReserved: true }).toArray();
      assert.equal(event?.streamId, '$command.account-1');
      assert.equal(event.id, 'c1');
      assert.deepEqual(await store.readLog().toArray(), [], 'readers of events do not meet it');
    });

    test('a thousand times under one id is accepted once, with the first answer for all', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      const answers = await Promise.all(
        Array.from({ length: 1000 }, () => submit(store, commands, deposit('account-1', 5, 'c1'))),
      );
      assert.equal(answers.filter(({ isDuplicate }) => !isDuplicate).length, 1);
      const [first] = answers;
      for (const { command, checkpoint } of answers)
        assert.deepEqual([command, checkpoint], [first?.command, first?.checkpoint]);
      assert.equal((await everythingIn(store)).length, 1);
    });

    test('under an id that another command has is refused', async (t) => {
      const store = await openNew(t, kind);
      await submit(store, accountCommands(), deposit('account-1', 5, 'c1'));
      for (const other of [deposit('account-1', 6, 'c1'), deposit('account-2', 5, 'c1')])
        await assert.rejects(submit(store, accountCommands(), other), { code: 'KEY_REUSED' });
      assert.equal((await everythingIn(store)).length, 1);
    });
  });

for (const kind of storeKinds)
  describe(`what is asked of a command before ${kind.name} has it`, () => {
    test('a refusal names its reasons and leaves nothing', async (t) => {
      const store = await openNew(t, kind);
      await assert.rejects(submit(store, accountCommands(), deposit('account-1', 0, 'c1')), {
        code: 'COMMAND_REFUSED',
        details: {
          id: 'c1',
          type: 'Deposit',
          streamId: 'account-1',
          reasons: ['A deposit is of one cent at least.'],
        },
      });
      assert.deepEqual(await everythingIn(store), []);
      assert.equal((await submit(store, accountCommands(), deposit('account-1', 5, 'c1'))).isDuplicate, false);
    });

    test('a refusal is kept where that is asked for, and stands in nobody’s way', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands({ keepRefused: true });
      await assert.rejects(submit(store, commands, deposit('account-1', 0, 'c1')));
      const [kept] = await store.readLog({ includeReserved: true }).toArray();
      assert.equal(kept?.type, '$commandRefused');
      assert.deepEqual(Reflect.get(Object(kept.data), 'refusedId'), 'c1');
      assert.equal(await commandInfo(store, 'c1'), undefined);
      await submit(store, commands, deposit('account-1', 5, 'c1'));
      const listed = await listOf(listCommands(store, { category: 'account' }));
      assert.deepEqual(
        listed.map(({ command: { id, data } }) => ({ id, data })),
        [{ id: 'c1', data: { amount: 5 } }],
      );
    });

    test('commands are listed from a time on, and up to one', async (t) => {
      const clock = settableClock('2026-03-01T00:00:00Z');
      const store = await openNew(t, kind, { now: clock.now });
      for (const id of ['c1', 'c2', 'c3']) {
        await submit(store, accountCommands(), deposit('account-1', 5, id));
        clock.advanceMs(1000);
      }
      const ids = async (options: ListCommandsOptions): Promise<readonly string[]> =>
        (await listOf(listCommands(store, options))).map(({ command }) => command.id);
      assert.deepEqual(await ids({ fromTime: '2026-03-01T00:00:01Z' }), ['c2', 'c3']);
      assert.deepEqual(await ids({ untilTime: '2026-03-01T00:00:01Z', direction: 'backward' }), ['c2', 'c1']);
    });

    test('a schema decides what is recorded, and names what is wrong', async (t) => {
      const store = await openNew(t, kind);
      const Deposit = schemaOf<{ amount: string }, { amount: number }>((value) => {
        const amount = Number(Reflect.get(Object(value), 'amount'));
        return Number.isNaN(amount)
          ? { issues: [{ message: 'is no number', path: ['amount'] }] }
          : { value: { amount } };
      });
      const commands = defineCommands({
        decider: keptAccount,
        types: { Deposit },
        prepare: (command): AccountRecord => command,
      });
      const { command } = await submit(store, commands, {
        type: 'Deposit',
        streamId: 'account-1',
        data: { amount: '5' },
      });
      assert.deepEqual(command.data, { amount: 5 });
      await assert.rejects(submit(store, commands, { type: 'Deposit', streamId: 'account-1', data: { amount: 'x' } }), {
        code: 'COMMAND_REFUSED',
        message: /\/amount: is no number/,
      });
    });

    test('a check may ask a gateway, whose answer stays that of the command', async (t) => {
      const store = await openNew(t, kind);
      let asked = 0;
      const limits = defineGateway({ name: 'limits', ask: (_account: string) => (asked += 1) * 10 });
      const commands = defineCommands({
        decider: keptAccount,
        types: { Deposit: commandType<{ amount: number }>() },
        prepare: (command): AccountRecord => command,
        check: async ({ streamId, data }, { ask }: CommandContext) => {
          const limit = await ask(limits, streamId);
          return data.amount <= limit ? [] : [`The limit is ${limit}.`];
        },
      });
      for (let again = 0; again < 2; again += 1)
        await assert.rejects(submit(store, commands, deposit('account-1', 11, 'c1')), { message: /The limit is 10\./ });
      assert.equal(asked, 1);
    });

    test('an id that is known goes before everything that is asked today', async (t) => {
      const store = await openNew(t, kind);
      await submit(store, accountCommands(), deposit('account-1', 5, 'c1'));
      const strict = { ...accountCommands(), check: () => 'Nothing is accepted any more.' };
      assert.equal((await submit(store, strict, deposit('account-1', 5, 'c1'))).isDuplicate, true);
    });

    test('what check gives is a reason or none, and anything else is a mistake', async (t) => {
      const store = await openNew(t, kind);
      for (const given of [true, null, { reason: 'no' }, '', ['']]) {
        const commands = { ...accountCommands(), check: () => given as never };
        await assert.rejects(submit(store, commands, deposit('account-1', 5)), {
          code: 'INVALID_ARGUMENT',
          message: /check must give a reason/,
        });
      }
      assert.deepEqual(await everythingIn(store), []);
    });

    test('a time that has passed does not set back what is decided', async (t) => {
      const store = await openNew(t, kind);
      const { command } = await submit(store, accountCommands(), {
        ...deposit('account-1', 5),
        dueAt: '1990-01-01T00:00:00Z',
      });
      assert.equal(command.at, command.acceptedAt);
      assert.equal((await commandInfo(store, command.id))?.command.at, command.acceptedAt);
    });

    test('what is no command is refused with a sentence that helps', async (t) => {
      const store = await openNew(t, kind);
      const commands = accountCommands();
      const given = (command: object) => submit(store, commands, command as ReturnType<typeof deposit>);
      await assert.rejects(given(deposit('order-1', 5)), { code: 'INVALID_ARGUMENT', message: /category "account"/ });
      await assert.rejects(given({ type: 'Steal', streamId: 'account-1', data: null }), {
        code: 'COMMAND_REFUSED',
        message: /There is no command Steal .* there are Deposit, Withdraw/,
      });
      await assert.rejects(given({ ...deposit('account-1', 5), id: '' }), { code: 'INVALID_TEXT' });
      await assert.rejects(given({ ...deposit('account-1', 5), dueAt: 'tomorrow' }), { name: /Error/ });
      await assert.rejects(given({ ...deposit('$account-1', 5) }), { code: 'RESERVED_NAME' });
      await assert.rejects(given(null as never), { code: 'INVALID_ARGUMENT' });
      await assert.rejects(given({ ...deposit('account-1', 5), data: new Uint8Array(3) }), { code: 'NOT_JSON' });
      await assert.rejects(submit(store, {} as typeof commands, deposit('account-1', 5)), { code: 'INVALID_ARGUMENT' });
    });
  });
