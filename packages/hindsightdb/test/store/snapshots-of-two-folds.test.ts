/** Snapshots belong to one fold. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineDecider, handle, openStore, type Event, type Recorded, type SnapshottedFold } from '../../src/index.ts';

type Deposited = Event<'MoneyDeposited', { amount: number }>;

const account = defineDecider({
  category: 'account',
  initialState: { balance: 0 },
  decide: (amount: number): Deposited => ({ type: 'MoneyDeposited', data: { amount } }),
  evolve: (state, { data }: Recorded<Deposited>) => ({ balance: state.balance + data.amount }),
  snapshots: { every: 2 },
});

const statement: SnapshottedFold<{ readonly lines: number }, Deposited> = {
  category: 'account',
  initialState: { lines: 0 },
  evolve: ({ lines }) => ({ lines: lines + 1 }),
  snapshots: { every: 2 },
};

test("two folds of one category that declare no version do not take each other's snapshots for their own", async () => {
  await using store = await openStore('memory:');
  for (let day = 1; day <= 5; day += 1) await handle(store, account, 'account-1', 10);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await store.context.engine.keyedScan({ prefix: 'snapshot/', limit: 10 })).length, 1);
  assert.deepEqual(await store.load(statement, 'account-1'), { state: { lines: 5 }, version: 5 });
  assert.deepEqual(await store.load(account, 'account-1'), { state: { balance: 50 }, version: 5 });
});

test('a fold that declares a version keeps its snapshots when its text changes, and leaves them when that changes', async () => {
  await using store = await openStore('memory:');
  const first = defineDecider({ ...account, version: 1 });
  for (let day = 1; day <= 4; day += 1) await handle(store, first, 'account-1', 10);
  await new Promise((resolve) => setImmediate(resolve));
  // What a fold sees of the events tells whether it began at a snapshot.
  const seen: number[] = [];
  const watching = (version: number) =>
    defineDecider({
      ...account,
      version,
      evolve: (state, event: Recorded<Deposited>) => {
        seen.push(event.version);
        return account.evolve(state, event);
      },
    });
  assert.deepEqual((await store.load(watching(1), 'account-1')).state, { balance: 40 });
  assert.deepEqual(seen, []);
  assert.deepEqual((await store.load(watching(2), 'account-1')).state, { balance: 40 });
  assert.deepEqual(seen, [1, 2, 3, 4]);
});
