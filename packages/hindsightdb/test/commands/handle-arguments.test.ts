/** Wrong arguments of `handle` are refused by name, before anything is written. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { handle } from '../../src/commands/handle.ts';
import { assertRefused, callLoosely } from '../misuse.ts';
import { everythingIn, inMemory, openNew } from '../open-stores.ts';
import { account, deposit } from './accounts.ts';

suite('a wrong argument of handle is refused by name:', () => {
  const rows: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ['store', [undefined, account, 'account-1', deposit(1)], /^store/],
    ['store', [{}, account, 'account-1', deposit(1)], /^store/],
    ['decider', ['store', undefined, 'account-1', deposit(1)], /decider/],
    ['decide', ['store', { ...account, decide: 1 }, 'account-1', deposit(1)], /^decide/],
    ['evolve', ['store', { ...account, evolve: 1 }, 'account-1', deposit(1)], /^evolve/],
    ['snapshots', ['store', { ...account, snapshots: { every: -1 } }, 'account-1', deposit(1)], /^snapshots/],
    ['stream id', ['store', account, 5, deposit(1)], /stream id/],
    ['category', ['store', account, 'order-1', deposit(1)], /category "account"/],
    ['reserved id', ['store', { ...account, category: undefined }, '$account-1', deposit(1)], /stream id/],
    ['options', ['store', account, 'account-1', deposit(1), null], /^options/],
    ['key', ['store', account, 'account-1', deposit(1), { key: 5 }], /key/],
    ['keyRetentionMs', ['store', account, 'account-1', deposit(1), { key: 'k', keyRetentionMs: 0 }], /^keyRetentionMs/],
    ['metadata', ['store', account, 'account-1', deposit(1), { metadata: [] }], /^metadata/],
    ['expectedVersion', ['store', account, 'account-1', deposit(1), { expectedVersion: 'any' }], /^expectedVersion/],
    ['retries', ['store', account, 'account-1', deposit(1), { retries: -1 }], /^retries/],
    ['signal', ['store', account, 'account-1', deposit(1), { signal: {} }], /^signal/],
    [
      'a command that is to be known by a key but has no JSON form',
      ['store', account, 'account-1', 1n, { key: 'k' }],
      /key/,
    ],
  ];
  for (const [what, values, named] of rows) {
    test(`${what}: ${inspect(values.at(-1)).replaceAll('\n', '')}`, async (t) => {
      const store = await openNew(t, inMemory);
      const given = values.map((value) => (value === 'store' ? store : value));
      await assertRefused(() => callLoosely(handle, ...given), { what, named });
      assert.deepEqual(await everythingIn(store), []);
    });
  }
});

test('a decider that gives a promise is told that it may not', async (t) => {
  const store = await openNew(t, inMemory);
  const late = { ...account, decide: async () => account.decide(deposit(1), { balance: 0, notes: [] }) };
  await assert.rejects(handle(store, late as never, 'account-1', deposit(1)), {
    code: 'INVALID_ARGUMENT',
    message: /decide gave a promise/,
  });
  assert.deepEqual(await everythingIn(store), []);
});
