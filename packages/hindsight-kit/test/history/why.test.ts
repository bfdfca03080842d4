/** hindsight why. */

import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { commandType, defineCommands, execute } from 'hindsightdb/commands';
import { hindsight, objectOf, succeed } from '../hindsight-process.ts';
import { documentsFrom, linesOf, orderFolder } from './order-store.ts';

/** A family of events over several streams, and one that belongs to none. */
async function family(context: TestContext): Promise<string> {
  return await orderFolder(context, async (_, clock, store) => {
    const write = async (streamId: string, type: string, id: string, cause: string): Promise<void> => {
      clock.advanceMs(1000);
      await store.append(streamId, [
        { type, data: {}, id, metadata: { actor: 'ann', causationId: cause, correlationId: 'request-1' } },
      ]);
    };
    await write('order-1', 'OrderPlaced', 'e1', 'command-1');
    await write('payment-9', 'PaymentRequested', 'e2', 'e1');
    await write('mail-3', 'MailSent', 'e3', 'e1');
    await write('payment-9', 'PaymentReceived', 'e4', 'e2');
    await write('order-1', 'OrderPaid', 'e5', 'e4');
    await store.append('alone-1', [{ type: 'Said', data: {}, id: 'e6' }]);
  });
}

suite('why', () => {
  test('draws what led to an event and what followed from it, with the event marked', async (context) => {
    const folder = await family(context);
    const drawn = [
      '  command-1                                          no event of this log',
      '  └─ order-1@1             2026-03-01 09:00:01Z  ann  OrderPlaced',
      '     ├─ payment-9@1        2026-03-01 09:00:02Z  ann  PaymentRequested',
      '▶    │  └─ payment-9@2     2026-03-01 09:00:04Z  ann  PaymentReceived',
      '     │     └─ order-1@2    2026-03-01 09:00:05Z  ann  OrderPaid',
      '     └─ mail-3@1           2026-03-01 09:00:03Z  ann  MailSent',
    ];
    const plain = (lines: readonly string[]): string[] => lines.map((line) => line.replaceAll(/ {2,}(?=\S)/g, '  '));
    for (const event of ['payment-9@2', '4', 'position:4', 'e4', 'id:e4'])
      assert.deepEqual(plain(await linesOf(folder, ['why', event])), plain(drawn));
  });

  test('shows commands that are kept as what was wanted of whom', async (context) => {
    const folder = await orderFolder(context, async (_, clock, store) => {
      const account = {
        category: 'account',
        initialState: null,
        decide: () => ({ type: 'Deposited', data: null }),
        evolve: () => null,
      };
      clock.advanceMs(1000);
      await execute(store, defineCommands({ decider: account, types: { Deposit: commandType<null>() } }), {
        type: 'Deposit',
        streamId: 'account-1',
        data: null,
        id: 'd1',
        metadata: { actor: 'ada' },
      });
    });
    for (const event of ['account-1@1', 'd1']) {
      const lines = await linesOf(folder, ['why', event]);
      assert.deepEqual(
        lines.map((line) => line.replace('▶', ' ').replaceAll(/ {2,}(?=\S)/g, '  ')),
        [
          '  account-1  2026-03-01 09:00:01Z  ada  Deposit, command',
          '  └─ account-1@1  2026-03-01 09:00:01Z  ada  Deposited',
        ],
      );
      assert.equal(lines[event === 'd1' ? 0 : 1]?.startsWith('▶'), true);
    }
    const [found] = await documentsFrom(folder, ['why', 'account-1@1']);
    assert.deepEqual(found?.causes, ['d1']);
    assert.ok(Array.isArray(found.tree));
    assert.deepEqual(
      found.tree.map((node) => objectOf(node).command),
      [{ type: 'Deposit', streamId: 'account-1' }, null],
    );
  });

  test('gives machines the causes, and the tree with its depths', async (context) => {
    const folder = await family(context);
    const [found] = await documentsFrom(folder, ['why', 'payment-9@2']);
    assert.deepEqual([found?.causes, found?.eventCount, found?.isCutOff], [['e1', 'e2'], 5, false]);
    assert.ok(Array.isArray(found?.tree));
    assert.deepEqual(
      found.tree.map((node) => [objectOf(node).id, objectOf(node).depth, objectOf(node).causeId]),
      [
        ['command-1', 0, null],
        ['e1', 1, 'command-1'],
        ['e2', 2, 'e1'],
        ['e4', 3, 'e2'],
        ['e5', 4, 'e4'],
        ['e3', 2, 'e1'],
      ],
    );
  });

  test('says where nothing is known, and where there is more', async (context) => {
    const folder = await family(context);
    assert.match((await succeed(['why', 'e6'], { folder })).stderr, /Nothing in the log says what led to it/);
    assert.match((await succeed(['why', 'e1', '--limit', '2'], { folder })).stderr, /the first 2 events.*--limit 20/);
  });

  test('names the event that is not there', async (context) => {
    const folder = await family(context);
    for (const event of ['e99', 'order-1@9', 'nothing-1@1', '999']) {
      const { exitCode, stdout, stderr } = await hindsight(['why', event], { folder });
      assert.deepEqual([event, exitCode, stdout], [event, 1, '']);
      assert.match(stderr, /There is no event|has no event of version 9/);
    }
  });

  test('draws a chain of thousands', async (context) => {
    const length = 3000;
    const folder = await orderFolder(context, async (_, __, store) => {
      const events = Array.from({ length }, (___, index) => ({
        type: 'Passed',
        data: {},
        id: `c${index}`,
        metadata: index === 0 ? {} : { causationId: `c${index - 1}` },
      }));
      for (let at = 0; at < length; at += 500) await store.append('chain-1', events.slice(at, at + 500));
    });
    const lines = await linesOf(folder, ['why', `chain-1@${length}`]);
    assert.equal(lines.length, length);
    assert.match(lines.at(-1) ?? '', /^▶ \(2983\) .*chain-1@3000/);
  });
});
