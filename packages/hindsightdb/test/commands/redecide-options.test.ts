/** Which commands are decided again, and how that is followed and ended. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { redecide, type RedecideOptions } from '../../src/commands/index.ts';
import { assertRefused, callLoosely } from '../misuse.ts';
import type { Ending } from '../temporary-folder.ts';
import { fill, pay, recorded } from './recorded-stores.ts';
import type { Noted, Step } from './recorded-wallets.ts';
import { preparing, wallet, type Decided, type Wallet } from './wallets.ts';

suite('Which commands are decided again', () => {
  const steps: Step[] = Array.from({ length: 200 }, (_, index) => ({
    entity: index % 20,
    type: index % 3 === 0 ? 'Pay' : 'Fill',
    amount: 1 + (index % 7),
    how: index % 2 === 0 ? 'together' : 'apart',
  }));
  /** Rules that decide nothing as before: what is named is what was looked at. */
  const silent = { decide: () => [{ type: 'Paid' as const, data: { cents: -1 } }] };

  async function looked(t: Ending) {
    const { store, again, noted } = await recorded(t, steps);
    const ids = async (options: RedecideOptions) => {
      const { differences, ...report } = await again(silent, { differencesMax: 1000, ...options });
      return { ids: differences.map(({ commandId }) => commandId).toSorted(), report };
    };
    return { store, ids, noted };
  }
  const named = (some: readonly Noted[]): string[] => some.map(({ command }) => command.id).toSorted();

  test('can be said by entity, type and range of acceptance', async (t) => {
    const { store, ids, noted } = await looked(t);
    assert.deepEqual((await ids({})).ids, named(noted));
    const ofEntity = noted.filter(({ command }) => command.streamId === 'wallet-7');
    assert.deepEqual((await ids({ streamId: 'wallet-7' })).ids, named(ofEntity));
    const ofType = noted.filter(({ command }) => command.type === 'Pay');
    assert.deepEqual((await ids({ types: ['Pay'] })).ids, named(ofType));
    const records = (await store.readLog({ includeReserved: true }).toArray()).filter(({ type }) =>
      ['$commandAccepted', '$commandHandled'].includes(type),
    );
    const [after = 0, until = 0] = [records[50]?.position, records[120]?.position];
    const inRange = records.slice(51, 121).map(({ id }) => id);
    assert.deepEqual(
      (await ids({ after: { checkpoint: after }, until: { checkpoint: until } })).ids,
      inRange.toSorted(),
    );
    const early = new Set(records.slice(0, 121).map(({ id }) => id));
    const ofBoth = named(ofEntity).filter((id) => early.has(id));
    assert.deepEqual((await ids({ until: { checkpoint: until }, streamId: 'wallet-7' })).ids, ofBoth);
    assert.equal(ofBoth.length, 6);
    assert.deepEqual((await ids({ after: { time: new Date(Date.now() + 60_000) } })).ids, []);
    assert.equal((await ids({ until: { time: new Date(Date.now() + 60_000) } })).ids.length, 200);
  });

  test('can be a sample, the same under the same seed', async (t) => {
    const { ids, noted } = await looked(t);
    const some = await ids({ sample: { commands: 37 } });
    assert.equal(some.ids.length, 37);
    assert.equal(some.report.seed, '0');
    assert.deepEqual((await ids({ sample: { commands: 37 } })).ids, some.ids);
    assert.notDeepEqual((await ids({ sample: { commands: 37 }, seed: 'other' })).ids, some.ids);
    assert.deepEqual((await ids({ sample: { commands: 5000 } })).ids, named(noted));
    const pays = await ids({ sample: { commands: 10 }, types: ['Pay'] });
    assert.equal(pays.ids.length, 10);
    assert.ok(pays.ids.every((id) => noted.find(({ command }) => command.id === id)?.command.type === 'Pay'));
    const half = await ids({ sample: { entities: 0.5 } });
    assert.ok(half.report.entityCount > 2 && half.report.entityCount < 18, `${half.report.entityCount} of 20`);
    assert.equal(half.ids.length, half.report.entityCount * 10);
    assert.deepEqual((await ids({ sample: { entities: 0.5 }, after: { checkpoint: 0 } })).ids, half.ids);
    assert.equal((await ids({ sample: { entities: 1 } })).ids.length, 200);
  });
});

suite('Deciding again', () => {
  test('takes a bare decider, which decides the records themselves', async (t) => {
    const { store, rates } = await recorded(t, [fill(3), pay(1)]);
    const seen: unknown[] = [];
    const bare = {
      ...wallet,
      decide: (command: Decided['command'], state: Wallet) => (
        seen.push(command),
        wallet.decide({ command, rate: 1 }, state)
      ),
    };
    assert.equal((await redecide(store, bare)).sameCount, 2);
    assert.deepEqual(seen[1], {
      id: 'command-2',
      type: 'Pay',
      streamId: 'wallet-1',
      data: { cents: 1 },
      metadata: {},
      acceptedAt: '2026-03-01T00:00:00.000000Z',
      at: '2026-03-01T00:00:00.000000Z',
    });
    const prepared = await redecide(store, wallet, { prepare: preparing(rates) as never });
    assert.equal(prepared.sameCount, 2);
  });

  test('reports how far it is, and ends with its signal', async (t) => {
    const { again } = await recorded(
      t,
      Array.from({ length: 300 }, (_, entity) => ({ ...fill(1), entity })),
    );
    const progress: number[][] = [];
    await again({}, { onProgress: ({ done, total, commands }) => progress.push([done, total, commands]) });
    assert.deepEqual(progress.at(-1), [300, 300, 300]);
    assert.deepEqual(progress[0], [64, 300, 64]);
    const controller = new AbortController();
    // Only a turn of the event loop lets the timer end it.
    setTimeout(() => controller.abort(new Error('enough')), 1);
    const slow: typeof wallet.decide = (decided, state) => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      return wallet.decide(decided, state);
    };
    await assert.rejects(again({ decide: slow }, { signal: controller.signal }), /enough/);
    const never = { prepare: async () => await new Promise(() => undefined), signal: AbortSignal.timeout(20) };
    await assert.rejects(again({}, never), { name: 'TimeoutError' });
    await assert.rejects(again({}, { signal: AbortSignal.abort(new Error('at once')) }), /at once/);
  });

  test('holds one entity in memory at a time', async (t) => {
    const { again } = await recorded(
      t,
      Array.from({ length: 2048 }, (_, index) => ({ ...fill(1), entity: index % 1024 })),
    );
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    assert.ok(typeof collect === 'function');
    const used: number[] = [];
    await again(
      // 100 KiB for each entity: a hundred megabytes, were they kept.
      {
        evolve: (state, event) => ({
          ...wallet.evolve(state, event),
          ballast: Array.from({ length: 12_800 }, () => 0.5),
        }),
      },
      {
        onProgress: () => {
          Reflect.apply(collect, undefined, []);
          used.push(process.memoryUsage().heapUsed);
        },
      },
    );
    assert.equal(used.length, 17);
    const growth = Math.max(...used) - (used[0] ?? 0);
    assert.ok(growth < 20 * 1024 * 1024, `grew by ${growth} bytes`);
  });

  test('sees what a reader sees that came behind its page', async (t) => {
    // More commands and events than a page holds, on one entity.
    const { again } = await recorded(
      t,
      Array.from({ length: 700 }, (_, index) => (index % 5 === 0 ? pay(1) : fill(2))),
    );
    const report = await again({});
    assert.deepEqual([report.sameCount, report.differences], [700, []]);
  });

  test('refuses what it cannot be asked', async (t) => {
    const { store } = await recorded(t, []);
    const cases: readonly [string, readonly unknown[], RegExp][] = [
      ['no store', [{}, wallet], /store/],
      ['nothing to decide', [store, undefined], /decides/],
      ['a fold', [store, { initialState: 0, evolve: () => 0, category: 'wallet' }], /decide/],
      ['a decider without a category', [store, { ...wallet, category: undefined }], /category/],
      ['an entity of another category', [store, wallet, { streamId: 'order-1' }], /wallet/],
      ['types that are none', [store, wallet, { types: 'Pay' }], /types/],
      ['an empty sample', [store, wallet, { sample: {} }], /sample/],
      ['a sample of both', [store, wallet, { sample: { entities: 1, commands: 1 } }], /sample/],
      ['a share beyond all', [store, wallet, { sample: { entities: 2 } }], /sample/],
      ['a sample of none', [store, wallet, { sample: { commands: 0 } }], /sample/],
      ['a version', [store, wallet, { after: { version: 3 } }], /after/],
      ['a seed that is a number', [store, wallet, { seed: 1 }], /seed/],
      ['a prepare that is none', [store, wallet, { prepare: 1 }], /prepare/],
      ['a count that is none', [store, wallet, { differencesMax: -1 }], /differencesMax/],
      ['a signal that is none', [store, wallet, { signal: 1 }], /signal/],
    ];
    for (const [what, values, named] of cases)
      await assertRefused(() => callLoosely(redecide, ...values), { what, named });
  });
});
