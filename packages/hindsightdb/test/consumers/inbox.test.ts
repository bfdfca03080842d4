/** Messages from elsewhere are taken once, however often they are delivered, and in the order of their source. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { openInbox, type InboxGap, type InboxMessage, type InboxOptions, type Received } from '../../src/consumers/index.ts';
import type { AppendRequest } from '../../src/store/append.ts';
import { openStore, storeOver } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { assertRefused, callLoosely, callMethod } from '../misuse.ts';
import { allStoreKinds, inFile, inMemory, openAt, openNew, settableClock } from '../open-stores.ts';
import { mortalEngine } from '../reactions/mortal-engine.ts';
import { encryptingCodec } from '../store/encrypting-codec.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** An append of one event that says which message it is of. */
function noting(streamId: string, data: unknown): AppendRequest {
  return { streams: [{ streamId, events: [{ type: 'Noted', data }] }] };
}

async function notedIn(store: Store): Promise<readonly unknown[]> {
  return (await store.readLog().toArray()).map(({ data }) => data);
}

async function keysIn(store: Store, prefix: string): Promise<readonly string[]> {
  return (await store.context.engine.keyedScan({ prefix, limit: 100_000 })).map(({ key }) => key);
}

for (const kind of allStoreKinds) {
  suite(`an inbox over ${kind.name}`, () => {
    test('takes a message once, and gives its first answer to every repetition', async (t) => {
      const store = await openNew(t, kind);
      const inbox = openInbox(store, { name: 'in' });
      const message = { source: 'bank', id: 'm1' };
      const request: AppendRequest = {
        streams: [
          { streamId: 'a-1', events: [{ type: 'Noted', data: 1 }, { type: 'Noted', data: 2 }] },
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
      for (const id of ['m1', 'm2', 'm1', 'm2']) kinds.push((await inbox.receive({ source: 'bank', id }, request)).kind);
      assert.deepEqual([kinds, asked], [['ignored', 'appended', 'duplicate', 'duplicate'], ['m1', 'm2']]);
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

suite('a number that does not come', () => {
  const open = (store: Store, gaps: InboxGap[], options: Partial<InboxOptions> = {}) =>
    openInbox(store, {
      name: 'in',
      order: 'sequence',
      gapMs: 60_000,
      onGap: (gap) => gaps.push(gap),
      ...options,
    });
  const deliver = async (inbox: ReturnType<typeof openInbox>, sequence: number, streamId = 'a-1'): Promise<Received> =>
    await inbox.receive({ source: 'bank', id: `m${sequence}`, sequence }, noting(streamId, sequence));

  test('is given up after a while, told, and taken when it comes after all', async (t) => {
    const clock = settableClock();
    const store = await openNew(t, inMemory, { now: clock.now });
    const gaps: InboxGap[] = [];
    await using inbox = open(store, gaps);
    await deliver(inbox, 4);
    clock.micros += 30_000_000;
    await deliver(inbox, 6);
    await inbox.letGo();
    assert.deepEqual([await notedIn(store), gaps], [[], []]);
    clock.micros += 31_000_000;
    await inbox.letGo();
    assert.deepEqual(gaps, [{ source: 'bank', key: '', missing: { from: 1, to: 3 } }]);
    assert.deepEqual(await notedIn(store), [4]);
    const late = await deliver(inbox, 2);
    assert.ok(late.kind === 'appended' && late.isLate === true);
    assert.equal((await deliver(inbox, 2)).kind, 'duplicate');
    assert.equal((await deliver(inbox, 5)).kind, 'appended');
    assert.deepEqual(await notedIn(store), [4, 2, 5, 6]);
  });

  test('is given up in the background', async (t) => {
    const store = await openNew(t, inMemory);
    const { promise, resolve } = Promise.withResolvers<InboxGap>();
    await using inbox = open(store, [], { gapMs: 20, onGap: resolve });
    await deliver(inbox, 2);
    assert.deepEqual((await promise).missing, { from: 1, to: 1 });
    while ((await notedIn(store)).length === 0) await new Promise((next) => setTimeout(next, 5));
    assert.deepEqual(await notedIn(store), [2]);
  });

  test('is given up at once when it is skipped', async (t) => {
    const store = await openNew(t, inMemory);
    const gaps: InboxGap[] = [];
    await using inbox = open(store, gaps);
    await deliver(inbox, 3);
    await inbox.skip({ source: 'bank' });
    assert.deepEqual([await notedIn(store), gaps.length], [[3], 1]);
  });

  test('holds a bounded number of messages, and refuses further ones', async (t) => {
    const store = await openNew(t, inMemory);
    await using inbox = open(store, [], { waitingMax: 2 });
    await deliver(inbox, 3);
    await deliver(inbox, 4);
    await assert.rejects(deliver(inbox, 5), {
      code: 'INBOX_FULL',
      details: { inbox: 'in', source: 'bank', key: '', missing: { from: 1, to: 2 } },
    });
    await deliver(inbox, 1);
    await deliver(inbox, 2);
    assert.equal((await deliver(inbox, 5)).kind, 'appended');
    assert.deepEqual(await notedIn(store), [1, 2, 3, 4, 5]);
  });

  test('leaves what waits to whoever opens the inbox next', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    const first = await openAt(t, path);
    const before = open(first, []);
    await deliver(before, 2);
    await before.close();
    await first.close();
    const second = await openAt(t, path);
    await using after = open(second, []);
    await deliver(after, 1);
    assert.deepEqual(await notedIn(second), [1, 2]);
  });

  test('whose append is refused says so, stays, and can be dropped', async (t) => {
    const store = await openNew(t, inMemory);
    const errors: unknown[] = [];
    await using inbox = open(store, [], { onError: (error) => errors.push(error) });
    await deliver(inbox, 2, 'gone-1');
    await deliver(inbox, 3);
    await store.tombstone('gone-1');
    assert.equal((await deliver(inbox, 1)).kind, 'appended');
    assert.match(String(errors[0]), /was ended/);
    await inbox.skip({ source: 'bank' });
    assert.deepEqual(
      (await store.readCategory('a').toArray()).map(({ data }) => data),
      [1, 3],
    );
  });

  test('keeps what waits through the codec', async (t) => {
    const { codec } = await encryptingCodec();
    const store = await openNew(t, inMemory, { codec });
    await using inbox = open(store, []);
    await inbox.receive({ source: 'bank', id: 'm2', sequence: 2 }, noting('a-1', 'Ada-Secret'));
    const entries = await store.context.engine.keyedScan({ prefix: 'inbox/', limit: 10 });
    assert.ok(entries.length > 0 && entries.every(({ value }) => !value.includes('Secret')));
    await deliver(inbox, 1);
    assert.deepEqual(await notedIn(store), [1, 'Ada-Secret']);
  });
});

suite('the memory of an inbox', () => {
  test('is one for all processes, also when they deliver at the same time', async (t) => {
    const path = join(await temporaryFolder(t), 'store.db');
    const stores = [await openAt(t, path), await openAt(t, path), await openAt(t, path)];
    const inboxes = stores.map((store) => openInbox(store, { name: 'in' }));
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    const answers = await Promise.all(
      ids.flatMap((id) =>
        inboxes.map(async (inbox) => await inbox.receive({ source: 'bank', id }, noting('a-1', id))),
      ),
    );
    assert.equal(answers.filter(({ kind }) => kind === 'appended').length, ids.length);
    assert.equal(answers.filter(({ kind }) => kind === 'duplicate').length, 2 * ids.length);
    const [store] = stores;
    assert.ok(store !== undefined);
    assert.deepEqual((await notedIn(store)).toSorted(), ids.toSorted());
    for (let index = 0; index < answers.length; index += 3) {
      const versions = answers.slice(index, index + 3).map((answer) => 'result' in answer && answer.result?.version);
      assert.equal(new Set(versions).size, 1);
    }
  });

  test('holds as many messages as it says, and forgets the oldest', async (t) => {
    const store = await openNew(t, inMemory);
    const idsMax = 200;
    const inboxes = [0, 1].map(() => openInbox(store, { name: 'in', remember: { idsMax } }));
    const kindOf = async (id: number): Promise<string> => {
      const inbox = inboxes[id % 2];
      return (await inbox?.receive({ source: 'bank', id: `m${id}` }, () => undefined))?.kind ?? '';
    };
    for (let id = 0; id < 1000; id += 1) await kindOf(id);
    const remembered = await keysIn(store, 'inbox/in/memory/');
    assert.ok(remembered.length >= idsMax && remembered.length <= idsMax + 128, `${remembered.length}`);
    assert.equal((await keysIn(store, 'inbox/in/lane/')).length, remembered.length);
    for (let id = 999; id >= 1000 - idsMax; id -= 1) assert.equal(await kindOf(id), 'duplicate', `m${id}`);
    assert.equal(await kindOf(0), 'ignored');
  });

  test('is kept for as long as it says', async (t) => {
    const clock = settableClock();
    const store = await openNew(t, inMemory, { now: clock.now });
    const inbox = openInbox(store, { name: 'in', remember: { forMs: 1000 } });
    const receive = async (id: string): Promise<string> =>
      (await inbox.receive({ source: 'bank', id }, () => undefined)).kind;
    for (let id = 0; id < 300; id += 1) await receive(`old${id}`);
    clock.micros += 999_000;
    assert.equal(await receive('old0'), 'duplicate');
    clock.micros += 2000;
    for (let id = 0; id < 64; id += 1) await receive(`new${id}`);
    assert.equal(await receive('old0'), 'ignored');
    assert.equal(await receive('new0'), 'duplicate');
  });

  test('does not lose count of messages that are refused', async (t) => {
    const store = await openNew(t, inMemory);
    const inbox = openInbox(store, { name: 'in', remember: { idsMax: 100 } });
    const bound = { streams: [{ streamId: 'a-1', events: [{ type: 'Noted', data: 1 }], expectedVersion: 9 }] };
    for (let id = 0; id < 100; id += 1) {
      await inbox.receive({ source: 'bank', id: `m${id}` }, () => undefined);
      await assert.rejects(inbox.receive({ source: 'bank', id: `refused${id}` }, bound));
    }
    assert.equal((await inbox.receive({ source: 'bank', id: 'm0' }, () => undefined)).kind, 'duplicate');
  });
});

/** A delivery of one of a few messages, by a process that may die at one of its writes. */
const delivery = fc.record({ message: fc.integer({ min: 1, max: 8 }), source: fc.constantFrom('bank', 'shop') });
const process = fc.record({
  deliveries: fc.array(delivery, { maxLength: 12 }),
  death: fc.option(fc.record({ atWrite: fc.integer({ min: 1, max: 8 }), isWritten: fc.boolean() }), { nil: undefined }),
  isAtOnce: fc.boolean(),
});

suite('an inbox under random duplicates, orders and crashes', () => {
  for (const order of ['arrival', 'sequence'] as const)
    test(`holds what the first arrivals say, in the order of ${order}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(process, { minLength: 1, maxLength: 4 }), async (processes) => {
          const disk = await openStore('memory:');
          const acknowledged = new Set<string>();
          const delivered = new Set<string>();
          for (const { deliveries, death, isAtOnce } of processes) {
            const mortal = mortalEngine(disk.context.engine, death);
            const inbox = openInbox(storeOver(mortal.engine), { name: 'in', order });
            const deliver = async ({ source, message }: { readonly source: string; readonly message: number }) => {
              const id = `${source}-${message}`;
              delivered.add(id);
              try {
                await inbox.receive({ source, id, sequence: message }, noting(`${source}-1`, id));
                acknowledged.add(id);
              } catch (error) {
                if (!mortal.isDead()) throw error;
              }
            };
            if (isAtOnce) await Promise.all(deliveries.map(deliver));
            else for (const each of deliveries) await deliver(each);
            await inbox.close();
          }
          // Whoever comes next finishes what was begun.
          await using last = openInbox(disk, { name: 'in', order });
          await last.letGo();
          for (const source of ['bank', 'shop']) {
            const noted = (await disk.readStream(`${source}-1`).toArray()).map(({ data }) => String(data));
            assert.equal(new Set(noted).size, noted.length, 'each once');
            assert.ok(noted.every((id) => delivered.has(id)));
            const taken = [...acknowledged].filter((id) => id.startsWith(source));
            if (order === 'arrival') assert.ok(taken.every((id) => noted.includes(id)), 'nothing acknowledged is lost');
            else {
              const prefix = Array.from({ length: noted.length }, (_, index) => `${source}-${index + 1}`);
              assert.deepEqual(noted, prefix, 'in order, without a gap');
              for (let number = 1; acknowledged.has(`${source}-${number}`); number += 1)
                assert.ok(noted.includes(`${source}-${number}`), 'what was acknowledged without a gap is there');
            }
          }
          for (const id of acknowledged) {
            const [source = '', number = ''] = id.split('-');
            const again = await last.receive({ source, id, sequence: Number(number) }, noting(`${source}-1`, id));
            assert.equal(again.kind, 'duplicate');
          }
          await disk.close();
        }),
        { numRuns: 100 },
      );
    });
});

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
      await assertRefused(async () => await callMethod(inbox, 'receive', message, given), { what: String(named), named });
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
