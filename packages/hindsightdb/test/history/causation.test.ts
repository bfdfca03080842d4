/** Causes and consequences across streams, by causation and correlation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore, type Event, type Recorded, type Store } from '../../src/index.ts';
import {
  cancelCommand,
  commandType,
  defineCommands,
  execute,
  runCommands,
  submit,
  waitForOutcome,
} from '../../src/commands/index.ts';
import { causationOf, type CausationNode } from '../../src/history/index.ts';

interface Said {
  readonly id: string;
  readonly cause?: string;
  readonly correlation?: string;
}

async function say(store: Store, streamId: string, { id, cause, correlation }: Said): Promise<void> {
  const metadata = {
    ...(cause !== undefined && { causationId: cause }),
    ...(correlation !== undefined && { correlationId: correlation }),
  };
  await store.append(streamId, [{ type: `Made ${id}`, id, data: null, metadata }]);
}

const shape = ({ id, event, effects }: CausationNode): unknown => [id, event !== undefined, effects.map(shape)];

for (const partitionCount of [1, 4]) {
  test(`the tree of an event holds its causes and what followed, with ${partitionCount} partitions`, async () => {
    // Partitions have no order but that of time, and so each event has a time of its own.
    let micros = 0;
    await using store = await openStore('memory:', { partitionCount, now: () => (micros += 1000) });
    await say(store, 'other-1', { id: 'unrelated' });
    await say(store, 'order-1', { id: 'placed', cause: 'command-1' });
    await say(store, 'payment-1', { id: 'paid', cause: 'placed' });
    await say(store, 'other-2', { id: 'stranger', cause: 'unrelated' });
    await say(store, 'shipment-1', { id: 'shipped', cause: 'paid' });
    await say(store, 'mail-1', { id: 'told', cause: 'placed' });
    for (const reference of [{ id: 'paid' }, { streamId: 'payment-1', version: 1 }]) {
      const tree = await causationOf(store, reference);
      assert.deepEqual(
        tree?.causes.map(({ id }) => id),
        ['placed'],
      );
      assert.deepEqual(tree?.roots.map(shape), [
        [
          'command-1',
          false,
          [
            [
              'placed',
              true,
              [
                ['paid', true, [['shipped', true, []]]],
                ['told', true, []],
              ],
            ],
          ],
        ],
      ]);
      assert.equal(tree?.isCutOff, false);
      assert.equal(tree?.eventCount, 4);
    }
    assert.equal(await causationOf(store, { id: 'nobody' }), undefined);
    assert.equal(await causationOf(store, { streamId: 'order-1', version: 2 }), undefined);
    assert.equal((await causationOf(store, { id: 'placed' }, { eventsMax: 2 }))?.isCutOff, true);
  });
}

test('a correlation joins what no cause connects, and forged circles end', async () => {
  await using store = await openStore('memory:');
  await say(store, 'a-1', { id: 'first', correlation: 'request-7' });
  await say(store, 'b-1', { id: 'round', cause: 'trip' });
  await say(store, 'b-2', { id: 'trip', cause: 'round' });
  await say(store, 'c-1', { id: 'own', cause: 'own' });
  await say(store, 'd-1', { id: 'second', correlation: 'request-7' });
  const joined = await causationOf(store, { id: 'second' });
  assert.deepEqual(
    joined?.roots.map(({ id }) => id),
    ['first', 'second'],
  );
  assert.deepEqual(
    (await causationOf(store, { id: 'trip' }))?.roots.map(({ id }) => id),
    ['round', 'trip'],
  );
  assert.deepEqual((await causationOf(store, { id: 'own' }))?.roots.map(shape), [['own', true, []]]);
});

const account = defineCommands({
  decider: {
    category: 'account',
    initialState: 0,
    decide: ({ data }: { data: { cents: number } }): Event<'Deposited' | 'Counted', { cents: number }>[] => [
      { type: 'Deposited', data },
      { type: 'Counted', data },
    ],
    evolve: (sum: number, event: Recorded<Event<'Deposited' | 'Counted', { cents: number }>>) => sum + event.version,
  },
  types: { Deposit: commandType<{ cents: number }>() },
});

for (const partitionCount of [1, 4])
  for (const correlation of [undefined, 'request-1'])
    test(`commands that are kept stand between the events, ${correlation === undefined ? 'without' : 'with'} a correlation, over ${partitionCount} partitions`, async () => {
      let micros = 0;
      await using store = await openStore('memory:', { partitionCount, now: () => (micros += 1000) });
      const deposit = (id: string, cause: string) => ({
        type: 'Deposit' as const,
        streamId: `account-${id}`,
        data: { cents: 1 },
        id,
        metadata: { causationId: cause, ...(correlation !== undefined && { correlationId: correlation }) },
      });
      const running = await runCommands(store, account);
      await say(store, 'order-1', { id: 'placed', cause: 'click', ...(correlation !== undefined && { correlation }) });
      await say(store, 'order-2', { id: 'other' });
      await execute(store, account, deposit('at-once', 'placed'));
      await submit(store, account, deposit('later', 'placed'));
      await waitForOutcome(store, 'later');
      await submit(store, account, { ...deposit('never', 'other'), metadata: { causationId: 'other' } });
      await running.stop();
      const [first] = await store.readStream('account-at-once').toArray();
      const [second] = await store.readStream('account-later').toArray();
      assert.ok(first !== undefined && second !== undefined);
      for (const reference of [
        { id: 'at-once' },
        { id: 'later' },
        { id: 'placed' },
        { id: first.id },
        { id: second.id },
      ]) {
        const tree = await causationOf(store, reference);
        assert.deepEqual(
          [reference, tree?.roots.map(commandShape)],
          [
            reference,
            [
              [
                'click',
                [
                  [
                    'Made placed',
                    [
                      [
                        'Deposit for account-at-once',
                        [
                          ['Deposited', []],
                          ['Counted', []],
                        ],
                      ],
                      [
                        'Deposit for account-later',
                        [
                          ['Deposited', []],
                          ['Counted', []],
                        ],
                      ],
                    ],
                  ],
                ],
              ],
            ],
          ],
        );
        assert.equal(tree?.eventCount, 7);
      }
      assert.deepEqual(
        (await causationOf(store, { id: first.id }))?.causes.map(({ type }) => type),
        ['Made placed', '$commandHandled'],
      );
    });

test('a command on which nothing was decided says so, in an event of its own or in its record', async () => {
  await using store = await openStore('memory:');
  const closed = defineCommands({
    decider: {
      category: 'account',
      initialState: 0,
      decide: (): Event[] => {
        throw new Error('It is closed.');
      },
      evolve: (sum: number) => sum,
    },
    types: { Deposit: commandType<null>() },
  });
  const deposit = (id: string) => ({
    type: 'Deposit' as const,
    streamId: 'account-1',
    data: null,
    id,
    metadata: { causationId: 'said' },
  });
  await say(store, 'order-1', { id: 'said' });
  await execute(store, closed, deposit('at-once'));
  await submit(store, closed, deposit('taken-back'));
  await cancelCommand(store, 'taken-back');
  await submit(store, closed, deposit('later'));
  await using _ = await runCommands(store, closed);
  await waitForOutcome(store, 'later');
  const tree = await causationOf(store, { id: 'said' });
  assert.deepEqual(tree?.roots.map(outcomeShape), [
    [
      'Made said',
      undefined,
      [
        ['Deposit', 'rejected', []],
        ['Deposit', undefined, [['Deposit', 'cancelled', []]]],
        ['Deposit', undefined, [['Deposit', 'rejected', []]]],
      ],
    ],
  ]);
});

const outcomeShape = ({ event, command, effects }: CausationNode): unknown => [
  command?.type ?? event?.type,
  command?.outcome,
  effects.map(outcomeShape),
];

const commandShape = ({ id, event, command, effects }: CausationNode): unknown => [
  command === undefined ? (event?.type ?? id) : `${command.type} for ${command.streamId}`,
  effects.map(commandShape),
];
