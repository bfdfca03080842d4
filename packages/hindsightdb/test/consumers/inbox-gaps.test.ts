/** A message that is missing is waited for, and not for ever. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { openInbox, type InboxGap, type InboxOptions, type Received } from '../../src/consumers/index.ts';
import type { Store } from '../../src/store/store.ts';
import { inMemory, openAt, openNew, settableClock } from '../open-stores.ts';
import { encryptingCodec } from '../store/encrypting-codec.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { notedIn, noting } from './noting.ts';

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
