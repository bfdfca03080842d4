/** Commands are decided on what is not committed yet, and no answer ever rests on what did not come true. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { handle } from '../../src/commands/handle.ts';
import { HindsightError, isConflict, type ErrorCode } from '../../src/core/errors.ts';
import { defineDecider } from '../../src/core/decider.ts';
import type { Recorded } from '../../src/core/event.ts';
import { inFile, inMemory, openNew, storeKinds, type StoreKind } from '../open-stores.ts';
import type { Ending } from '../temporary-folder.ts';
import { account, deposit, Overdrawn, withdraw, type AccountCommand, type AccountEvent } from './accounts.ts';
import { openSteered, secondHandle } from './steered-stores.ts';

const foreignDeposit = [{ type: 'Deposited', data: { amount: 1, note: 'foreign' } }] as const;

/** An account with 10, and a store whose appends are held from here on. */
async function openHolding(t: Ending, kind: StoreKind) {
  const steered = await openSteered(t, kind);
  await handle(steered.store, account, 'account-1', deposit(10));
  steered.steering.isHolding = true;
  const send = async (command: AccountCommand) => await handle(steered.store, account, 'account-1', command);
  const stored = async () => (await secondHandle(steered.foreign).load(account, 'account-1')).state;
  return { ...steered, send, stored };
}

/** What became of commands: versions, or the names of errors, in the order in which they were sent. */
async function outcomes(answers: readonly Promise<{ readonly version: number }>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(answers);
  return settled.map((each) => {
    if (each.status === 'fulfilled') return each.value.version;
    const reason: unknown = each.reason;
    if (reason instanceof Overdrawn) return 'overdrawn';
    return reason instanceof Error && 'code' in reason ? reason.code : reason;
  });
}

/** Whether a promise is settled, looked at when everything else had its turn. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let isDone = false;
  void Promise.allSettled([promise]).then(() => (isDone = true));
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return isDone;
}

suite('while appends are on their way', () => {
  for (const kind of storeKinds) {
    test(`further commands are decided on them, and each append names the one before, in ${kind.name}`, async (t) => {
      const { send, steering } = await openHolding(t, kind);
      const answers = [send(deposit(1)), send(withdraw(11)), send(deposit(2)), send(withdraw(2))];
      const held = await steering.untilHeld(4);
      const writes = held.map(({ batch }) => batch.streams[0]);
      assert.deepEqual(
        writes.map((write) => write?.expectedVersion),
        [1, 2, 3, 4],
      );
      const lastIds = writes.map((write) => write?.events.at(-1)?.id);
      assert.deepEqual(
        writes.map((write) => write?.predecessorId),
        [undefined, ...lastIds.slice(0, 3)],
      );
      await steering.release();
      assert.deepEqual(await outcomes(answers), [2, 3, 4, 5]);
    });
  }

  test('no more than some hundred decisions of an entity are made ahead', async (t) => {
    const { send, steering, stored } = await openHolding(t, inMemory);
    const answers = Array.from({ length: 300 }, async () => await send(deposit(1)));
    await steering.untilHeld(256);
    assert.equal(await isSettled(Promise.race(answers)), false);
    assert.equal(steering.held.length, 256);
    await steering.release();
    assert.equal((await outcomes(answers)).at(-1), 301);
    assert.equal((await stored()).balance, 310);
  });

  test('commands of other entities go their own way', async (t) => {
    const { send, steering, store } = await openHolding(t, inMemory);
    const own = send(deposit(1));
    await steering.untilHeld(1);
    steering.isHolding = false;
    assert.equal((await handle(store, account, 'account-2', deposit(1))).version, 1);
    await steering.release();
    assert.equal((await own).version, 2);
  });

  test('a fold that needs to know position or time waits for each commit', async (t) => {
    const { store, steering } = await openHolding(t, inMemory);
    const positions = defineDecider({
      initialState: [] as readonly number[],
      decide: (): AccountEvent => ({ type: 'Deposited', data: { amount: 1 } }),
      evolve: (state, { position }: Recorded<AccountEvent>) => [...state, position],
    });
    const answers = [1, 2, 3].map(async () => await handle(store, positions, 'account-1', {}));
    for (let count = 1; count <= 3; count += 1) {
      const [held] = await steering.untilHeld(1);
      assert.equal(await isSettled(Promise.race(answers.slice(count - 1))), false);
      assert.equal(steering.held.length, 1, 'the next one waits');
      steering.held.shift();
      await held?.pass();
      assert.deepEqual(
        (await answers[count - 1])?.state,
        Array.from({ length: count + 1 }, (_, index) => index + 1),
      );
    }
  });
});

suite('an answer that rests on what is on its way', () => {
  for (const [what, command, ifWritten, ifNot] of [
    ['a refusal', withdraw(5), 'overdrawn', 2],
    ['a decision without events', { do: 'look' }, 2, 1],
    ['a success', withdraw(4), 3, 2],
  ] as const) {
    const given = { ...command };

    test(`waits for the commit: ${what}`, async (t) => {
      const { send, steering } = await openHolding(t, inMemory);
      const first = send(withdraw(6));
      const second = send(given);
      await steering.untilHeld(1);
      assert.equal(await isSettled(second), false);
      await steering.release();
      assert.deepEqual(await outcomes([first, second]), [2, ifWritten]);
    });

    for (const code of ['OVERLOADED', 'DISK_FULL', 'OUTCOME_UNKNOWN'] as const) {
      test(`is decided anew when that fails with ${code}: ${what}`, async (t) => {
        const { send, steering, stored } = await openHolding(t, inMemory);
        const error = new HindsightError(code, 'It did not come about.');
        const first = send(withdraw(6));
        const second = send(given);
        const [held] = await steering.untilHeld(1);
        assert.equal(await isSettled(second), false);
        steering.held.shift();
        held?.fail(error);
        await assert.rejects(first, error);
        await steering.release();
        assert.deepEqual(await outcomes([second]), [ifNot]);
        assert.equal((await stored()).balance, command.do === 'withdraw' ? 10 - command.amount : 10);
      });
    }

    test(`stands when that was written and only its answer was lost: ${what}`, async (t) => {
      const { send, steering } = await openHolding(t, inMemory);
      const error = new HindsightError('OUTCOME_UNKNOWN', 'Nobody knows.');
      const first = send(withdraw(6));
      const second = send(given);
      const [held] = await steering.untilHeld(1);
      steering.held.shift();
      await held?.passAndFail(error);
      await assert.rejects(first, error);
      await steering.release();
      assert.deepEqual(await outcomes([second]), [ifWritten]);
    });
  }
});

suite('when one of several decisions on their way fails', () => {
  for (const failing of [0, 1, 2]) {
    for (const code of ['OVERLOADED', 'DISK_FULL', 'OUTCOME_UNKNOWN'] as const) {
      test(`the ${failing + 1}. with ${code}, the others are handled all the same, each once, in their order`, async (t) => {
        const { send, steering, stored } = await openHolding(t, inMemory);
        const answered: number[] = [];
        const answers = [0, 1, 2].map(async (index) => {
          try {
            return await send(deposit(1, `${index}`));
          } finally {
            answered.push(index);
          }
        });
        const held = await steering.untilHeld(3);
        steering.held.length = 0;
        steering.isHolding = false;
        for (const [index, each] of held.entries()) {
          if (index === failing) each.fail(new HindsightError(code, 'It did not come about.'));
          else await each.pass();
        }
        const expected: unknown[] = [2, 3];
        expected.splice(failing, 0, code);
        assert.deepEqual(await outcomes(answers), expected);
        assert.deepEqual(answered, [0, 1, 2]);
        assert.deepEqual(
          (await stored()).notes,
          ['0', '1', '2'].filter((note) => note !== `${failing}`),
        );
      });
    }
  }

  test('it concerns nobody else: a fold that refused an event leaves the others alone', async (t) => {
    const { store, steering, stored } = await openHolding(t, inMemory);
    const picky = defineDecider({
      ...account,
      evolve: (state, event: Recorded<AccountEvent>) => {
        if (event.data.note === 'bad') throw new Error('cannot fold');
        return account.evolve(state, event);
      },
    });
    const settled = Promise.allSettled(
      ['good', 'bad', 'better'].map(async (note) => await handle(store, picky, 'account-1', deposit(1, note))),
    );
    // The refusal rests on the first command, so it waits for that, and the third one behind it.
    await steering.untilHeld(1);
    await steering.release();
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual((await stored()).notes, ['good', 'better']);
  });
});

suite('when somebody else writes', () => {
  for (const place of [0, 1, 2, 3]) {
    for (const kind of storeKinds) {
      test(`in front of the ${place + 1}. of three appends, everything is handled once and in order, in ${kind.name}`, async (t) => {
        const { send, steering, foreign, stored } = await openHolding(t, kind);
        const answers = ['a', 'b', 'c'].map(async (note) => await send(deposit(1, note)));
        const held = await steering.untilHeld(3);
        steering.held.length = 0;
        steering.isHolding = false;
        for (const [index, each] of held.entries()) {
          if (index === place) await foreign.append('account-1', foreignDeposit);
          await each.pass();
        }
        if (place === 3) await foreign.append('account-1', foreignDeposit);
        const versions = [2, 3, 4].map((version, index) => (index < place ? version : version + 1));
        assert.deepEqual(await outcomes(answers), versions);
        const { notes, balance } = await stored();
        assert.deepEqual([notes.toSpliced(notes.indexOf('foreign'), 1), balance], [['a', 'b', 'c'], 14]);
        assert.equal(notes.indexOf('foreign'), place);
      });
    }
  }

  test('just as many events as the decision that failed, nothing is taken for its own', async (t) => {
    const { send, steering, foreign, stored } = await openHolding(t, inMemory);
    const answers = [send(withdraw(9)), send(withdraw(1, 'second'))];
    const [first, second] = await steering.untilHeld(2);
    steering.held.length = 0;
    steering.isHolding = false;
    // The version is what the second append expects, and the balance is not what it was decided on.
    await foreign.append('account-1', [{ type: 'Withdrawn', data: { amount: 10 } }]);
    first?.fail(new HindsightError('DISK_FULL', 'No room.'));
    await second?.pass();
    assert.deepEqual(await outcomes(answers), ['DISK_FULL', 'overdrawn']);
    assert.equal((await stored()).balance, 0);
  });

  test('again and again, every command is decided often enough or refused with a conflict, and the last word is right', async (t) => {
    const { store, foreign, steering } = await openSteered(t, inMemory);
    steering.before = async () => void (await foreign.append('account-1', foreignDeposit));
    const answers = await Promise.allSettled(
      [1, 2, 3, 4].map(async () => await handle(store, account, 'account-1', deposit(100), { retries: 2 })),
    );
    assert.ok(answers.every((each) => each.status === 'rejected' && isConflict(each.reason)));
    steering.before = async () => {};
    const { state } = await handle(store, account, 'account-1', deposit(100));
    assert.deepEqual(state, (await secondHandle(foreign).load(account, 'account-1')).state);
    assert.equal(state.notes.length + 100, state.balance);
  });

  test('and ends the stream, the commands on their way are refused', async (t) => {
    const { send, steering, foreign } = await openHolding(t, inMemory);
    const answers = [send(deposit(1)), send(deposit(1))];
    await steering.untilHeld(2);
    await foreign.tombstone('account-1');
    await steering.release();
    assert.deepEqual(await outcomes(answers), ['STREAM_TOMBSTONED', 'STREAM_TOMBSTONED']);
  });
});

suite('a command that is given up', () => {
  const reason = new Error('enough');

  test('before its turn is not decided', async (t) => {
    const store = await openNew(t, inMemory);
    const given = handle(store, account, 'account-1', deposit(1), { signal: AbortSignal.abort(reason) });
    await assert.rejects(given, reason);
    assert.equal((await store.streamInfo('account-1')).version, 0);
  });

  test('while it waits behind others is answered at once, and the others are handled', async (t) => {
    const { store, steering } = await openHolding(t, inMemory);
    const positions = defineDecider({
      ...account,
      evolve: (state, event: Recorded<AccountEvent>) => ({
        ...account.evolve(state, event),
        notes: [`${event.position}`],
      }),
    });
    const controller = new AbortController();
    const first = handle(store, positions, 'account-1', deposit(1));
    const second = handle(store, positions, 'account-1', deposit(2), { signal: controller.signal });
    const third = handle(store, positions, 'account-1', deposit(4));
    await steering.untilHeld(1);
    controller.abort(reason);
    await assert.rejects(second, reason);
    assert.equal(await isSettled(first), false);
    await steering.release();
    assert.deepEqual([(await first).state.balance, (await third).state.balance], [11, 15]);
  });

  test('while its append is on its way to the disk is answered with what became of it', async (t) => {
    const { send, store, steering } = await openHolding(t, inMemory);
    const controller = new AbortController();
    const first = handle(store, account, 'account-1', deposit(1), { signal: controller.signal });
    const second = send(deposit(2));
    const [held] = await steering.untilHeld(2);
    const passing = held?.pass();
    controller.abort(reason);
    await passing;
    steering.held.shift();
    await steering.release();
    assert.deepEqual(await outcomes([first, second]), [2, 3]);
  });

  test('while its append waits for the engine is withdrawn, and who rests on it is decided anew', async (t) => {
    const { send, store, steering, stored } = await openHolding(t, inFile);
    const controller = new AbortController();
    const first = handle(store, account, 'account-1', withdraw(10, 'first'), { signal: controller.signal });
    const second = send(withdraw(10, 'second'));
    const third = send(withdraw(10, 'third'));
    await steering.untilHeld(1);
    const refused = assert.rejects(first, reason);
    controller.abort(reason);
    await steering.release();
    await refused;
    assert.deepEqual(await outcomes([second, third]), [2, 'overdrawn']);
    assert.deepEqual((await stored()).notes, ['second']);
  });
});

suite('closing the store', () => {
  test('finishes the commands that are on their way', async (t) => {
    const { send, steering, store } = await openHolding(t, inFile);
    const answers = [send(deposit(1)), send(deposit(2))];
    await steering.untilHeld(2);
    await steering.release();
    await store.close();
    assert.deepEqual(await outcomes(answers), [2, 3]);
    const code: ErrorCode = 'CLOSED';
    await assert.rejects(send(deposit(1)), { code });
  });
});
