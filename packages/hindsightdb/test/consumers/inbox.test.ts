/** Messages from elsewhere are taken once, however often they are delivered, and in the order of their source. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openInbox, type InboxMessage, type Received } from '../../src/consumers/index.ts';
import type { AppendRequest } from '../../src/store/append.ts';
import { assertRefused, callLoosely, callMethod } from '../misuse.ts';
import { allStoreKinds, inFile, inMemory, openNew } from '../open-stores.ts';
import { keysIn, notedIn, noting } from './noting.ts';

for (const kind of allStoreKinds) {
  suite(`an inbox over ${kind.name}`, () => {
    test('takes a message once, and gives its first answer to every repetition', async (t) => {
      const store = await openNew(t, kind);
      const inbox = openInbox(store, { name: 'in' });
      const message = { source: 'bank', id: 'm1' };
      const request: AppendRequest = {
        streams: [
          {
            streamId: 'a-1',
            events: [
              { type: 'Noted', data: 1 },
              { type: 'Noted', data: 2 },
            ],
          },
          ...(kind.partitionCount > 1 ? [] : [{ streamId: 'b-1', events: [{ type: 'Noted', data: 3 }] }]),
        ],
      };
      await store.append('a-1', [{ type: 'Before', data: 0 }]);
      const first = await inbox.receive(message, request);
      await store.append('a-1', [{ type: 'Behind', data: 4 }]);
      const again = await inbox.receive(message, request);
      assert.ok(first.kind === 'appended' && again.kind === 'duplicate');
      assert.deepEqual(again.result, { ...first.result, isDuplicate: true });
      assert.deepEqual(await notedIn(store), kind.partitionCount > 1 ? [0, 1, 2, 4] : [0, 1, 2, 3, 4]);
    });

    test('names source and id in the metadata', async (t) => {
      const store = await openNew(t, kind);
      const inbox = openInbox(store, { name: 'in' });
      await inbox.receive({ source: 'bank', id: 'm1' }, { ...noting('a-1', 1), metadata: { actor: 'ada' } });
      const event = await store.readStream('a-1').first();
      assert.deepEqual(event?.metadata, { ...event?.metadata, source: 'bank', causationId: 'm1', actor: 'ada' });
    });

    test('tells sources and ids apart, whatever characters they have', async (t) => {
      const store = await openNew(t, kind);
      const inbox = openInbox(store, { name: 'in' });
      const names = ['a', 'a/b', 'b', '/', 'a%2Fb', '~', 'ä', ' '];
      for (const source of names)
        for (const id of names)
          assert.equal((await inbox.receive({ source, id }, noting('a-1', [source, id]))).kind, 'appended');
      for (const source of names)
        for (const id of names) assert.equal((await inbox.receive({ source, id }, noting('a-1', 0))).kind, 'duplicate');
      assert.equal((await store.streamInfo('a-1')).version, names.length ** 2);
    });

    test('asks a function for new messages only, and remembers those that lead to nothing', async (t) => {
      const store = await openNew(t, kind);
      const inbox = openInbox(store, { name: 'in' });
      const asked: string[] = [];
      const request = ({ id }: InboxMessage) => {
        asked.push(id);
        return id === 'm1' ? undefined : noting('a-1', id);
      };
      const kinds: string[] = [];
      for (const id of ['m1', 'm2', 'm1', 'm2'])
        kinds.push((await inbox.receive({ source: 'bank', id }, request)).kind);
      assert.deepEqual(
        [kinds, asked],
        [
          ['ignored', 'appended', 'duplicate', 'duplicate'],
          ['m1', 'm2'],
        ],
      );
    });

    test('remembers nothing of a message whose append is refused', async (t) => {
      const store = await openNew(t, kind);
      const inbox = openInbox(store, { name: 'in' });
      const message = { source: 'bank', id: 'm1' };
      const bound = { streams: [{ streamId: 'a-1', events: [{ type: 'Noted', data: 1 }], expectedVersion: 3 }] };
      await assert.rejects(inbox.receive(message, bound), { code: 'VERSION_CONFLICT' });
      assert.equal((await inbox.receive(message, noting('a-1', 1))).kind, 'appended');
    });

    test('waits for the number that is missing, and takes the messages in order when it comes', async (t) => {
      const store = await openNew(t, kind);
      await using inbox = openInbox(store, { name: 'in', order: 'sequence' });
      const deliver = async (sequence: number): Promise<Received> =>
        await inbox.receive({ source: 'bank', id: `m${sequence}`, sequence }, noting('a-1', sequence));
      assert.deepEqual(await deliver(3), { kind: 'waiting', missing: { from: 1, to: 2 } });
      assert.equal((await deliver(3)).kind, 'duplicate');
      assert.deepEqual(await deliver(2), { kind: 'waiting', missing: { from: 1, to: 1 } });
      assert.deepEqual(await notedIn(store), []);
      assert.equal((await deliver(1)).kind, 'appended');
      assert.deepEqual(await notedIn(store), [1, 2, 3]);
      const again = await deliver(3);
      assert.ok(again.kind === 'duplicate' && again.result?.version === 3);
      assert.deepEqual(await keysIn(store, 'inbox/in/waiting/'), []);
    });

    test('counts for each source and key by itself', async (t) => {
      const store = await openNew(t, kind);
      await using inbox = openInbox(store, { name: 'in', order: 'sequence', firstSequence: 0 });
      const kinds: string[] = [];
      for (const [source, key, sequence] of [
        ['bank', 'x', 0],
        ['bank', 'y', 1],
        ['bank', 'y', 0],
        ['shop', 'x', 1],
        ['bank', 'x', 1],
      ] as const) {
        const id = `${source}${key}${sequence}`;
        kinds.push((await inbox.receive({ source, id, key, sequence }, noting('a-1', id))).kind);
      }
      assert.deepEqual(kinds, ['appended', 'waiting', 'appended', 'waiting', 'appended']);
      assert.deepEqual(await notedIn(store), ['bankx0', 'banky0', 'banky1', 'bankx1']);
    });
  });
}

suite('an inbox refuses', () => {
  for (const [what, options, named] of [
    ['no options', undefined, /^options must be an object/],
    ['a name with a slash', { name: 'a/b' }, /^The name of an inbox/],
    ['an order that it does not know', { name: 'a', order: 'random' }, /^order must be/],
    ['a memory of no time', { name: 'a', remember: { forMs: 0 } }, /^remember\.forMs/],
    ['a memory of no messages', { name: 'a', remember: { idsMax: 0 } }, /^remember\.idsMax/],
    ['a gap of no time', { name: 'a', gapMs: 0 }, /^gapMs/],
    ['no waiting at all', { name: 'a', waitingMax: 0 }, /^waitingMax/],
    ['a listener that is no function', { name: 'a', onGap: 1 }, /^onGap must be a function/],
  ] as const) {
    test(what, async (t) => {
      const store = await openNew(t, inMemory);
      await assertRefused(() => callLoosely(openInbox, store, options), { what, named });
    });
  }

  test('messages without a source, an id or a number, and appends that it could not keep', async (t) => {
    const store = await openNew(t, inFile);
    await using inbox = openInbox(store, { name: 'in', order: 'sequence' });
    const good = { source: 'bank', id: 'm1', sequence: 1 };
    const request = noting('a-1', 1);
    for (const [message, given, named] of [
      [undefined, request, /^A message must be an object/],
      [{ ...good, source: '' }, request, /^source/],
      [{ ...good, id: 7 }, request, /^The id of a message/],
      [{ ...good, sequence: undefined }, request, /^sequence must be a whole number/],
      [{ ...good, sequence: 1.5 }, request, /^sequence must be a whole number/],
      [good, { ...request, key: 'k' }, /^An append of an inbox has no key/],
      [good, { ...request, condition: { failIfEventsMatch: [{ types: ['Noted'] }] } }, /^With order: sequence/],
      [good, 7, /^What a message leads to/],
      [good, { streams: [] }, /^An append needs an array/],
      [good, noting('$a', 1), /\$/],
    ] as const)
      await assertRefused(async () => await callMethod(inbox, 'receive', message, given), {
        what: String(named),
        named,
      });
    assert.deepEqual(await keysIn(store, 'inbox/'), []);
  });

  test('anything after it was closed', async (t) => {
    const store = await openNew(t, inMemory);
    const inbox = openInbox(store, { name: 'in' });
    await inbox.close();
    await inbox.close();
    await assert.rejects(inbox.receive({ source: 'bank', id: 'm1' }, noting('a-1', 1)), { code: 'CLOSED' });
  });
});
