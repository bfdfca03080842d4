/** What deciding again says of a difference, and of a command that it cannot decide. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { redecide } from '../../src/commands/index.ts';
import { decisionOf } from '../../src/core/decider.ts';
import { guardEffect } from '../../src/core/replay.ts';
import type { Codec } from '../../src/store/codec.ts';
import { Store } from '../../src/store/store.ts';
import { inMemory, openNew } from '../open-stores.ts';
import { exchange, fill, hexadecimal, laterRelease, pay, recorded } from './recorded-stores.ts';
import { recordSteps } from './recorded-wallets.ts';
import { centsOf, preparing, ratesGateway, wallet, walletCommands, type WalletEvent } from './wallets.ts';

/** Rules that decide what the compiler would refuse. */
function deciding(decided: unknown): Partial<typeof wallet> {
  return decidingBy(() => decided);
}

function decidingBy(decide: () => unknown): Partial<typeof wallet> {
  // It is what plain JavaScript might return.
  return { decide: () => decide() as readonly WalletEvent[] };
}

suite('A difference says', () => {
  test('what was written and what would be', async (t) => {
    const { again } = await recorded(t, [fill(5), pay(2)]);
    const { differences } = await again({
      decide: (decided, state) =>
        decisionOf(wallet.decide(decided, state)).map((event) => ({ ...event, data: { cents: centsOf(event) + 1 } })),
    });
    const [first, second] = differences;
    assert.ok(first?.kind === 'events' && second?.kind === 'events');
    assert.deepEqual(
      [first.commandId, first.streamId, first.on, first.command?.type],
      ['command-1', 'wallet-1', 0, 'Fill'],
    );
    assert.deepEqual(second.was, {
      kind: 'decided',
      events: [{ type: 'Paid', data: { cents: 2 }, tags: ['nr:1', 'paid'] }],
    });
    assert.deepEqual(second.changes, [{ kind: 'replaced', path: '/events/0/data/cents', before: 2, after: 3 }]);
  });

  test('where a refusal became a decision, or the reverse', async (t) => {
    const { again } = await recorded(t, [fill(5), pay(2), pay(50)]);
    const { differences } = await again({
      decide: ({ command }, state) => {
        if (command.type === 'Pay' && command.data.cents < 10) throw new Error('too little');
        return command.type === 'Pay' ? [] : wallet.decide({ command, rate: 1 }, state);
      },
    });
    assert.deepEqual(
      differences.map(({ kind, on, ...rest }) => [kind, on, 'would' in rest ? rest.would : undefined]),
      [
        ['rejected', 1, { kind: 'rejected', error: { name: 'Error', message: 'too little' } }],
        ['decided', 2, { kind: 'decided', events: [] }],
      ],
    );
  });

  test('another sentence only where that is asked for', async (t) => {
    const { again } = await recorded(t, [pay(2)]);
    const decide = (): never => {
      throw new Error('No.');
    };
    assert.equal((await again({ decide })).differentCount, 0);
    const { differences } = await again({ decide }, { compareMessages: true });
    assert.deepEqual(
      differences.map(({ kind, ...rest }) => [kind, 'changes' in rest ? rest.changes : []]),
      [['message', [{ kind: 'replaced', path: '/error/message', before: '2 of 0', after: 'No.' }]]],
    );
  });

  test('where the rules throw by mistake, fold by mistake, or make what cannot be stored', async (t) => {
    const { store, again } = await recorded(t, [fill(1), pay(1), pay(99)]);
    const sending = guardEffect(function send() {});
    const broken: readonly [Partial<typeof wallet>, RegExp, number][] = [
      [
        {
          decide: () => {
            throw new TypeError('x is undefined');
          },
        },
        /x is undefined/,
        3,
      ],
      [deciding([{ type: 'Paid', data: { cents: 1n } }]), /BigInt/i, 3],
      [deciding(undefined), /An event must be/, 3],
      [decidingBy(async () => await Promise.reject(new Error('later'))), /decide gave a promise/, 3],
      [deciding([{ type: '$settingsChanged', data: { cents: 1 } }]), /store/, 3],
      [
        {
          decide: () => {
            sending();
            return [];
          },
        },
        /replays events/,
        3,
      ],
      [
        {
          evolve: () => {
            throw new Error('no fold');
          },
        },
        /no fold/,
        2,
      ],
      [
        {
          initialState: () => {
            throw new Error('no beginning');
          },
        },
        /no beginning/,
        3,
      ],
    ];
    for (const [change, message, count] of broken) {
      const report = await again(change);
      assert.equal(report.differentCount, count, String(message));
      for (const difference of report.differences) {
        assert.equal(difference.kind, 'failed');
        assert.match(
          'would' in difference && 'error' in difference.would ? difference.would.error.message : '',
          message,
        );
      }
    }
    const upcasting = laterRelease(store, [
      {
        type: 'Paid',
        upcast: () => {
          throw new Error('no shape');
        },
      },
    ]);
    const report = await redecide(upcasting, wallet, { prepare: (command) => ({ command, rate: 1 }) });
    assert.deepEqual(
      report.differences.map(({ kind, commandId }) => [kind, commandId]),
      [
        ['failed', 'command-2'],
        ['failed', 'command-3'],
      ],
    );
  });

  test('bytes as base64', async (t) => {
    const { again } = await recorded(t, [fill(1)]);
    const { differences } = await again(deciding([{ type: 'Filled', data: new Uint8Array([1, 2]) }]));
    const [first] = differences;
    assert.ok(first?.kind === 'events' && first.would.kind === 'decided');
    assert.deepEqual(first.would.events[0]?.data, { base64: 'AQI=' });
  });
});

suite('Undecidable is', () => {
  test('a command that asks a gateway what was never answered, whatever it makes of that', async (t) => {
    const { store, asked } = await recorded(t, [exchange(3), fill(1)]);
    const other = { name: 'rates', ask: (): number => assert.fail('The world was asked') };
    for (const prepare of [
      preparing({ name: 'other-rates', ask: other.ask }),
      async (command: never, { ask }: Parameters<ReturnType<typeof preparing>>[1]) => ({
        command,
        rate: await ask(other, 'yet another question').catch(() => 1),
      }),
    ]) {
      const report = await redecide(store, wallet, { prepare: prepare as never, types: ['Exchange'] });
      assert.deepEqual([report.undecidableCount, report.decidedCount], [1, 0]);
      const [first] = report.differences;
      assert.match(first?.kind === 'undecidable' ? first.reason : '', /no recorded answer/);
    }
    assert.equal(asked.length, 1);
  });

  test('a command on a state that truncation, count or a tombstone hides; the others are decided', async (t) => {
    const steps = [fill(5, 'together'), fill(1), fill(1), pay(2), pay(1), pay(99)];
    const open = async () => {
      const store = await openNew(t, inMemory, { events: { Filled: { carriesState: true }, Paid: {} } });
      const gateway = ratesGateway();
      await recordSteps(store, steps, gateway);
      const again = async () => {
        const report = await redecide(store, walletCommands(wallet, gateway.rates));
        return [report.sameCount, report.differentCount, report.undecidableCount];
      };
      return { store, again };
    };
    const truncated = await open();
    assert.deepEqual(await truncated.again(), [6, 0, 0]);
    // The first event that is kept stands for all before it, as far as its type says.
    await truncated.store.truncate('wallet-1', { before: 3 });
    assert.deepEqual((await truncated.again()).at(-1), 3);
    await truncated.store.removeTruncated('wallet-1');
    assert.deepEqual((await truncated.again()).at(-1), 3);
    const counted = await open();
    await counted.store.setStreamSettings('wallet-1', { maxCount: 4 });
    assert.deepEqual(await counted.again(), [0, 0, 6]);
    await counted.store.setStreamSettings('wallet-1', { maxCount: 10 });
    assert.deepEqual(await counted.again(), [6, 0, 0]);
    const ended = await open();
    await ended.store.tombstone('wallet-1');
    assert.deepEqual(await ended.again(), [0, 0, 6]);
  });

  test('a command whose record the codec cannot read, or whose entity it cannot', async (t) => {
    const { rates } = ratesGateway();
    const store = await openNew(t, inMemory, { codec: hexadecimal });
    await recordSteps(store, [fill(5), pay(2), fill(1), pay(33, 'together')], { rates });
    const losing = (lost: string): Codec => ({
      encode: async (items) => await hexadecimal.encode(items),
      decode: async (items) => {
        const read = await hexadecimal.decode(items);
        if (read.some(({ data }) => data.includes(lost))) throw new Error('no key');
        return read;
      },
    });
    const under = async (lost: string) => {
      const reopened = new Store({ ...store.context, codec: losing(lost) });
      const { sameCount, differences } = await redecide(reopened, walletCommands(wallet, rates));
      return [sameCount, differences.map((each) => [each.kind, each.commandId, 'reason' in each && each.reason])];
    };
    assert.deepEqual(await under('"Pay","data":{"cents":2}'), [
      3,
      [['undecidable', 'command-2', 'Its record cannot be read: no key']],
    ]);
    assert.deepEqual(await under('"on":1'), [3, [['undecidable', 'command-2', 'Its record cannot be read: no key']]]);
    const [same, unread] = await under('{"cents":2}');
    assert.deepEqual([same, Array.isArray(unread) && unread.length], [1, 3]);
  });
});
