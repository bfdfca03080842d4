/** Snapshots save time, and never change a result. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { handle } from '../../src/commands/handle.ts';
import { defineDecider, type Decider } from '../../src/core/decider.ts';
import type { Recorded } from '../../src/core/event.ts';
import type { SnapshotPolicy } from '../../src/core/snapshot-policy.ts';
import { restoreStore } from '../../src/store/open.ts';
import { snapshotPrefix } from '../../src/store/load-state.ts';
import type { Store } from '../../src/store/store.ts';
import { inMemory, openAt, openNew, storeKinds } from '../open-stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import {
  account,
  deposit,
  evolveAccount,
  withdraw,
  type Account,
  type AccountCommand,
  type AccountEvent,
} from './accounts.ts';
import { secondHandle } from './steered-stores.ts';

/** An account that keeps snapshots, and counts the events that it folds. */
function counting(
  snapshots: SnapshotPolicy<Account, AccountEvent>,
  change: Partial<Decider<Account, AccountCommand, AccountEvent>> = {},
) {
  const folded: number[] = [];
  const decider = defineDecider({
    ...account,
    evolve: (state, event: Recorded<AccountEvent>) => {
      folded.push(event.version);
      return evolveAccount(state, event);
    },
    snapshots,
    ...change,
  });
  return { decider, folded };
}

/** Handles deposits one after the other, and waits until the snapshots that they led to are written. */
async function deposits(
  store: Store,
  decider: Decider<Account, AccountCommand, AccountEvent>,
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index += 1) await handle(store, decider, 'account-1', deposit(1, `${index}`));
  await snapshotsWritten(store);
}

async function snapshotsWritten(store: Store): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  // Requests to an engine are answered in order; this one comes behind those that write the snapshots.
  await store.statistics();
}

/** Which versions a load folds, with a decider of its own or the given one. */
async function foldedByLoad(
  store: Store,
  { decider, folded }: ReturnType<typeof counting>,
): Promise<readonly number[]> {
  folded.length = 0;
  const { state, version } = await store.load(decider, 'account-1');
  const plain = await store.load({ initialState: account.initialState, evolve: evolveAccount }, 'account-1');
  assert.deepEqual({ state, version }, plain, 'with a snapshot and without it is the same');
  return [...folded];
}

for (const kind of storeKinds) {
  suite(`in ${kind.name} a snapshot is kept`, () => {
    for (const [what, policy, expected] of [
      ['every three events', { every: 3 }, [7]],
      ['every single event', { every: 1 }, []],
      ['after events of a type', { on: ['Withdrawn'] }, [6, 7]],
      ['when a function says so', { when: (state, event) => state.balance === 4 && event.type === 'Deposited' }, [7]],
      ['never, when no event asks for it', { on: [] }, [1, 2, 3, 4, 5, 6, 7]],
    ] as readonly (readonly [string, SnapshotPolicy<Account, AccountEvent>, readonly number[]])[]) {
      test(what, async (t) => {
        const store = await openNew(t, kind);
        const counted = counting(policy);
        await deposits(store, counted.decider, 4);
        await handle(store, counted.decider, 'account-1', withdraw(1));
        await deposits(store, counted.decider, 2);
        assert.deepEqual(await foldedByLoad(secondHandle(store), counted), expected);
      });
    }

    test('and used by the handler of another process', async (t) => {
      const store = await openNew(t, kind);
      const { decider, folded } = counting({ every: 2 });
      await deposits(store, decider, 5);
      folded.length = 0;
      const { state, version } = await handle(secondHandle(store), decider, 'account-1', deposit(10));
      assert.deepEqual([state.balance, version, folded], [15, 6, [5, 6]]);
    });

    test('and an earlier state is loaded past one that lies later', async (t) => {
      const store = await openNew(t, kind);
      const counted = counting({ every: 4 });
      await deposits(store, counted.decider, 6);
      const balances = await Promise.all(
        [0, 1, 3, 4, 5, 6, 9].map(async (version) => {
          const loaded = await store.load(counted.decider, 'account-1', { asOf: { version } });
          return [loaded.version, loaded.state.balance];
        }),
      );
      assert.deepEqual(balances, [
        [0, 0],
        [1, 1],
        [3, 3],
        [4, 4],
        [5, 5],
        [6, 6],
        [6, 6],
      ]);
    });
  });
}

suite('a snapshot is left alone', () => {
  const all = [1, 2, 3, 4, 5];

  test('when the fold declares another version or another category', async (t) => {
    const store = await openNew(t, inMemory);
    await deposits(store, counting({ every: 2 }).decider, 5);
    assert.deepEqual(await foldedByLoad(store, counting({ every: 2 })), [5]);
    assert.deepEqual(await foldedByLoad(store, counting({ every: 2 }, { version: 2 })), all);
    assert.deepEqual(await foldedByLoad(store, counting({ every: 2 }, { version: '1' })), all);
    const { category: _category, ...uncategorised } = counting({ every: 2 }).decider;
    const folded: number[] = [];
    const evolve = (state: Account, event: Recorded<AccountEvent>) => {
      folded.push(event.version);
      return evolveAccount(state, event);
    };
    await store.load({ ...uncategorised, evolve }, 'account-1');
    assert.deepEqual(folded, all);
  });

  test('when the fold keeps none itself', async (t) => {
    const store = await openNew(t, inMemory);
    await deposits(store, counting({ every: 2 }).decider, 5);
    const folded: number[] = [];
    const evolve = (state: Account, event: Recorded<AccountEvent>) => {
      folded.push(event.version);
      return evolveAccount(state, event);
    };
    await store.load({ ...account, evolve }, 'account-1');
    assert.deepEqual(folded, all);
  });

  test('when the upcasters changed', async (t) => {
    const store = await openNew(t, inMemory);
    await deposits(store, counting({ every: 2 }).decider, 5);
    const upcasters = [{ type: 'Deposited', upcast: () => ({ data: { amount: 2 } }) }];
    const folded = await foldedByLoad(secondHandle(store, { upcasters }), counting({ every: 2 }));
    assert.deepEqual(folded, all);
    assert.equal(
      (await secondHandle(store, { upcasters }).load(counting({ every: 2 }).decider, 'account-1')).state.balance,
      10,
    );
  });

  test('when the store was restored, since the log goes another way from there', async (t) => {
    const folder = await temporaryFolder(t);
    const path = join(folder, 'store.db');
    const store = await openAt(t, path);
    await deposits(store, counting({ every: 2 }).decider, 5);
    await store.backup(join(folder, 'backup.db'));
    await restoreStore(join(folder, 'backup.db'), join(folder, 'restored.db'));
    assert.deepEqual(await foldedByLoad(store, counting({ every: 2 })), [5]);
    assert.deepEqual(await foldedByLoad(await openAt(t, join(folder, 'restored.db')), counting({ every: 2 })), all);
  });

  for (const [what, value] of [
    ['is no JSON', '{"version":4,"state":'],
    ['is of another form', '[]'],
    ['has no state', '{"version":4}'],
    ['has no version', '{"state":{}}'],
    ['lies past the stream', '{"version":40,"state":{"balance":40,"notes":[]}}'],
  ] as const) {
    test(`when it ${what}`, async (t) => {
      const store = await openNew(t, inMemory);
      await deposits(store, counting({ every: 2 }).decider, 5);
      const { engine } = store.context;
      const [entry] = await engine.keyedScan({ prefix: snapshotPrefix('account-1'), limit: 10 });
      assert.ok(entry);
      await engine.keyedWrite([{ key: entry.key, value }]);
      assert.deepEqual(await foldedByLoad(secondHandle(store), counting({ every: 2 })), all);
      assert.equal(
        (await handle(secondHandle(store), counting({ every: 2 }).decider, 'account-1', deposit(1))).version,
        6,
      );
    });
  }

  test('when the codec cannot open it', async (t) => {
    const store = await openNew(t, inMemory);
    await deposits(store, counting({ every: 2 }).decider, 5);
    const codec = {
      encode: async () => [],
      decode: async (items: readonly { readonly kind: string; readonly data: string; readonly metadata: string }[]) =>
        items[0]?.kind === 'snapshot' ? await Promise.reject(new Error('no key')) : items,
    };
    assert.deepEqual(await foldedByLoad(secondHandle(store, { codec }), counting({ every: 2 })), all);
  });
});

suite('writing a snapshot', () => {
  test('that fails costs time and nothing else', async (t) => {
    const store = await openNew(t, inMemory);
    const { engine } = store.context;
    t.mock.method(engine, 'keyedWrite', async () => await Promise.reject(new Error('no room')));
    const counted = counting({ every: 1 });
    await deposits(store, counted.decider, 3);
    assert.deepEqual(await foldedByLoad(store, counted), [1, 2, 3]);
  });

  test('of a state that has no JSON form writes none', async (t) => {
    const store = await openNew(t, inMemory);
    for (const state of [undefined, 10n]) {
      const decider = defineDecider<bigint | undefined, object, AccountEvent>({
        initialState: state,
        decide: (): AccountEvent => ({ type: 'Deposited', data: { amount: 1 } }),
        evolve: () => state,
        snapshots: { every: 1 },
        version: typeof state,
      });
      await handle(store, decider, 'account-1', {});
      await snapshotsWritten(store);
      assert.equal((await secondHandle(store).load(decider, 'account-1')).state, state);
    }
    assert.deepEqual(await store.context.engine.keyedScan({ prefix: 'snapshot/', limit: 10 }), []);
  });

  test('is awaited by closing', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    const store = await openAt(t, path);
    await handle(store, counting({ every: 1 }).decider, 'account-1', deposit(1));
    await store.close();
    assert.deepEqual(await foldedByLoad(await openAt(t, path), counting({ every: 1 })), []);
  });
});

test('whatever is written, by whom and under whichever policy, a load with snapshots gives what a load without them gives', async (t) => {
  const anyPolicy = fc.oneof(
    fc.record({ every: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ on: fc.subarray<AccountEvent['type']>(['Deposited', 'Withdrawn']) }),
    fc.constant({ when: (state: Account) => state.balance % 3 === 0 }),
  );
  const anyStep = fc.record({
    command: fc.oneof(
      fc.nat(3).map((amount) => deposit(amount)),
      fc.nat(3).map((amount) => withdraw(amount)),
      fc.integer({ min: 1, max: 5 }).map((times) => ({ do: 'deposit', amount: 1, times }) as const),
    ),
    who: fc.nat(2),
    asOf: fc.option(fc.nat(20)),
  });
  await fc.assert(
    fc.asyncProperty(anyPolicy, fc.array(anyStep, { minLength: 1, maxLength: 20 }), async (policy, steps) => {
      const store = await openNew(t, inMemory);
      const { decider } = counting(policy);
      const handlers = [store, secondHandle(store), secondHandle(store)];
      for (const { command, who, asOf } of steps) {
        await handle(handlers[who] ?? store, decider, 'account-1', command).catch(() => undefined);
        const options = asOf === null ? {} : { asOf: { version: asOf } };
        const plain = await store.load(
          { initialState: account.initialState, evolve: evolveAccount },
          'account-1',
          options,
        );
        assert.deepEqual(await store.load(decider, 'account-1', options), plain);
      }
    }),
  );
});
