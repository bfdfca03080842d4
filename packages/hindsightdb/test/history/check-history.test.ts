/** Checking a history finds whatever this code cannot work with, names it, and finds nothing where there is nothing. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { handle } from '../../src/commands/handle.ts';
import { checkHistory, type CheckHistoryOptions, type HistoryReport } from '../../src/history/index.ts';
import type { Event, openStore, Recorded, StandardSchema, Store } from '../../src/index.ts';
import { account, deposit, evolveAccount } from '../commands/accounts.ts';
import { assertRefused, callLoosely } from '../misuse.ts';
import { allStoreKinds, everythingIn, inFile, inMemory, openAt, openNew, storeKinds } from '../open-stores.ts';

const saving = { ...account, snapshots: { every: 2 }, version: 1 };

/** A schema that asks something of the data, at once or later. */
function schemaOf(complaint: (data: unknown) => string | undefined, when: 'now' | 'later' = 'now'): StandardSchema {
  const judge = (value: unknown) => {
    const message = complaint(value);
    return message === undefined ? { value } : { issues: [{ message, path: ['amount'] }] };
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (when === 'now' ? judge(value) : Promise.resolve().then(() => judge(value))),
    },
  };
}

const positive = (data: unknown): string | undefined =>
  typeof data === 'object' && data !== null && 'amount' in data && Number(data.amount) > 0
    ? undefined
    : 'must be positive';

async function fill(store: Store, entities: number, deposits = 3): Promise<void> {
  for (let entity = 0; entity < entities; entity += 1)
    for (let index = 1; index <= deposits; index += 1)
      await handle(store, account, `account-${entity}`, deposit(10 * index));
}

/** Opens the same store anew with other code, and checks it. */
async function checkedBy(
  t: TestContext,
  address: string,
  options: Parameters<typeof openStore>[1] & { readonly folds?: Parameters<typeof checkHistory>[1] },
): Promise<HistoryReport> {
  const { folds = {}, ...rest } = options;
  return await checkHistory(await openAt(t, address, rest), folds);
}

suite('A sound history', () => {
  for (const kind of allStoreKinds)
    test(`has no findings, and the check writes nothing (${kind.name})`, async (t) => {
      const store = await openNew(t, kind, { events: { Deposited: schemaOf(positive, 'later'), Noted: {} } });
      await fill(store, 20);
      await handle(store, saving, 'account-5', deposit(1));
      await store.append('note-1', [{ type: 'Noted', data: 'something' }]);
      const before = await everythingIn(store);
      const entries = await store.context.engine.keyedScan({ prefix: '', limit: 1000 });
      const progress: number[] = [];
      const report = await checkHistory(
        store,
        { account: saving },
        { onProgress: ({ done, total }) => progress.push(done / total) },
      );
      assert.deepEqual(report.findings, []);
      assert.deepEqual(
        [report.eventCount, report.entityCount, report.snapshotCount, report.unusedSnapshotCount, report.findingCount],
        [62, 20, 1, 0, 0],
      );
      assert.deepEqual(
        progress,
        progress.toSorted((left, right) => left - right),
      );
      assert.equal(progress.at(-1), 1);
      assert.deepEqual(await everythingIn(store), before);
      assert.deepEqual(await store.context.engine.keyedScan({ prefix: '', limit: 1000 }), entries);
    });

  test('may be empty', async (t) => {
    const store = await openNew(t, inMemory);
    const report = await checkHistory(store, { account });
    assert.deepEqual([report.eventCount, report.entityCount, report.findings], [0, 0, []]);
  });

  for (const kind of storeKinds)
    test(`may be truncated, removed and ended (${kind.name})`, async (t) => {
      const store = await openNew(t, kind, {
        strictTypes: true,
        events: { Deposited: {}, Summed: { carriesState: true } },
      });
      type Sums = Event<'Deposited', { amount: number }> | Event<'Summed', { balance: number }>;
      // It stumbles over what was before the sum.
      const fold = {
        category: 'account',
        initialState: undefined as number | undefined,
        evolve: (state: number | undefined, { type, data }: Recorded<Sums>): number => {
          if (type === 'Summed') return data.balance;
          if (state === undefined) throw new Error('begins without a sum');
          return state + data.amount;
        },
      };
      for (const id of ['account-1', 'account-2'])
        await store.append(id, [
          { type: 'Deposited', data: { amount: 1 } },
          { type: 'Summed', data: { balance: 1 } },
          { type: 'Deposited', data: { amount: 2 } },
        ]);
      assert.equal((await checkHistory(store, { account: fold })).findingCount, 2);
      await store.truncate('account-1', { before: 2 });
      await store.removeTruncated('account-1');
      await store.tombstone('account-2');
      await store.removeTruncated('account-2');
      const report = await checkHistory(store, { account: fold });
      assert.deepEqual([report.findings, report.entityCount], [[], 2]);
    });
});

suite('Found is', () => {
  test('an event whose upcaster throws, once, though its entity cannot be folded either', async (t) => {
    const address = await inFile.address(t);
    await fill(await openAt(t, address), 3);
    const report = await checkedBy(t, address, {
      folds: { account },
      upcasters: [
        {
          type: 'Deposited',
          upcast: ({ streamId, version }) => {
            if (streamId === 'account-1' && version === 2) throw new Error('old shape');
            return {};
          },
        },
      ],
    });
    assert.deepEqual(report.findings, [
      {
        kind: 'upcast',
        partition: 0,
        position: 5,
        streamId: 'account-1',
        version: 2,
        type: 'Deposited',
        message: 'old shape',
      },
    ]);
    assert.equal(report.findingCount, 1);
  });

  test('data that today’s schema refuses, after the upcasters, whether it answers at once or later', async (t) => {
    const address = await inFile.address(t);
    await fill(await openAt(t, address), 2);
    const upcasters = [
      {
        type: 'Deposited',
        when: ({ version }: { version: number }) => version === 2,
        upcast: () => ({ data: { amount: -1 } }),
      },
    ];
    for (const when of ['now', 'later'] as const) {
      const report = await checkedBy(t, address, { events: { Deposited: schemaOf(positive, when) }, upcasters });
      assert.deepEqual(
        report.findings.map(({ kind, position, message }) => [kind, position, message]),
        [
          ['invalid', 2, '/amount: must be positive'],
          ['invalid', 5, '/amount: must be positive'],
        ],
      );
    }
    const failing = await checkedBy(t, address, {
      events: {
        Deposited: schemaOf(() => {
          throw new Error('out of order');
        }),
      },
    });
    assert.equal(failing.findingCount, 6);
    assert.equal(failing.findings[0]?.message, 'Its schema failed: out of order');
  });

  test('a type that is not declared, where types are strict', async (t) => {
    const address = await inFile.address(t);
    const store = await openAt(t, address);
    await fill(store, 1);
    await store.append('account-0', [{ type: 'Closed', data: null }]);
    const events = { Deposited: {} };
    assert.equal((await checkedBy(t, address, { events })).findingCount, 0);
    const [finding, ...more] = (await checkedBy(t, address, { events, strictTypes: true })).findings;
    assert.deepEqual([finding?.kind, finding?.type, finding?.version, more], ['undeclared', 'Closed', 4, []]);
  });

  test('a record that the codec cannot read; the rest of its page is judged', async (t) => {
    const address = await inFile.address(t);
    await fill(await openAt(t, address), 2);
    const codec = {
      encode: async (items: readonly { data: string; metadata: string }[]) => items,
      decode: async (items: readonly { data: string; metadata: string }[]) => {
        if (items.some(({ data }) => data.includes('20'))) throw new Error('no key');
        return items;
      },
    };
    const report = await checkedBy(t, address, { codec, folds: { account } });
    assert.deepEqual(
      report.findings.map(({ kind, position, type, message }) => [kind, position, type, message]),
      [
        ['undecodable', 2, 'Deposited', 'no key'],
        ['undecodable', 5, 'Deposited', 'no key'],
      ],
    );
  });

  test('an entity that does not fold, once, at the event where it fails', async (t) => {
    const store = await openNew(t, inMemory);
    await fill(store, 3);
    const evolve: typeof evolveAccount = (state, event) => {
      if (event.streamId === 'account-2' && event.version >= 2) throw new Error('cannot be');
      return evolveAccount(state, event);
    };
    const { findings, entityCount } = await checkHistory(store, { account: { ...account, evolve } });
    assert.deepEqual(
      findings.map(({ kind, streamId, version, position, message }) => [kind, streamId, version, position, message]),
      [['fold', 'account-2', 2, 8, 'cannot be']],
    );
    assert.equal(entityCount, 3);
  });

  test('a snapshot that this code would use and that is not what the events say; others are counted', async (t) => {
    const address = await inFile.address(t);
    const store = await openAt(t, address);
    for (let index = 0; index < 5; index += 1) await handle(store, saving, 'account-1', deposit(1));
    await handle(store, { ...saving, version: 2, snapshots: { every: 1 } }, 'account-1', deposit(1));
    await store.append('other-1', [{ type: 'Deposited', data: { amount: 1 } }]);
    await store.close();
    const forgetful: typeof evolveAccount = (state, event) => ({ ...evolveAccount(state, event), notes: ['seen'] });
    const report = await checkedBy(t, address, { folds: { account: { ...saving, evolve: forgetful } } });
    assert.deepEqual(
      report.findings.map(({ message, ...finding }) => ({ ...finding, isExplained: message !== '' })),
      [
        {
          kind: 'snapshot',
          partition: 0,
          position: 4,
          streamId: 'account-1',
          version: 4,
          type: '',
          isExplained: true,
          changes: [{ kind: 'added', path: '/notes/0', after: 'seen' }],
        },
      ],
    );
    assert.match(report.findings[0]?.message ?? '', /version 4 differs .* in one place, first at \/notes\/0/);
    assert.deepEqual([report.snapshotCount, report.unusedSnapshotCount], [1, 1]);
    // A fold that declares another version uses none of them.
    const next = await checkedBy(t, address, { folds: { account: { ...saving, evolve: forgetful, version: 3 } } });
    assert.deepEqual([next.findings, next.snapshotCount, next.unusedSnapshotCount], [[], 0, 2]);
    const none = await checkedBy(t, address, {});
    assert.equal(none.unusedSnapshotCount, 2);
  });

  test('no snapshot of a stream whose beginning is hidden by count', async (t) => {
    const store = await openNew(t, inMemory);
    await store.setStreamSettings('account-1', { maxCount: 3 });
    for (let index = 0; index < 6; index += 1) await handle(store, saving, 'account-1', deposit(1));
    const report = await checkHistory(store, { account: saving });
    assert.deepEqual([report.findings, report.snapshotCount], [[], 0]);
  });
});

suite('A check', () => {
  test('keeps the first findings in the order of the log, and counts all', async (t) => {
    const store = await openNew(t, inMemory, { strictTypes: false });
    await fill(store, 30);
    const evolve: typeof evolveAccount = (_, { version }) => {
      if (version === 2) throw new Error('two');
      return { balance: 0, notes: [] };
    };
    const report = await checkHistory(store, { account: { ...account, evolve } }, { findingsMax: 4 });
    assert.equal(report.findingCount, 30);
    assert.deepEqual(
      report.findings.map(({ position }) => position),
      [2, 5, 8, 11],
    );
    assert.deepEqual((await checkHistory(store, { account: { ...account, evolve } }, { findingsMax: 0 })).findings, []);
  });

  test('looks at a category, or at a range and the entities of its events', async (t) => {
    const store = await openNew(t, inMemory);
    await fill(store, 4);
    await store.append('note-1', [{ type: 'Noted', data: 1 }]);
    const counts = async (options: CheckHistoryOptions): Promise<number[]> => {
      const { eventCount, entityCount } = await checkHistory(store, { account, note: noting }, options);
      return [eventCount, entityCount];
    };
    assert.deepEqual(await counts({}), [13, 5]);
    assert.deepEqual(await counts({ category: 'note' }), [1, 1]);
    assert.deepEqual(await counts({ after: 7 }), [6, 3]);
    assert.deepEqual(await counts({ after: 3, until: 6 }), [3, 1]);
    assert.deepEqual(await counts({ category: 'account', after: 12 }), [0, 0]);
  });

  test('ends with its signal, and lets others have their turn', async (t) => {
    const store = await openNew(t, inMemory);
    for (let entity = 0; entity < 50; entity += 1)
      await store.append(
        `account-${entity}`,
        Array.from({ length: 100 }, () => ({ type: 'Deposited', data: { amount: 1 } })),
      );
    const controller = new AbortController();
    // Only a turn of the event loop lets a timer end it.
    setTimeout(() => controller.abort(new Error('enough')), 1);
    const evolve: typeof evolveAccount = (state, event) => {
      const until = performance.now() + 0.05;
      while (performance.now() < until);
      return evolveAccount(state, event);
    };
    await assert.rejects(
      checkHistory(store, { account: { ...account, evolve } }, { signal: controller.signal }),
      /enough/,
    );
  });

  test('refuses what it cannot be asked', async (t) => {
    const store = await openNew(t, inMemory);
    const cases: readonly [string, readonly unknown[], RegExp][] = [
      ['no store', [{}, {}], /store/],
      ['no folds', [store, undefined], /folds/],
      ['a fold without evolve', [store, { account: { initialState: 0 } }], /evolve/],
      ['a fold of another category', [store, { order: account }], /category/],
      ['a stream id', [store, { 'account-1': { ...account, category: undefined } }], /category/],
      ['a count that is none', [store, {}, { findingsMax: -1 }], /findingsMax/],
      ['a place that is none', [store, {}, { after: 'x' }], /after/],
      ['a signal that is none', [store, {}, { signal: 1 }], /signal/],
    ];
    for (const [what, values, named] of cases)
      await assertRefused(() => callLoosely(checkHistory, ...values), { what, named });
  });
});

const noting = { initialState: 0, evolve: (count: number): number => count + 1 };
