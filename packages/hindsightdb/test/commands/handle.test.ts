/** Handling a command: load, decide, append, answer. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { handle } from '../../src/commands/handle.ts';
import { defineDecider } from '../../src/core/decider.ts';
import { isConflict } from '../../src/core/errors.ts';
import type { Event, Recorded } from '../../src/core/event.ts';
import type { Upcaster } from '../../src/core/upcast.ts';
import { callLoosely } from '../misuse.ts';
import { allStoreKinds, everythingIn, inMemory, openNew, settableClock } from '../open-stores.ts';
import { gatedSchema, schemaOf } from '../store/schemas.ts';
import { encryptingCodec } from '../store/encrypting-codec.ts';
import { account, deposit, Overdrawn, withdraw, type AccountCommand } from './accounts.ts';
import { openSteered, secondHandle } from './steered-stores.ts';

for (const kind of allStoreKinds) {
  suite(`in ${kind.name} a command`, () => {
    test('is decided on the present state, its events are written, and the answer says what became of it', async (t) => {
      const store = await openNew(t, kind);
      const first = await handle(store, account, 'account-1', { do: 'deposit', amount: 5, times: 2 });
      const second = await handle(store, account, 'account-1', withdraw(3, 'rent'));
      assert.deepEqual([first.state.balance, first.version, first.isDuplicate], [10, 2, false]);
      assert.deepEqual([second.state, second.version, second.isDuplicate], [{ balance: 7, notes: ['rent'] }, 3, false]);
      const stored = await store.readStream('account-1').toArray();
      assert.deepEqual([...first.events, ...second.events], stored, 'the events are as a read gives them');
      assert.deepEqual((await store.load(account, 'account-1')).state, second.state);
      await store.validateCheckpoint(second.checkpoint);
    });

    test('that leads to nothing writes nothing', async (t) => {
      const store = await openNew(t, kind);
      await handle(store, account, 'account-1', deposit(5));
      const { events, version, state, checkpoint, isDuplicate } = await handle(store, account, 'account-1', {
        do: 'look',
      });
      assert.deepEqual([events, version, state.balance, isDuplicate], [[], 1, 5, false]);
      assert.equal(checkpoint, await store.head());
      assert.equal((await everythingIn(store)).length, 1);
    });

    test('that is refused reaches the caller with the error of the decider, and writes nothing', async (t) => {
      const store = await openNew(t, kind);
      const refusal = new Overdrawn('poor');
      const poor = defineDecider({
        ...account,
        decide: () => {
          throw refusal;
        },
      });
      await assert.rejects(handle(store, poor, 'account-1', deposit(1)), (error) => error === refusal);
      await assert.rejects(handle(store, account, 'account-1', withdraw(1)), Overdrawn);
      assert.deepEqual(await everythingIn(store), []);
      assert.equal((await handle(store, account, 'account-1', deposit(1))).version, 1);
    });

    test('waits for those before it, and answers come in their order', async (t) => {
      const store = await openNew(t, kind);
      const answered: number[] = [];
      const results = await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const result = await handle(store, account, 'account-1', deposit(1, `${index}`));
          answered.push(index);
          return result;
        }),
      );
      assert.deepEqual(
        answered,
        Array.from({ length: 60 }, (_, index) => index),
      );
      assert.deepEqual(
        results.map(({ version, state }) => [version, state.balance]),
        answered.map((index) => [index + 1, index + 1]),
      );
      assert.deepEqual((await store.load(account, 'account-1')).state.notes, answered.map(String));
    });

    test('carries its metadata to its events', async (t) => {
      const store = await openNew(t, kind, { metadata: { release: '7' } });
      const metadata = { correlationId: 'c', causationId: 'd', actor: 'ada' };
      const { events } = await handle(store, account, 'account-1', deposit(1), { metadata });
      assert.deepEqual(events[0]?.metadata, { release: '7', ...metadata });
    });

    test('is not disturbed by those of more than a thousand other entities', async (t) => {
      const store = await openNew(t, kind);
      const ids = Array.from({ length: 1100 }, (_, index) => `account-${index}`);
      for (const amount of [1, 10])
        await Promise.all(ids.map(async (id) => await handle(store, account, id, deposit(amount))));
      const states = await Promise.all(
        [0, 99, 100, 101, 1099].map(async (index) => await handle(store, account, ids[index] ?? '', { do: 'look' })),
      );
      assert.deepEqual(
        states.map(({ version, state }) => [version, state.balance]),
        states.map(() => [2, 11]),
      );
    });

    test('finds what others wrote in the meantime', async (t) => {
      const store = await openNew(t, kind);
      await handle(store, account, 'account-1', deposit(5));
      await store.append('account-1', [{ type: 'Deposited', data: { amount: 2 } }]);
      await handle(secondHandle(store), account, 'account-1', withdraw(6));
      await assert.rejects(handle(store, account, 'account-1', withdraw(2)), Overdrawn);
      assert.equal((await handle(store, account, 'account-1', withdraw(1))).version, 4);
    });
  });
}

suite('the expected version of a command', () => {
  test('must be that of the entity, and no retry is made', async (t) => {
    const { store, foreign, steering } = await openSteered(t, inMemory);
    assert.equal((await handle(store, account, 'account-1', deposit(1), { expectedVersion: 0 })).version, 1);
    const late = handle(store, account, 'account-1', deposit(1), { expectedVersion: 0 });
    await assert.rejects(
      late,
      (error) => isConflict(error) && error.code === 'VERSION_CONFLICT' && error.conflicts.length === 1,
    );
    steering.before = async () => {
      steering.before = async () => {};
      await foreign.append('account-1', [{ type: 'Deposited', data: { amount: 1 } }]);
    };
    await assert.rejects(handle(store, account, 'account-1', deposit(1), { expectedVersion: 1 }), {
      code: 'VERSION_CONFLICT',
    });
    assert.equal(steering.seen.length, 2, 'one append for the first, one for the last, none again');
    assert.equal((await handle(store, account, 'account-1', deposit(1), { expectedVersion: 2 })).version, 3);
  });

  test('is that behind the commands before it', async (t) => {
    const store = await openNew(t, inMemory);
    const answers = await Promise.all(
      [0, 1, 2].map(
        async (expectedVersion) => await handle(store, account, 'account-1', deposit(1), { expectedVersion }),
      ),
    );
    assert.deepEqual(
      answers.map(({ version }) => version),
      [1, 2, 3],
    );
  });

  test('also concerns a command that would do nothing', async (t) => {
    const store = await openNew(t, inMemory);
    await assert.rejects(handle(store, account, 'account-1', { do: 'look' }, { expectedVersion: 1 }), {
      code: 'VERSION_CONFLICT',
    });
  });
});

suite('when somebody else writes in between', () => {
  for (const retries of [0, 1, 3, undefined]) {
    test(`a command is decided anew ${retries ?? 'three (the default)'} times, and then gives up`, async (t) => {
      const { store, foreign, steering } = await openSteered(t, inMemory);
      const decided: number[] = [];
      const counting = defineDecider({
        ...account,
        decide: (command: AccountCommand, state) => {
          decided.push(state.balance);
          return account.decide(command, state);
        },
      });
      steering.before = async () =>
        void (await foreign.append('account-1', [{ type: 'Deposited', data: { amount: 1 } }]));
      const options = retries === undefined ? {} : { retries };
      await assert.rejects(handle(store, counting, 'account-1', deposit(100), options), (error) => isConflict(error));
      const times = (retries ?? 3) + 1;
      assert.deepEqual(
        decided,
        Array.from({ length: times }, (_, index) => index),
      );
      assert.equal((await foreign.load(account, 'account-1')).state.balance, times, 'nothing of it was written');
    });
  }

  test('a command is decided on what they wrote', async (t) => {
    const { store, foreign, steering } = await openSteered(t, inMemory);
    await handle(store, account, 'account-1', deposit(5));
    steering.before = async () => {
      steering.before = async () => {};
      await handle(foreign, account, 'account-1', withdraw(4));
    };
    await assert.rejects(handle(store, account, 'account-1', withdraw(2)), Overdrawn);
    assert.equal((await foreign.load(account, 'account-1')).state.balance, 1);
  });
});

suite('what stands in the way of writing', () => {
  test('leaves the entity as it was, and the next command goes its way', async (t) => {
    const events = {
      Deposited: schemaOf<unknown>((value) =>
        Reflect.get(Object(value), 'amount') === 13 ? { issues: [{ message: 'unlucky' }] } : { value },
      ),
    };
    const store = await openNew(t, inMemory, { events, limits: 'portable' });
    const broken = { ...account, decide: () => '' };
    const answers = await Promise.allSettled([
      handle(store, account, 'account-1', deposit(1)),
      handle(store, account, 'account-1', deposit(13)),
      handle(store, account, 'account-1', { do: 'deposit', amount: 1, times: 26 }),
      handle(store, account, 'account-1', deposit(1, 'x'.repeat(300_000))),
      callLoosely(handle, store, broken, 'account-1', deposit(1)),
      handle(store, account, 'account-1', deposit(2)),
    ]);
    const outcomes = answers.map((each): unknown =>
      each.status === 'fulfilled'
        ? Reflect.get(Object(each.value), 'version')
        : Reflect.get(Object(each.reason), 'code'),
    );
    assert.deepEqual(outcomes, [1, 'VALIDATION_FAILED', 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED', 'INVALID_ARGUMENT', 2]);
    assert.deepEqual((await store.load(account, 'account-1')).state.balance, 3);
  });

  test('is found before anything is written where the fold cannot take what was decided', async (t) => {
    const store = await openNew(t, inMemory);
    const failing = defineDecider({
      ...account,
      evolve: () => {
        throw new Error('cannot fold');
      },
    });
    await assert.rejects(handle(store, failing, 'account-1', deposit(1)), /cannot fold/);
    assert.deepEqual(await everythingIn(store), []);
  });

  test('is a tombstone too', async (t) => {
    const store = await openNew(t, inMemory);
    await handle(store, account, 'account-1', deposit(1));
    await store.tombstone('account-1');
    await assert.rejects(handle(store, account, 'account-1', deposit(1)), { code: 'STREAM_TOMBSTONED' });
  });
});

suite('the fold sees an event as a read will give it:', () => {
  type Stamped = Event<'Stamped', { readonly amount: number }>;
  const stamps = (field: (event: Recorded<Stamped>) => unknown) =>
    defineDecider({
      initialState: [] as readonly unknown[],
      decide: (amount: number): Stamped => ({
        type: 'Stamped',
        data: { amount },
        tags: ['t'],
        occurredAt: '2026-01-01',
      }),
      evolve: (state, event: Recorded<Stamped>) => [...state, field(event)],
    });

  for (const [what, field] of [
    ['its data', ({ data }) => data.amount],
    [
      'its id, version, stream, tags, metadata and time of occurrence',
      ({ id, version, streamId, tags, metadata, occurredAt, partition }) => [
        id,
        version,
        streamId,
        tags,
        metadata,
        occurredAt,
        partition,
      ],
    ],
    ['its position', ({ position }) => position],
    ['its time', ({ recordedAt }) => recordedAt],
    ['all of it', (event) => ({ ...event })],
  ] as readonly (readonly [string, (event: Recorded<Stamped>) => unknown])[]) {
    test(what, async (t) => {
      const clock = settableClock();
      const store = await openNew(
        t,
        { ...inMemory, partitionCount: 4 },
        { now: () => (clock.micros += 7), metadata: { release: '1' } },
      );
      await store.append('other-1', [{ type: 'Stamped', data: { amount: 0 } }]);
      const decider = stamps(field);
      const answers = await Promise.all([1, 2, 3].map(async (amount) => await handle(store, decider, 'a-1', amount)));
      const fresh = await store.load(decider, 'a-1');
      assert.deepEqual(answers.at(-1)?.state, fresh.state);
      assert.deepEqual((await handle(store, decider, 'a-1', 4)).state, (await store.load(decider, 'a-1')).state);
    });
  }

  test('upcast, also by upcasters that look at position and time', async (t) => {
    const clock = settableClock();
    const seen: unknown[] = [];
    const upcasters: readonly Upcaster[] = [
      {
        type: 'Stamped',
        when: ({ recordedAt }) => recordedAt < '2026-03-01T00:00:00.000010Z',
        upcast: () => ({ data: { amount: 'old' } }),
      },
      { type: 'Stamped', when: ({ position }) => position === 0, upcast: () => ({ data: { amount: 'nowhere' } }) },
      {
        type: 'Stamped',
        when: ({ version }) => version === 3,
        upcast: (event) => [event, { data: { amount: 'twice' } }],
      },
      { type: 'Stamped', when: ({ version }) => version === 4, upcast: () => [] },
    ];
    const store = await openNew(t, inMemory, { now: clock.now, upcasters });
    const decider = stamps(({ data }) => data.amount);
    for (const amount of [1, 2, 3, 4, 5]) {
      clock.micros += 6;
      seen.push((await handle(store, decider, 'a-1', amount)).state.at(-1));
    }
    const { state } = await store.load(decider, 'a-1');
    assert.deepEqual(state, ['old', 2, 3, 'twice', 5]);
    assert.deepEqual(seen, ['old', 2, 'twice', 'twice', 5]);
    const together = await Promise.all([6, 7].map(async (amount) => await handle(store, decider, 'a-1', amount)));
    assert.deepEqual(together.at(-1)?.state, [...state, 6, 7]);
  });

  test('as its schema made it, when that is asynchronous too', async (t) => {
    const gate = gatedSchema();
    const doubled = schemaOf<{ amount: number }, { amount: number }>(async (value) => {
      await gate.schema['~standard'].validate(value);
      return { value: { amount: Number(Reflect.get(Object(value), 'amount')) * 2 } };
    });
    const store = await openNew(t, inMemory, { events: { Stamped: doubled } });
    const decider = stamps(({ data }) => data.amount);
    const answers = Promise.all([1, 2, 3].map(async (amount) => await handle(store, decider, 'a-1', amount)));
    for (let count = 0; count < 3; count += 1) {
      while (gate.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
      gate.open();
    }
    assert.deepEqual(
      (await answers).map(({ state }) => state),
      [[2], [2, 4], [2, 4, 6]],
    );
    assert.deepEqual((await store.load(decider, 'a-1')).state, [2, 4, 6]);
  });

  test('through a codec', async (t) => {
    const { codec } = await encryptingCodec();
    const store = await openNew(t, inMemory, { codec });
    const decider = stamps(({ data, position }) => [data.amount, position]);
    const answers = await Promise.all([1, 2].map(async (amount) => await handle(store, decider, 'a-1', amount)));
    assert.deepEqual(
      answers.map(({ state }) => state),
      [
        [[1, 1]],
        [
          [1, 1],
          [2, 2],
        ],
      ],
    );
    assert.deepEqual((await store.load(decider, 'a-1')).state, answers[1]?.state);
  });
});

test('a state may have any key, and no event can reach the prototype of an object', async (t) => {
  type Counted = Event<'Counted', Readonly<Record<string, number>>>;
  const noCounts: Readonly<Record<string, number>> = {};
  const tally = defineDecider({
    initialState: noCounts,
    decide: (key: string): Counted => ({ type: 'Counted', data: Object.fromEntries([[key, 1]]) }),
    evolve: (state, { data }: Recorded<Counted>) => ({ ...state, ...data }),
    snapshots: { every: 1 },
  });
  const store = await openNew(t, inMemory);
  for (const key of ['__proto__', 'constructor', 'toString', '__proto__'])
    await handle(store, tally, 'tally-__proto__', key);
  const again = await secondHandle(store).load(tally, 'tally-__proto__');
  assert.deepEqual(Object.keys(again.state), ['__proto__', 'constructor', 'toString']);
  assert.equal(Object.getPrototypeOf(again.state), Object.prototype);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});
