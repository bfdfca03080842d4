/** A command sent again under its key gets its first answer, and is carried out once. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { handle } from '../../src/commands/handle.ts';
import { HindsightError } from '../../src/core/errors.ts';
import { rawJson } from '../../src/core/raw-json.ts';
import { defineDecider } from '../../src/core/decider.ts';
import { inMemory, openNew, settableClock, storeKinds } from '../open-stores.ts';
import { account, deposit, Overdrawn, withdraw, type AccountCommand } from './accounts.ts';
import { openSteered, secondHandle } from './steered-stores.ts';

for (const kind of storeKinds) {
  suite(`in ${kind.name} a command under a key`, () => {
    test('is answered as the first time, whatever has happened since', async (t) => {
      const store = await openNew(t, kind);
      const first = await handle(store, account, 'account-1', { do: 'deposit', amount: 5, times: 2 }, { key: 'k' });
      await handle(store, account, 'account-1', withdraw(10));
      for (const handler of [store, secondHandle(store)]) {
        const again = await handle(handler, account, 'account-1', { amount: 5, times: 2, do: 'deposit' }, { key: 'k' });
        assert.deepEqual(again, { ...first, isDuplicate: true });
      }
      assert.equal((await store.load(account, 'account-1')).state.balance, 0);
    });

    test('is recognised while the first one is on its way', async (t) => {
      const { store, steering } = await openSteered(t, kind);
      steering.isHolding = true;
      const answers = [1, 2, 3].map(async () => await handle(store, account, 'account-1', deposit(5), { key: 'k' }));
      await steering.untilHeld(1);
      await steering.release();
      const [first, ...others] = await Promise.all(answers);
      for (const other of others) assert.deepEqual(other, { ...first, isDuplicate: true });
      assert.equal(steering.seen.length, 1);
    });

    test('is carried out by one of two handles at once', async (t) => {
      const store = await openNew(t, kind);
      const answers = await Promise.all(
        [store, secondHandle(store), secondHandle(store)].map(
          async (each) => await handle(each, account, 'account-1', deposit(5), { key: 'k' }),
        ),
      );
      assert.deepEqual(answers.filter(({ isDuplicate }) => isDuplicate).length, 2);
      assert.deepEqual(new Set(answers.map(({ events }) => events[0]?.id)).size, 1);
      assert.equal((await store.streamInfo('account-1')).version, 1);
    });

    test('with other content is refused before anything is decided', async (t) => {
      const store = await openNew(t, kind);
      await handle(store, account, 'account-1', deposit(5), { key: 'k' });
      const refused = [
        handle(store, account, 'account-1', deposit(6), { key: 'k' }),
        handle(store, account, 'account-2', deposit(5), { key: 'k' }),
        // It would be refused by the decider as well; that it is another command goes before that.
        handle(store, account, 'account-1', withdraw(99), { key: 'k' }),
      ];
      for (const each of refused) await assert.rejects(each, { code: 'KEY_REUSED' });
      assert.equal((await store.streamInfo('account-1')).version, 1);
    });

    test('that was refused or led to nothing is decided anew', async (t) => {
      const store = await openNew(t, kind);
      await assert.rejects(handle(store, account, 'account-1', withdraw(1), { key: 'k' }), Overdrawn);
      await handle(store, account, 'account-1', { do: 'look' }, { key: 'l' });
      await handle(store, account, 'account-1', deposit(1));
      assert.equal((await handle(store, account, 'account-1', withdraw(1), { key: 'k' })).version, 2);
      const { version, isDuplicate } = await handle(store, account, 'account-1', { do: 'look' }, { key: 'l' });
      assert.deepEqual([version, isDuplicate], [2, false]);
    });

    test('is forgotten when its time is over', async (t) => {
      const clock = settableClock();
      const store = await openNew(t, kind, { now: clock.now });
      const send = async () =>
        await handle(store, account, 'account-1', deposit(1), { key: 'k', keyRetentionMs: 1000 });
      await send();
      clock.micros += 999_999;
      assert.equal((await send()).isDuplicate, true);
      clock.micros += 1;
      const { version, isDuplicate } = await send();
      assert.deepEqual([version, isDuplicate], [2, false]);
    });
  });
}

suite('a key', () => {
  test('lets a retry after a lost answer be a retry', async (t) => {
    const { store, steering } = await openSteered(t, inMemory);
    const lost = new HindsightError('OUTCOME_UNKNOWN', 'Nobody knows.');
    for (const isWritten of [true, false]) {
      steering.isHolding = true;
      const key = `k-${isWritten}`;
      const first = handle(store, account, 'account-1', deposit(1), { key });
      const [held] = await steering.untilHeld(1);
      steering.held.shift();
      if (isWritten) await held?.passAndFail(lost);
      else held?.fail(lost);
      await assert.rejects(first, lost);
      steering.isHolding = false;
      assert.equal((await handle(store, account, 'account-1', deposit(1), { key })).isDuplicate, isWritten);
    }
    assert.equal((await store.load(account, 'account-1')).state.balance, 2);
  });

  test('of an append is one with that of a command: used for the one it is used up for the other', async (t) => {
    const store = await openNew(t, inMemory);
    await store.append('account-1', [{ type: 'Deposited', data: { amount: 1 } }], { key: 'k' });
    await assert.rejects(handle(store, account, 'account-1', deposit(1), { key: 'k' }), { code: 'KEY_REUSED' });
  });

  test('does not mind an expected version that held the first time', async (t) => {
    const store = await openNew(t, inMemory);
    for (const isDuplicate of [false, true]) {
      const answer = await handle(store, account, 'account-1', deposit(1), { key: 'k', expectedVersion: 0 });
      assert.equal(answer.isDuplicate, isDuplicate);
    }
  });

  test('is remembered with its append: the same data written otherwise is the same, a digit more is not', async (t) => {
    const store = await openNew(t, inMemory);
    const append = async (data: unknown, change: object = {}) =>
      await store.append('a-1', [{ type: 'A', data, tags: ['x', 'y'], ...change }], { key: 'k' });
    await append({ a: 1, b: [1] }, { occurredAt: '2026-03-01T01:00:00+01:00' });
    const same = await append(
      { b: [1], a: 1 },
      { occurredAt: new Date('2026-03-01T00:00:00Z'), tags: ['y', 'x', 'y'], metadata: { own: 1 } },
    );
    assert.equal(same.isDuplicate, true);
    for (const [data, change] of [
      [{ a: 1, b: [2] }, {}],
      [{ a: 1, b: [1] }, {}],
      [{ a: 1, b: [1] }, { occurredAt: '2026-03-01T01:00:00Z' }],
      [
        { a: 1, b: [1] },
        { occurredAt: '2026-03-01T01:00:00+01:00', id: 'e1' },
      ],
      [
        { a: 1, b: [1] },
        { occurredAt: '2026-03-01T01:00:00+01:00', tags: ['x'] },
      ],
      [
        { a: 1, b: [1] },
        { occurredAt: '2026-03-01T01:00:00+01:00', contentType: 'x' },
      ],
    ] as const)
      await assert.rejects(append(data, change), { code: 'KEY_REUSED' });
  });

  for (const [what, first, second] of [
    ['digits', rawJson('{"amount":1.1}'), rawJson('{"amount":1.10}')],
    ['digits beyond what JavaScript tells apart', rawJson('12345678901234567890'), rawJson('12345678901234567891')],
    ['numbers that JavaScript cannot hold', rawJson('1e400'), rawJson('2e400')],
    ['a number that JavaScript cannot hold from null', rawJson('1e400'), null],
    ['bytes from an object that looks like them', Uint8Array.of(1), { base64: '"AQ=="' }],
    ['bytes', Uint8Array.of(1), Uint8Array.of(2)],
  ] as const) {
    test(`tells apart ${what}`, async (t) => {
      const store = await openNew(t, inMemory);
      await store.append('a-1', [{ type: 'A', data: first }], { key: 'k' });
      await assert.rejects(store.append('a-1', [{ type: 'A', data: second }], { key: 'k' }), { code: 'KEY_REUSED' });
      assert.equal((await store.append('a-1', [{ type: 'A', data: first }], { key: 'k' })).isDuplicate, true);
    });
  }
});

suite('when another process carried out the same command in between', () => {
  /** A first command under a key that its engine finds already answered, and whatever comes behind it while it is on its way. */
  async function openRaced(t: Parameters<typeof openSteered>[0]) {
    const steered = await openSteered(t, inMemory);
    const { store, foreign, steering } = steered;
    await handle(store, account, 'account-1', deposit(10));
    steering.isHolding = true;
    const answered: string[] = [];
    const send = async (name: string, command: AccountCommand, options: { key?: string } = {}) => {
      try {
        return await handle(store, account, 'account-1', command, options);
      } finally {
        answered.push(name);
      }
    };
    // What this handle would decide on 10, the other one decided on 3 and in another way.
    const generous = defineDecider({ ...account, decide: () => ({ type: 'Deposited' as const, data: { amount: 1 } }) });
    const race = async () => await handle(foreign, generous, 'account-1', withdraw(10), { key: 'k' });
    return { ...steered, answered, send, race };
  }

  test('its answer is the first one', async (t) => {
    const { send, race, steering } = await openRaced(t);
    const mine = send('mine', withdraw(10), { key: 'k' });
    await steering.untilHeld(1);
    const theirs = await race();
    await steering.release();
    assert.deepEqual(await mine, { ...theirs, isDuplicate: true });
  });

  for (const [what, command, outcome] of [
    ['a refusal', withdraw(11), [3, 0]],
    ['a decision without events', { do: 'look' }, [2, 11]],
    ['a success', deposit(1), [3, 12]],
  ] as const) {
    test(`${what} behind it rests on what is true, and is answered behind it`, async (t) => {
      const { send, race, steering, answered } = await openRaced(t);
      const mine = send('mine', withdraw(10), { key: 'k' });
      const behind = send('behind', { ...command });
      await steering.untilHeld(1);
      await race();
      await steering.release();
      assert.equal((await mine).state.balance, 11);
      const { version, state } = await behind;
      assert.deepEqual([version, state.balance], outcome);
      assert.deepEqual(answered, ['mine', 'behind']);
    });
  }
});
